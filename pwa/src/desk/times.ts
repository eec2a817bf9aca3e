/** Times as the desk reads them: UK local time, written out, the age beside it. */

import { say, sayCount } from './words.ts'

const ZONE = 'Europe/London'
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: ZONE })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit', hour12: true, timeZone: ZONE })
const PLAIN_DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

/** "16 June 2026 at 8:06am". */
export function absolute(at: string): string {
  const date = new Date(at)
  return say('time.at', { date: DATE.format(date), clock: clock(date.getTime()) })
}

/** "16 June 2026", of the moment, in the UK. */
export function day(at: string): string {
  return DATE.format(new Date(at))
}

/** "8:06am". */
export function clock(ms: number): string {
  return CLOCK.format(new Date(ms)).replace(/\s/g, '').toLowerCase()
}

/** "16 June 2026" for a local date `YYYY-MM-DD`: a date has no zone and no clock. */
export function localDate(on: string): string {
  return PLAIN_DATE.format(new Date(`${on}T00:00:00Z`))
}

/** "12 minutes ago". Give it the server's time, not the desk's. */
export function age(fromMs: number, nowMs: number): string {
  const minutes = Math.floor(Math.max(0, nowMs - fromMs) / 60_000)
  if (minutes < 1) return say('time.now')
  if (minutes < 60) return sayCount('time.minutes', minutes)
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? sayCount('time.hours', hours) : sayCount('time.days', Math.floor(hours / 24))
}

/** What is left of a code's life, rounded to whole minutes, at least one: "15 minutes". */
export function remaining(untilMs: number, nowMs: number): string | null {
  const left = untilMs - nowMs
  return left > 0 ? sayCount('time.left', Math.max(1, Math.round(left / 60_000))) : null
}

/** How long something is late: "3 hours", "2 days". */
export function duration(ms: number): string {
  const hours = Math.max(1, Math.floor(ms / 3_600_000))
  return hours < 48 ? sayCount('time.span_hours', hours) : sayCount('time.span_days', Math.floor(hours / 24))
}

/** A stretch of time in its largest fitting unit: "5 minutes", "3 hours", "2 days". At least a minute. */
export function stretch(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  return minutes < 60 ? sayCount('time.left', minutes) : duration(ms)
}
