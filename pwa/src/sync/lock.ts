/**
 * How long an enrolled tablet stays open without its service: a rule of time alone, with no clock of its own.
 * Twin of `waymark_sync/lock.py`; `sync/vectors/lock.json` holds both together.
 */

import { LOCK_GRACE_MS, LOCK_MS, LOCK_WARN_MS, LOCK_WIPE_MS, type ContactClock, type Lock, type LockState } from './protocol.generated.ts'

/**
 * How it stands now, by the device's clock, which nobody believes: set back it opens nothing.
 * `wordAt`: the service's time of a word that has just come, and was verified.
 */
export function lockAfter(before: ContactClock | null, { nowMs, wordAt }: { readonly nowMs: number; readonly wordAt?: number | null }): Lock {
  const clock = typeof wordAt === 'number' && (before === null || wordAt > before.at) ? { at: wordAt, heard: nowMs } : before
  if (clock === null) return { state: 'open', clock: null, left_ms: null }
  // A clock that stands before the last contact was set back, and may be right for it: then it shows what has gone by.
  const passed = Math.max(clock.passed ?? 0, nowMs - (nowMs >= clock.heard ? clock.heard : clock.at))
  const locked = clock.locked ?? (passed >= LOCK_MS ? passed : null)
  return { state: stateOf(passed, locked), clock: { at: clock.at, heard: clock.heard, passed, locked }, left_ms: Math.max(0, LOCK_MS - passed) }
}

function stateOf(passed: number, locked: number | null): LockState {
  if (locked === null) return passed >= LOCK_WARN_MS ? 'warned' : 'open'
  return passed >= LOCK_WIPE_MS && passed - locked >= LOCK_GRACE_MS ? 'wiped' : 'locked'
}
