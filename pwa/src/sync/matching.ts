/**
 * Which services to suggest: the same question over the same directory has the same answer everywhere. Pure
 * and made of integers; twin of `waymark_sync/matching.py`, both held by `vectors/matching.json`. What would
 * do harm is left out first; what is left is ordered; then a few that differ are chosen.
 */

import type { Query, Reason, Service, Suggestion } from './directory.ts'
import { clockOf, DAY, dayAndClockOf, isNight, type Local, london, type Opening, opening } from './opening.ts'

const SHOWN_MAX = 5 // more than five is a list to search, not a suggestion
const SHOWN_MIN = 3 // below this, what fits less well or was not checked may fill up
const ASSURED_DAYS_MAX = 365
const FRESH_DAYS = 73 // a fifth of the year that a check lasts
const WAITING_DAYS_LONG = 14
const CHILD_AGE = 18
const YOUTH_AGE_MAX = 25 // a service that ends here is for young people
const SCORE_MAX = 100
const WITHOUT_POLICE: readonly string[] = ['U1', 'A1', 'A2']
const TO_POLICE: readonly string[] = ['P1', 'P2', 'P3']
/** Only these bear a service that always tells the police: P3 keeps the name from them. */
const KNOWN_TO_POLICE: readonly string[] = ['P1', 'P2']

const WHOM = { sub_strand: 35, strand: 25, all_strands: 12, part_of_strand: 0 } as const
const WHERE = { local: 10, regional: 6, national: 3 } as const
const POINTS = { byAndFor: 8, language: 15, interpreter: 6, channel: 12, need: 10, open: 10, opensSoon: 5, longWait: -5, otherAges: -10 }

type Whom = { readonly code: keyof typeof WHOM; readonly value: string }
type Where = { readonly code: keyof typeof WHERE; readonly value: string }
type Fits = {
  readonly whom: Whom
  readonly where: Where
  readonly channel: string
  readonly spoken: Reason | null
  readonly hours: Opening | null
}

/** A service that may be suggested, with what decides its place. */
type Found = {
  readonly service: Service
  readonly fits: Fits
  readonly score: number
  readonly checked: boolean
  /** 0 in a crisis or for a child, 1 what fits, 2 part of a named strand. */
  readonly tier: number
  readonly closedAtNight: boolean
  /** By a way that the person asked for. */
  readonly reachable: boolean
}
type Kind = (each: Found) => boolean

/** At most five, best first. None in danger: the emergency call then stands alone. */
export function suggest(services: readonly Service[], query: Query, at: Date): readonly Suggestion[] {
  if (query.danger) return []
  const local = london(at)
  const said = ` ${plain(query.must_not_know)} `
  const ranked = services.flatMap((service) => find(service, query, local, said) ?? []).sort(inOrder)
  return placed(varied(enough(ranked, query), query), query).map((each) => told(each, query, local.minute))
}

function find(service: Service, query: Query, local: Local, said: string): Found | null {
  const whom = whomOf(service, query)
  if (whom === null) return null
  const where = whereOf(service, query)
  if (where === null || !harmless(service, query, local.day) || namedIn(service, said)) return null
  const hours = opening(service.hours, local.minute)
  const channel = query.channels.find((way) => service.channels.some((one) => one === way)) ?? ''
  const fits = { whom, where, channel, spoken: spoken(service, query), hours }
  return {
    service,
    fits,
    score: scoreOf(service, query, fits, local.day),
    checked: service.demo || service.verified,
    tier: tierOf(service, query, whom.code),
    closedAtNight: isNight(local.minute) && hours?.open !== true,
    reachable: channel !== '',
  }
}

/** Reasons are put together only for the few that are shown. */
function told({ service, fits, score, checked }: Found, query: Query, minute: number): Suggestion {
  const shown = checked ? service : { ...service, phone: null, url: '' }
  return { service: shown, score, reasons: reasonsFor(service, query, fits, minute) }
}

// What is left out

function harmless(service: Service, query: Query, today: number): boolean {
  return (
    service.status === 'active' &&
    !expired(service, today) &&
    ofAge(service, query) &&
    (service.shares_with_police !== 'always' || KNOWN_TO_POLICE.includes(query.sharing_choice)) &&
    (!service.reported_required || TO_POLICE.includes(query.sharing_choice))
  )
}

/** What was checked once and not since may be wrong in a way that looks right. */
function expired(service: Service, today: number): boolean {
  if (service.demo || !service.verified) return false
  return service.assured_on === null || ageDays(service.assured_on, today) > ASSURED_DAYS_MAX
}

function ageDays(assuredOn: string, today: number): number {
  return Math.max(0, today - Date.parse(`${assuredOn}T00:00:00Z`) / 86_400_000)
}

