/**
 * Which services to suggest, decided from rows of the directory file and nothing else. The same question
 * has the same answer on every device: what a person was shown can be found out later.
 */

import type { ServiceSuggestion, SuggestionQuery, SuggestionReason } from './types.ts'

export const SUGGESTIONS_MAX = 5 // more than five is a list to search, not a suggestion
const TIME_ZONE = 'Europe/London' // the services' own, wherever the phone believes to be

/** Days as ISO numbers them: 1 is Monday. `closes` before `opens` runs past midnight. */
export type Hours = { readonly days: readonly number[]; readonly opens: string; readonly closes: string }

export type Service = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly national: boolean
  readonly demo: boolean
  readonly verified: boolean
  readonly phone: string | null
  readonly hours: readonly Hours[]
  /** Areas of a local service. */
  readonly areas: readonly string[]
  /** None means: for everybody. */
  readonly strands: readonly string[]
  readonly subStrands: readonly string[]
  readonly sort: number
}

/** `areaIds`: what the postcode is in, narrow or wide; none when it is unknown. */
export function suggest(
  services: readonly Service[],
  query: SuggestionQuery,
  areaIds: readonly string[],
): readonly ServiceSuggestion[] {
  const clock = ukClock(query.now)
  return services
    .map((service) => ({ service, why: reasons(service, query, areaIds), open: openAt(service.hours, clock) }))
    .filter(({ why }) => why.length > 0)
    .sort((a, b) => rank(a.why) - rank(b.why) || a.service.sort - b.service.sort || compare(a.service.id, b.service.id))
    .slice(0, SUGGESTIONS_MAX)
    .map(({ service, why, open }) => ({
      id: service.id,
      name: service.name,
      description: service.description,
      phone: service.phone,
      demo: service.demo,
      verified: service.verified,
      openNow: open,
      today: todaysHours(service.hours, clock),
      why: open ? [...why, 'open_now'] : why,
    }))
}

/** Whom it is for, then where; empty when it is not for this report at all. */
function reasons(service: Service, query: SuggestionQuery, areaIds: readonly string[]): readonly SuggestionReason[] {
  const local = !service.national && service.areas.some((area) => areaIds.includes(area))
  const where: SuggestionReason | null = local ? 'local' : service.national ? 'national' : null
  const whom = match(service, query)
  return where === null || whom === null ? [] : [whom, where]
}

function match(service: Service, query: SuggestionQuery): SuggestionReason | null {
  if (service.subStrands.some((code) => query.subStrands.includes(code))) return 'sub_strand'
  if (service.strands.some((code) => query.strands.includes(code))) return 'strand'
  if (unspecified(query).some((strand) => service.subStrands.some((code) => code.startsWith(`${strand}.`)))) return 'strand'
  return service.strands.length === 0 && service.subStrands.length === 0 ? 'all_strands' : null
}

/** Strands that were named without saying more: any part of them may be meant. */
function unspecified(query: SuggestionQuery): readonly string[] {
  return query.strands.filter((strand) => !query.subStrands.some((code) => code.startsWith(`${strand}.`)))
}

/** Made for these people before made for all; near before far; the closest match first. */
function rank(why: readonly SuggestionReason[]): number {
  const general = why.includes('all_strands') ? 4 : 0
  const far = why.includes('local') ? 0 : 2
  return general + far + (why.includes('sub_strand') ? 0 : 1)
}

type Clock = { readonly day: number; readonly minutes: number }

export function ukClock(now: Date): Clock {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: TIME_ZONE,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now)
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? ''
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) + 1
  return { day, minutes: Number(part('hour')) * 60 + Number(part('minute')) }
}

export function openAt(hours: readonly Hours[], clock: Clock): boolean {
  const yesterday = clock.day === 1 ? 7 : clock.day - 1
  return hours.some(({ days, opens, closes }) => {
    const [from, to] = [minutesOf(opens), minutesOf(closes)]
    const overnight = to <= from
    const today = days.includes(clock.day) && clock.minutes >= from && (overnight || clock.minutes < to)
    return today || (overnight && days.includes(yesterday) && clock.minutes < to)
  })
}

function todaysHours(hours: readonly Hours[], clock: Clock): ServiceSuggestion['today'] {
  const today = hours.find(({ days }) => days.includes(clock.day))
  return today === undefined ? null : { opens: today.opens, closes: today.closes }
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** By code point: what `localeCompare` says differs between phones. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

const POSTCODE = /^([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})?$/

/** `QX1` of `qx1 2ab` or of `QX1`; null for what is no UK postcode. The service decides likewise. */
export function outwardOf(postcode: string | null): string | null {
  return POSTCODE.exec((postcode ?? '').trim().toUpperCase())?.[1] ?? null
}
