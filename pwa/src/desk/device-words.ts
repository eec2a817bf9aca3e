/** What is said of a tablet. */

import { LOCK_MS, LOCK_WIPE_MS } from '../sync/protocol.generated.ts'
import { isLost, standingOf, waitingMs } from './device-state.ts'
import type { EnrolledDevice, Gap } from './shapes.ts'
import { absolute, day, localDate, stretch } from './times.ts'
import { say, sayCount } from './words.ts'

const CLOCK_RIGHT_S = 120 // nobody is misled by less

export function waitsOn(device: EnrolledDevice, nowMs: number): string {
  if (device.queued === null) return say('devices.queued_unknown')
  const waits = waitingMs(device, nowMs)
  if (waits === null) return sayCount('devices.queued', device.queued)
  return sayCount('devices.waits_since', device.queued, { span: stretch(waits) })
}

/** Null where it has not said. */
export function clockOf({ clock_ahead_s: ahead }: EnrolledDevice): string | null {
  if (ahead === null) return null
  if (Math.abs(ahead) < CLOCK_RIGHT_S) return say('devices.clock_right')
  return say(ahead > 0 ? 'devices.clock_ahead' : 'devices.clock_behind', { span: stretch(Math.abs(ahead) * 1_000) })
}

/** The build, and its end where one is set. Null where it has not said. */
export function buildOf({ app_build: build, end_of_life: end }: EnrolledDevice): string | null {
  if (build === null || build === '') return null
  if (end?.level === 'hard_eol') return say('devices.build_over', { build, date: localDate(end.on) })
  return end?.level === 'soft_eol' ? say('devices.build_ending', { build, date: localDate(end.on) }) : build
}

/** When it locks itself, by what was last heard of it. Null where that is not known, or nobody waits for it any more. */
export function lockOf(device: EnrolledDevice, nowMs: number): string | null {
  const { last_seen_at: seen } = device
  if (seen === null || standingOf(device) !== 'in_service') return null
  const passed = nowMs - Date.parse(seen)
  const on = (ms: number) => ({ date: day(new Date(Date.parse(seen) + ms).toISOString()) })
  if (passed < LOCK_MS) return say('devices.locks_on', on(LOCK_MS))
  return passed < LOCK_WIPE_MS ? say('devices.locked_since', on(LOCK_MS)) : say('devices.locked_wiped', on(LOCK_WIPE_MS))
}

/** Null while it is in service. */
export function leavingOf(device: EnrolledDevice): string | null {
  const standing = standingOf(device)
  if (standing === 'in_service' || device.revoked_at === null) return null
  return say(`standing.${standing}`, { at: absolute(device.revoked_at) })
}

/** What a lost tablet may have held, and what came of it since. Null while it is in service. */
export function heldOf({ revoked_at, held_when_revoked: held, come_since_revoked: come }: EnrolledDevice): string | null {
  if (revoked_at === null) return null
  const told = held === null ? say('devices.held_unknown') : sayCount('devices.held', held)
  return `${told} ${say('devices.held_sealed')} ${sayCount('devices.held_come', come)}`
}

/** "3 reports made from 12 May 2026 to 14 May 2026 are presumed lost". */
export function gapWords(gap: Gap): string {
  return sayCount(isLost(gap) ? 'devices.gap_presumed_lost' : 'devices.gap_missing', gap.count, { span: spanOf(gap) })
}

function spanOf({ made_after, made_before }: Gap): string {
  const to = day(made_before)
  if (made_after === null) return say('devices.before', { to })
  const from = day(made_after)
  return from === to ? say('devices.on', { on: from }) : say('devices.between', { from, to })
}