function ofAge({ min_age: least, max_age: most }: Service, { age_from: youngest, age_to: oldest }: Query): boolean {
  if (youngest !== null && youngest < CHILD_AGE && (least ?? 0) >= CHILD_AGE) return false
  const tooYoung = oldest !== null && least !== null && oldest < least
  const tooOld = youngest !== null && most !== null && youngest > most
  return !(tooYoung || tooOld)
}

function namedIn(service: Service, said: string): boolean {
  if (said.trim() === '') return false
  const names = [service.name.replaceAll('(demonstration)', ''), service.discreet_name].map(plain)
  return names.some((name) => name !== '' && said.includes(` ${name} `))
}

/** Words of ASCII letters in lower case and digits: other lower cases differ between languages. */
function plain(text: string): string {
  const lower = text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
  return lower.replace(/[^a-z0-9]+/g, ' ').trim()
}

// For whom and where

function whomOf(service: Service, query: Query): Whom | null {
  const sub = query.sub_strands.find((code) => service.sub_strands.includes(code))
  if (sub !== undefined) return { code: 'sub_strand', value: sub }
  const named = [...query.strands, ...query.sub_strands.map(strandOf)]
  const strand = named.find((each) => service.strands.includes(each))
  if (strand !== undefined) return { code: 'strand', value: strand }
  if (service.strands.length === 0 && service.sub_strands.length === 0) return { code: 'all_strands', value: '' }
  const part = named.find((each) => unspecified(each, query) && service.sub_strands.some((code) => strandOf(code) === each))
  return part === undefined ? null : { code: 'part_of_strand', value: part }
}

/** Named without saying which part of it. */
function unspecified(strand: string, query: Query): boolean {
  return !query.sub_strands.some((code) => strandOf(code) === strand && code !== `${strand}.unknown`)
}

function strandOf(subStrand: string): string {
  return subStrand.split('.', 1)[0] ?? ''
}

function whereOf({ national, coverage }: Service, query: Query): Where | null {
  if (!national) {
    const place = query.area_ids.findIndex((area) => coverage.includes(area))
    return place < 0 ? null : { code: place === 0 ? 'local' : 'regional', value: query.area_ids[place] ?? '' }
  }
  if (coverage.includes('uk')) return { code: 'national', value: 'uk' }
  if (query.nation === '') return { code: 'national', value: coverage.join(' ') }
  return coverage.includes(query.nation) ? { code: 'national', value: query.nation } : null
}

// Score and reasons

function scoreOf(service: Service, query: Query, fits: Fits, today: number): number {
  const points =
    WHOM[fits.whom.code] +
    WHERE[fits.where.code] +
    (byAndFor(service, fits) ? POINTS.byAndFor : 0) +
    (fits.spoken === null ? 0 : fits.spoken.code === 'language' ? POINTS.language : POINTS.interpreter) +
    (fits.channel === '' ? 0 : POINTS.channel) +
    (query.needs.some((need) => service.needs.includes(need)) ? POINTS.need : 0) +
    openPoints(fits.hours) +
    (service.assured_on === null ? 0 : Math.max(0, 5 - Math.floor(ageDays(service.assured_on, today) / FRESH_DAYS))) +
    (longWait(service) ? POINTS.longWait : 0) +
    (hasAges(service) && query.age_from === null ? POINTS.otherAges : 0)
  return Math.min(SCORE_MAX, Math.max(0, points))
}

function openPoints(hours: Opening | null): number {
  if (hours === null) return 0
  if (hours.open) return POINTS.open
  return hours.changeIn !== null && hours.changeIn <= DAY ? POINTS.opensSoon : 0
}

function byAndFor(service: Service, { whom }: Fits): boolean {
  return service.led_by_and_for && (whom.code === 'sub_strand' || whom.code === 'strand')
}

function longWait(service: Service): boolean {
  return (service.waiting_days ?? 0) > WAITING_DAYS_LONG
}

function hasAges(service: Service): boolean {
  return service.min_age !== null || service.max_age !== null
}

function reasonsFor(service: Service, query: Query, fits: Fits, minute: number): readonly Reason[] {
  const { whom, where, channel, hours } = fits
  const silent = WITHOUT_POLICE.includes(query.sharing_choice) && service.shares_with_police === 'never'
  const needs = query.needs.filter((need) => service.needs.includes(need))
  return [
    ...(service.demo || service.verified ? [] : [reason('unchecked')]),
    whom,
    ...(byAndFor(service, fits) ? [reason('by_and_for')] : []),
    ...(fits.spoken === null ? [] : [fits.spoken]),
    ...(channel === '' ? [] : [reason('channel', channel)]),
    ...needs.map((need) => reason('need', need)),
    where,
    ...(hours === null ? [] : [openReason(hours, minute)]),
    ...(hasAges(service) ? [reason('ages', `${service.min_age ?? ''}-${service.max_age ?? ''}`)] : []),
    ...(longWait(service) ? [reason('waiting', String(service.waiting_days))] : []),
    ...(silent ? [reason('never_tells_police')] : []),
  ]
}

