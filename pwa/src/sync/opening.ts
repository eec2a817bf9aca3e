/**
 * When a service is open, in British local time, from a UTC time: twin of `waymark_sync/opening.py`. The
 * week is counted in minutes from Monday 00:00. Bank holidays are not known here: the screens say so.
 */

import type { Hours } from './directory.ts'

export const DAY = 1_440
const WEEK = 7 * DAY
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const NIGHT_FROM = 22 * 60
const NIGHT_TO = 7 * 60
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const THURSDAY = 3 // 1 January 1970, counted from Monday

/** `changeIn` minutes until it closes, or opens; null when it never does. */
export type Opening = { readonly open: boolean; readonly changeIn: number | null }
/** `day` since 1970, and `minute` of the week. */
export type Local = { readonly day: number; readonly minute: number }
type Interval = readonly [start: number, length: number]

/** The services' time, wherever the phone believes to be. By the rule and not by the phone's table of zones. */
export function london(at: Date): Local {
  const utc = at.getTime()
  const year = at.getUTCFullYear()
  const local = changeOf(year, 2) <= utc && utc < changeOf(year, 9) ? utc + HOUR_MS : utc
  const day = Math.floor(local / DAY_MS)
  return { day, minute: ((day + THURSDAY) % 7) * DAY + Math.floor((local - day * DAY_MS) / MINUTE_MS) }
}

/** The last Sunday of March or October, 01:00 UTC. */
function changeOf(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 31))
  return Date.UTC(year, month, 31 - last.getUTCDay(), 1)
}

export function isNight(minute: number): boolean {
  const clock = minute % DAY
  return clock >= NIGHT_FROM || clock < NIGHT_TO
}

/** null when no hours are known. */
export function opening(hours: readonly Hours[], minute: number): Opening | null {
  const week = hours.flatMap(intervals)
  if (week.length === 0) return null
  if (covering(week, minute) === 0) return { open: false, changeIn: Math.min(...week.map(([start]) => modulo(start - minute))) }
  let passed = 0
  while (passed < WEEK) {
    const more = covering(week, modulo(minute + passed))
    if (more === 0) break
    passed += more
  }
  return { open: true, changeIn: passed >= WEEK ? null : passed }
}

/** `17:00` */
export function clockOf(minute: number): string {
  const clock = minute % DAY
  return `${two(Math.floor(clock / 60))}:${two(clock % 60)}`
}

/** `mon 09:00` */
export function dayAndClockOf(minute: number): string {
  return `${DAYS[Math.floor((minute % WEEK) / DAY)] ?? ''} ${clockOf(minute)}`
}

/** Minutes that the longest interval over this minute still lasts; 0 when none is over it. */
function covering(week: readonly Interval[], minute: number): number {
  let left = 0
  for (const [start, length] of week) {
    const since = modulo(minute - start)
    if (since < length) left = Math.max(left, length - since)
  }
  return left
}

function intervals({ days, opens, closes }: Hours): readonly Interval[] {
  const [from, to] = [minutesOf(opens), minutesOf(closes)]
  const length = to > from ? to - from : to - from + DAY
  return days.map((day): Interval => [(day - 1) * DAY + from, length])
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function modulo(minutes: number): number {
  return ((minutes % WEEK) + WEEK) % WEEK
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
