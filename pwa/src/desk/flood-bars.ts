/** A small picture of a flood: one bar for each hour, or for as many hours together as keep the bars few. */

import type { Flood } from './shapes.ts'

export const BARS_MAX = 48
const HOUR_MS = 3_600_000

export type Bars = {
  readonly hoursEach: number
  readonly counts: readonly number[]
  readonly most: number
}

/** From the first hour that has any to the last, those without any included. */
export function barsOf(hours: Flood['hours']): Bars {
  const counted = hours.map(({ at, count }) => ({ hour: Date.parse(`${at}:00:00Z`) / HOUR_MS, count }))
  const known = counted.filter(({ hour }) => Number.isSafeInteger(hour))
  if (known.length === 0) return { hoursEach: 1, counts: [], most: 0 }
  const first = Math.min(...known.map(({ hour }) => hour))
  const span = Math.max(...known.map(({ hour }) => hour)) - first + 1
  const hoursEach = Math.ceil(span / BARS_MAX)
  const counts = Array.from({ length: Math.ceil(span / hoursEach) }, () => 0)
  for (const { hour, count } of known) {
    const place = Math.floor((hour - first) / hoursEach)
    counts[place] = (counts[place] ?? 0) + count
  }
  return { hoursEach, counts, most: Math.max(...counts) }
}
