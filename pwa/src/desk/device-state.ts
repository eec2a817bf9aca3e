/** What a tablet's line on the board means: what needs a person, in which order, and whether it is in service. */

import type { EnrolledDevice, Gap } from './shapes.ts'

const HOUR_MS = 3_600_000
const SILENT_MS = 7 * 24 * HOUR_MS // a centre that opens once a week is not silent
const WAITING_MS = 3 * 24 * HOUR_MS // over a long weekend nobody switches a tablet on
const CLOCK_S = 300 // seconds: reports are found by their own times, a few minutes do no harm

/** Worst first: this is the order of the board, and of the steps on a tablet's page. */
export const CONCERNS = [
  'copied',
  'lost',
  'waiting_long',
  'build_over',
  'missing',
  'leaving',
  'silent',
  'may_go',
  'build_ending',
  'clock',
] as const
export type Concern = (typeof CONCERNS)[number]

/**
 * `not_told`: ordered out of service, and not heard of since. `leaving`: heard of since, and it holds reports still.
 * `out`: it holds none.
 */
export type Standing = 'in_service' | 'not_told' | 'leaving' | 'out'

export function standingOf({ revoked_at, last_seen_at, order_told_at, queued }: EnrolledDevice): Standing {
  if (revoked_at === null) return 'in_service'
  const sentSince = last_seen_at !== null && Date.parse(last_seen_at) > Date.parse(revoked_at)
  if (!sentSince && order_told_at === null) return 'not_told'
  return (queued ?? 0) === 0 ? 'out' : 'leaving'
}

/** What asks for a person, worst first. Give it the server's time. */
export function concernsOf(device: EnrolledDevice, nowMs: number): readonly Concern[] {
  return CONCERNS.filter((concern) => HOLDS[concern](device, nowMs))
}

const inService = (device: EnrolledDevice) => standingOf(device) === 'in_service'
const holdsSome = (device: EnrolledDevice) => (device.queued ?? 0) > 0
const unexplained = (device: EnrolledDevice, lost: boolean) =>
  device.gaps.some((gap) => gap.explained === null && isLost(gap) === lost)

const HOLDS: Readonly<Record<Concern, (device: EnrolledDevice, nowMs: number) => boolean>> = {
  copied: (device) => inService(device) && device.keys_doubted_at !== null,
  lost: (device) => unexplained(device, true),
  waiting_long: (device, nowMs) => (waitingMs(device, nowMs) ?? 0) >= WAITING_MS,
  build_over: (device) => inService(device) && device.end_of_life?.level === 'hard_eol',
  missing: (device) => unexplained(device, false),
  leaving: (device) => standingOf(device) === 'leaving' || standingOf(device) === 'not_told',
  silent: (device, nowMs) => inService(device) && nowMs - lastSignMs(device) >= SILENT_MS,
  may_go: (device) => device.storage === 'may_go' && holdsSome(device),
  build_ending: (device) => inService(device) && device.end_of_life?.level === 'soft_eol',
  clock: (device) => inService(device) && Math.abs(device.clock_ahead_s ?? 0) >= CLOCK_S,
}

const lastSignMs = ({ last_seen_at, enrolled_at }: EnrolledDevice) => Date.parse(last_seen_at ?? enrolled_at)

/** How long the oldest has waited by now: it goes on waiting while nobody hears of it. Null: none waits. */
export function waitingMs(device: EnrolledDevice, nowMs: number): number | null {
  if (!holdsSome(device) || device.last_seen_at === null) return null
  return (device.oldest_age_s ?? 0) * 1_000 + Math.max(0, nowMs - Date.parse(device.last_seen_at))
}

/** A state that a newer server adds is not yet a loss. */
export const isLost = (gap: Gap): boolean => gap.state === 'presumed_lost'

/** What needs a person first; then the fullest, then by name. Those that are out of service stand last. */
export function byNeed(devices: readonly EnrolledDevice[], nowMs: number): readonly EnrolledDevice[] {
  const ranked = devices.map((device) => ({ device, rank: rankOf(device, nowMs) }))
  ranked.sort(
    (a, b) =>
      a.rank - b.rank ||
      (b.device.queued ?? 0) - (a.device.queued ?? 0) ||
      a.device.label.localeCompare(b.device.label, 'en') ||
      a.device.id.localeCompare(b.device.id),
  )
  return ranked.map(({ device }) => device)
}

function rankOf(device: EnrolledDevice, nowMs: number): number {
  const [worst] = concernsOf(device, nowMs)
  if (worst !== undefined) return CONCERNS.indexOf(worst)
  return CONCERNS.length + (inService(device) ? 0 : 1)
}
