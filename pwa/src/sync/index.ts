/**
 * The one door between the screens and the outbox. It is small, so that it can be part of the first load;
 * sealing, SQLite and the wire are loaded when they are first needed.
 */

import type { ReadonlySignal } from '@preact/signals'
import { cardsNow, deviceNow, statusNow } from './status.ts'
import type {
  Centre,
  DeviceIdentity,
  DraftBody,
  OutboxCard,
  ReceivingCentre,
  SavedReport,
  SuggestionQuery,
  ServiceSuggestion,
  SyncStatus,
} from './types.ts'

export { EnrolFailed, SaveFailed } from './types.ts'
export type * from './types.ts'

/** Newest first. */
export const cards: ReadonlySignal<readonly OutboxCard[]> = cardsNow
export const status: ReadonlySignal<SyncStatus> = statusNow
/** null until `start()` has looked. */
export const device: ReadonlySignal<DeviceIdentity | null> = deviceNow

const engine = () => import('./engine.ts')

/** Call once, after first paint. Registers the service worker, reads the stores, sends what waits. */
export async function start(): Promise<void> {
  await (await engine()).start()
}

/** Start the SQLite worker before it is needed: about a second on a cheap phone. */
export function warm(): void {
  void engine().then((it) => it.warm())
}

/** Seal once, keep twice, read both back. Raises SaveFailed; the answers then stay with the caller. */
export async function finish(draft: DraftBody): Promise<SavedReport> {
  return (await engine()).finish(draft)
}

/** The reporter's own button: resets every delay. */
export async function sendNow(): Promise<void> {
  await (await engine()).sendNow()
}

/** A file of everything sealed that is still on the device; it is unreadable to who carries it. */
export async function exportQueue(): Promise<Blob> {
  return (await engine()).exportQueue()
}

/** Make this device one of a centre's. Raises EnrolFailed. */
export async function enrol(code: string): Promise<{ centreName: string }> {
  return (await engine()).enrol(code)
}

/** Three to five services, best first, from the directory on the device. */
export async function suggestServices(query: SuggestionQuery): Promise<readonly ServiceSuggestion[]> {
  return (await engine()).suggestServices(query)
}

/** Version of the directory on the device, recorded with what was shown. */
export async function directoryVersion(): Promise<string> {
  return (await engine()).directoryVersion()
}

export async function centres(): Promise<readonly Centre[]> {
  return (await engine()).centres()
}

export async function receivingCentre(postcode: string | null): Promise<ReceivingCentre> {
  return (await engine()).receivingCentre(postcode)
}

/** Leaving: forget keys and feed of what has its receipt. Never an unsent report, nor its keys. */
export async function wipe(): Promise<void> {
  await (await engine()).wipe()
}

/** Take the waiting version and reload. Only from a screen that holds no answers. */
export async function applyUpdate(): Promise<void> {
  await (await engine()).applyUpdate()
}
