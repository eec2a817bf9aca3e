/** Why a pass begins, and what that means to the core. */

import { pauseLeft } from './core.ts'
import type { Wake as CoreWake } from './core-parts.ts'
import { setting } from './parcels.ts'

export type Wake = 'start' | 'online' | 'visible' | 'finish' | 'timer' | 'user' | 'other_tab'

/** A sign that somebody, or the network, is back sets waiting times aside, but never what the service asked for. */
export async function coreWake(reason: Wake): Promise<CoreWake> {
  if (reason === 'user') return 'asked'
  if (reason === 'timer') return 'timer'
  const pausing = pauseLeft((await setting<number>('not_before')) ?? 0, Date.now()) > 0
  return pausing ? (reason === 'finish' || reason === 'other_tab' ? 'sealed' : reason) : 'asked'
}
