/** Words for the codes of a report: the reporter's own catalogue where it has them, so both read the same. */

import type { When } from './shapes.ts'
import { localDate } from './times.ts'
import { readable, say, sayCode } from './words.ts'
import type { WordKey } from './words.ts'
import type { AnswerName } from './report-shape.ts'

export const strandLabel = (code: string): string => readable(code)
export const subStrandLabel = (code: string): string => readable(code)
export const eventLabel = (code: string): string => readable(code)
export const placeLabel = (code: string): string => readable(code)
export const roleLabel = (code: string): string => readable(code)

export type LabelledAnswer = Exclude<AnswerName, 'narrative_original' | 'safe_contact'>
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