function spoken(service: Service, query: Query): Reason | null {
  if (query.languages.length === 0) return null
  const speaks = (wanted: string) =>
    service.languages.some((each) => wanted === each || wanted.startsWith(`${each}-`) || each.startsWith(`${wanted}-`))
  const wanted = query.languages.find(speaks)
  if (wanted !== undefined) return reason('language', wanted)
  return service.interpreter ? reason('interpreter') : null
}

function openReason({ open, changeIn }: Opening, minute: number): Reason {
  if (changeIn === null) return reason('open_always')
  return open ? reason('open_until', clockOf(minute + changeIn)) : reason('opens', dayAndClockOf(minute + changeIn))
}

function reason(code: string, value = ''): Reason {
  return { code, value }
}

// Order and choice

function tierOf(service: Service, query: Query, whom: keyof typeof WHOM): number {
  if (query.self_harm && service.needs.includes('crisis')) return 0
  if (whom === 'part_of_strand') return 2
  const child = query.age_to !== null && query.age_to < CHILD_AGE
  const youth = service.max_age !== null && service.max_age <= YOUTH_AGE_MAX
  return child && youth && !query.self_harm ? 0 : 1
}

function inOrder(one: Found, other: Found): number {
  return groupOf(one) - groupOf(other) || other.score - one.score || byId(one.service.id, other.service.id)
}

/** Whatever the score, one group comes before the next. */
function groupOf({ tier, checked, closedAtNight }: Found): number {
  return tier * 4 + (checked ? 0 : 2) + (closedAtNight ? 1 : 0)
}

/** By code: what `localeCompare` says differs between phones. */
function byId(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** What fits and was checked; below three also parts of a strand, then what nobody checked. */
function enough(ranked: readonly Found[], query: Query): readonly Found[] {
  const crisis = ranked.filter((each) => each.tier === 0)
  const fits = ranked.filter((each) => each.checked && each.tier < 2)
  let pool = query.self_harm && !fits.some((each) => each.tier === 0) ? [...crisis, ...fits] : fits
  const parts = ranked.filter((each) => each.checked && each.tier === 2)
  const unchecked = ranked.filter((each) => !each.checked && each.tier < 2 && !pool.includes(each))
  for (const weaker of [parts, unchecked]) pool = [...pool, ...weaker.slice(0, Math.max(0, SHOWN_MIN - pool.length))]
  return pool
}

/** The best five, and among them one of each kind that the directory has. */
function varied(pool: readonly Found[], query: Query): readonly Found[] {
  let chosen = pool.slice(0, SHOWN_MAX)
  const spare = pool.slice(SHOWN_MAX)
  const met: Kind[] = []
  for (const kind of kinds(query)) {
    const best = spare.find(kind)
    if (best !== undefined && !chosen.some(kind)) {
      const out = spared(chosen, met)
      chosen = [...chosen.filter((each) => each !== out), best]
    }
    met.push(kind)
  }
  return pool.filter((each) => chosen.includes(each))
}

function kinds(query: Query): readonly Kind[] {
  return [
    ...(query.must_not_know === '' ? [] : [fromOutside]),
    (each) => each.service.national,
    (each) => !each.service.police_run,
    (each) => !each.service.community_run,
    (each) => each.service.channels.includes('text') || each.service.channels.includes('chat'),
  ]
}

/** The last that no kind depends on, and never the first. */
function spared(chosen: readonly Found[], met: readonly Kind[]): Found | undefined {
  const free = (each: Found) => met.every((kind) => !kind(each) || chosen.some((other) => other !== each && kind(other)))
  return chosen.slice(1).reverse().find(free) ?? chosen.at(-1)
}

/** Somebody who can be reached in the way that was asked for comes first; one from outside comes early. */
function placed(chosen: readonly Found[], query: Query): readonly Found[] {
  const first = chosen[0]
  if (first === undefined) return chosen
  const best = chosen.find((each) => groupOf(each) === groupOf(first) && each.reachable) ?? first
  const order = [best, ...chosen.filter((each) => each !== best)]
  const outside = order.findIndex(fromOutside)
  const early = query.must_not_know !== '' && outside > 2 ? order.splice(outside, 1) : []
  return [...order.slice(0, 2), ...early, ...order.slice(2)]
}

/** For everybody, not of one community, not of the police, and silent unless told otherwise. */
function fromOutside({ fits, service }: Found): boolean {
  const inside = service.community_run || service.police_run || service.shares_with_police === 'always'
  return fits.whom.code === 'all_strands' && !inside
}
