/** The matching against the vectors that pytest reads, and the calendar against the browser's own. */

import { describe, expect, test } from 'vitest'
import { EMPTY_QUERY, type Query, type Service } from '../../src/sync/directory.ts'
import { suggest } from '../../src/sync/matching.ts'
import { london } from '../../src/sync/opening.ts'
import { BLANK_SERVICE } from './services.ts'
import { vectors } from './vectors.ts'

type Found = { readonly id: string; readonly score: number; readonly reasons: readonly string[]; readonly phone?: string; readonly url?: string }
type Case = {
  readonly services: readonly Partial<Service>[]
  readonly query: Partial<Query>
  readonly at: string
  readonly found: readonly Found[]
}
type Table = Case & { readonly name: string; readonly expects: readonly string[] }

const { tables, drawn } = vectors<{ readonly tables: readonly Table[]; readonly drawn: readonly Case[] }>('matching')

function answered({ services, query, at }: Case): readonly Found[] {
  const full = services.map((each): Service => ({ ...BLANK_SERVICE, ...each }))
  return suggest(full, { ...EMPTY_QUERY, ...query }, new Date(at)).map(({ service, score, reasons }) => ({
    id: service.id,
    score,
    reasons: reasons.map(({ code, value }) => (value === '' ? code : `${code}:${value}`)),
    ...(service.phone !== null && { phone: service.phone }),
    ...(service.url !== '' && { url: service.url }),
  }))
}

describe('each rule', () => {
  test.each(tables)('$name', (one) => {
    const found = answered(one)

    expect(found.map((each) => each.id)).toEqual(one.expects)
    expect(found).toEqual(one.found)
  })
})

test('cases that nobody thought of', () => {
  expect(drawn.length).toBeGreaterThanOrEqual(200)
  for (const [number, one] of drawn.entries()) expect(answered(one), `case ${number}`).toEqual(one.found)
})

test('the order of the directory says nothing', () => {
  for (const one of drawn) expect(answered({ ...one, services: [...one.services].reverse() })).toEqual(one.found)
})

test('local time is that of the browser', () => {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += 30 * 60_000) {
    const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
    const { minute } = london(new Date(at))
    const told = days.indexOf(parts['weekday'] ?? '') * 1_440 + Number(parts['hour']) * 60 + Number(parts['minute'])
    if (minute !== told) expect(minute, new Date(at).toISOString()).toBe(told)
  }
})
