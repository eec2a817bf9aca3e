/** A date as people write it: `2`, `feb`, `2026`. A month may be a name, digits may be Arabic. */

import { type Filled, MONTHS, textIn } from './graph.ts'

const YEAR_MIN = 1900 // older is a slip of the finger, not a memory
const YEAR_MAX = 9998
const NAME_LETTERS_MIN = 3 // "jan" is enough, "ju" is not
const DAY_MS = 86_400_000

/** `field` is the part to mark. */
export type WrongDate = { readonly type: 'wrong'; readonly field: string; readonly code: string }
/** First and last day, `YYYY-MM-DD`. */
export type Span = { readonly type: 'span'; readonly start: string; readonly end: string }

/** What was said, null where no date was, or what is wrong with it. */
export function span(filled: Filled): Span | WrongDate | null {
  const precision = filled['when_precision']
  if (precision === 'month') return monthSpan(filled)
  if (precision !== 'day' && precision !== 'week') return null
  const day = oneDay(filled)
  if (typeof day !== 'number') return day
  if (precision === 'day') return { type: 'span', start: written(day), end: written(day) }
  const monday = day - ((new Date(day).getUTCDay() + 6) % 7) * DAY_MS
  return { type: 'span', start: written(monday), end: written(monday + 6 * DAY_MS) }
}

function oneDay(filled: Filled): number | WrongDate {
  const fault = missing(filled, ['day', 'month', 'year'])
  if (fault) return fault
  const day = number(textIn(filled, 'when_day'), 2)
  const month = monthIn(filled)
  if (month === null) return wrong('when_month', 'date_impossible')
  const year = yearIn(filled)
  if (year === null) return wrong('when_year', 'date_year')
  const time = Date.UTC(year, month - 1, day ?? 0)
  const real = day !== null && day >= 1 && new Date(time).getUTCMonth() === month - 1
  return real ? time : wrong('when_day', 'date_impossible')
}

function monthSpan(filled: Filled): Span | WrongDate {
  const fault = missing(filled, ['month', 'year'])
  if (fault) return fault
  const year = yearIn(filled)
  if (year === null) return wrong('when_year', 'date_year')
  const month = monthIn(filled)
  if (month === null) return wrong('when_month', 'date_impossible')
  return { type: 'span', start: written(Date.UTC(year, month - 1, 1)), end: written(Date.UTC(year, month, 0)) }
}

function missing(filled: Filled, parts: readonly string[]): WrongDate | null {
  const blank = parts.filter((part) => textIn(filled, `when_${part}`) === '')
  const first = blank[0]
  if (first === undefined) return null
  return wrong(`when_${first}`, blank.length === parts.length ? 'date_missing' : `date_missing_${first}`)
}

function monthIn(filled: Filled): number | null {
  const text = textIn(filled, 'when_month')
  const month = number(text, 2) ?? namedMonth(text.toLowerCase().replace(/\.$/, ''))
  return month !== null && month >= 1 && month <= 12 ? month : null
}

function namedMonth(name: string): number | null {
  for (const names of Object.values(MONTHS)) if (names.includes(name)) return names.indexOf(name) + 1
  if (name.length < NAME_LETTERS_MIN) return null
  const place = (MONTHS['en'] ?? []).findIndex((full) => full.startsWith(name))
  return place === -1 ? null : place + 1
}

function yearIn(filled: Filled): number | null {
  const year = number(textIn(filled, 'when_year'), 4)
  return year !== null && year >= YEAR_MIN && year <= YEAR_MAX ? year : null
}

function number(text: string, digitsMax: number): number | null {
  const plain = text
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
  return new RegExp(`^[0-9]{1,${digitsMax}}$`).test(plain) ? Number(plain) : null
}

function wrong(field: string, code: string): WrongDate {
  return { type: 'wrong', field, code }
}

function written(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
