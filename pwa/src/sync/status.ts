/**
 * What the screens may know of the outbox. Values here are functions of the stores: they are set by
 * re-reading after a change, never by hand. This module stays small, as it is loaded before first paint.
 */

import { signal } from '@preact/signals'
import type { DeviceIdentity, KnockState, OutboxCard, SaidMore, SyncStatus } from './types.ts'

export const cardsNow = signal<readonly OutboxCard[]>([])
/** Messages of the reporter that this device still holds, sent or not. */
export const saidNow = signal<readonly SaidMore[]>([])
/** Until it was read, nothing is offered. */
export const knocksNow = signal<KnockState>('unsupported')
export const deviceNow = signal<DeviceIdentity | null>(null)
export const statusNow = signal<SyncStatus>({
  phase: 'idle',
  lastSuccessAt: null,
  durable: null,
  opfs: null,
  offlineReady: false,
  updateReady: false,
  queued: 0,
  storageFault: null,
  endOfLife: null,
})

export function note(change: Partial<SyncStatus>): void {
  statusNow.value = { ...statusNow.value, ...change }
}
