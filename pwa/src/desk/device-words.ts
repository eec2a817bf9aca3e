/** What is said of a tablet, and which one a person should look at first. Pure. */

import type { EnrolledDevice, Gap } from './shapes.ts'
import { duration, localDate } from './times.ts'
import { say, sayCount } from './words.ts'

const CLOCK_RIGHT_S = 120 // nobody is misled by less
const SILENT_MS = 7 * 86_400_000

/** Smaller comes first: a hole nobody has looked into, then what waits, then who is silent. */
export function urgency(device: EnrolledDevice, nowMs: number): number {
  if (device.gaps.some((gap) => gap.explained === null)) return 0
  if (device.revoked_at !== null) return 4
  if ((device.queued ?? 0) > 0) return 1
  const seenMs = Date.parse(device.last_seen_at ?? device.enrolled_at)
  return nowMs - seenMs > SILENT_MS ? 2 : 3
}

/** Of equals, who was heard of longest ago. */
export function inOrder(devices: readonly EnrolledDevice[], nowMs: number): readonly EnrolledDevice[] {
  const heard = (device: EnrolledDevice) => Date.parse(device.last_seen_at ?? device.enrolled_at)
  return [...devices].sort((a, b) => urgency(a, nowMs) - urgency(b, nowMs) || heard(a) - heard(b))
}

export function waitsOn({ queued, oldest_age_s }: EnrolledDevice): string {
  if (queued === null) return say('devices.queued_unknown')
  const count = sayCount('devices.queued', queued)
  if (queued === 0 || oldest_age_s === null) return count
  return `${count}, ${say('devices.waits_since', { span: duration(oldest_age_s * 1_000) })}`
}

/** Null where it has not said. */
export function clockOf({ clock_ahead_s: ahead }: EnrolledDevice): string | null {
  if (ahead === null) return null
  if (Math.abs(ahead) < CLOCK_RIGHT_S) return say('devices.clock_right')
  const span = Math.abs(ahead) < 3_600 ? sayCount('time.left', Math.round(Math.abs(ahead) / 60)) : duration(Math.abs(ahead) * 1_000)
  return say(ahead > 0 ? 'devices.clock_ahead' : 'devices.clock_behind', { span })
}

/** "3 reports made from 12 May 2026 to 14 May 2026 are presumed lost". */
export function gapWords(gap: Gap): string {
  const stem = gap.state === 'presumed_lost' ? 'devices.gap_presumed_lost' : 'devices.gap_missing'
  return sayCount(stem, gap.count, { span: spanOf(gap) })
}

function spanOf({ made_after, made_before }: Gap): string {
  const to = day(made_before)
  if (made_after === null) return say('devices.before', { to })
  const from = day(made_after)
  return from === to ? say('devices.on', { on: from }) : say('devices.between', { from, to })
}

const day = (at: string): string => localDate(at.slice(0, 10))
