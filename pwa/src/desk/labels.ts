/** Words for the codes of a report: the reporter's own catalogue where it has them, so both read the same. */

import { tCode } from '../i18n/index.ts'
import type { When } from './shapes.ts'
import type { AnswerName } from './report-shape.ts'
import { localDate } from './times.ts'
import { isWordKey, say, sayCode } from './words.ts'
import type { WordKey } from './words.ts'

export const strandLabel = (code: string): string => tCode('strand', code)
export const subStrandLabel = (code: string): string => tCode('sub', code)
export const eventLabel = (code: string): string => tCode('event_type', code)
export const placeLabel = (code: string): string => tCode('place', code)
export const needLabel = (code: string): string => tCode('need', code)
export const languageLabel = (code: string): string => tCode('language', code)
export const roleLabel = (code: string): string => sayCode('reporter', code)

/** The server's `code: place`. The place names a part of the form, never an answer. */
export function reasonLabel(reason: string): string {
  const [code = '', place] = reason.split(': ', 2)
  return place === undefined ? sayCode('reason', code) : say('reason.at', { what: sayCode('reason', code), place })
}

/** What the custodian can do about it. */
export function nextLabel(reason: string): string {
  const key = `quarantine_next.${reason.split(': ', 1)[0] ?? ''}`
  return say(isWordKey(key) ? key : 'quarantine_next.other')
}

/** Why a service is suggested. A reason that a newer directory gives has no words here. */
export function whyLines(codes: readonly string[]): readonly string[] {
  return codes.map((code) => `why.${code}`).filter(isWordKey).map((key) => say(key))
}

/** Several codes may stand in one note. */
export const noteLines = (note: string): readonly string[] =>
  note.split(' ').filter((code) => code !== '').map((code) => sayCode('note', code))

/** Where it happened is one answer of three lines. */
export type LabelledAnswer =
  | Exclude<AnswerName, 'narrative_original' | 'safe_contact' | 'where'>
  | 'place_type'
  | 'postcode'
  | 'place_text'
export const answerLabel = (name: LabelledAnswer): string => say(`answer.${name}` satisfies WordKey)

export function areaLabel(area: string | null): string {
  return area === null || area === 'unknown' ? say('queue.area_unknown') : sayCode('area', area)
}

const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })

/** Nothing finer than was said. The reporter's own words follow as they are. */
export function whenLines(when: When): readonly string[] {
  const words = when.text === '' ? [] : [say('when.own_words', { text: when.text })]
  return [span(when), ...words]
}

function span({ start, end, precision }: When): string {
  if (precision === 'ongoing') return start ? say('when.ongoing_since', { start: localDate(start) }) : say('when.ongoing')
  if (start === null) return say('when.dont_know')
  if (precision === 'week') return say('when.week', { start: localDate(start) })
  if (precision === 'month') return say('when.month', { start: MONTH.format(new Date(`${start}T00:00:00Z`)) })
  if (end !== null && end !== start) return say('when.range', { start: localDate(start), end: localDate(end) })
  return say('when.exact', { start: localDate(start) })
}
