import { describe, expect, it } from 'vitest'
import { absolute, age, day, localDate, remaining, stretch } from '../../src/desk/times.ts'

const MINUTE = 60_000

describe('times at the desk', () => {
  it.each([
    ['2026-06-16T07:06:00.000Z', '16 June 2026 at 8:06am'],
    ['2026-01-02T15:04:05.678Z', '2 January 2026 at 3:04pm'],
    ['2026-10-25T00:30:00.000Z', '25 October 2026 at 1:30am'],
    ['2026-10-25T01:30:00.000Z', '25 October 2026 at 1:30am'],
  ])('%s is %s in the UK', (at, wanted) => {
    expect(absolute(at)).toBe(wanted)
  })

  it('takes the day from the clock of the UK', () => {
    expect(day('2026-06-15T23:30:00.000Z')).toBe('16 June 2026')
  })

  it.each([
    [0, '1 minute'],
    [59 * MINUTE, '59 minutes'],
    [60 * MINUTE, '1 hour'],
    [49 * 60 * MINUTE, '2 days'],
  ])('a stretch of %i ms is %s', (ms, wanted) => {
    expect(stretch(ms)).toBe(wanted)
  })

  it('shows a date without a clock', () => {
    expect(localDate('2026-03-29')).toBe('29 March 2026')
  })

  it.each([
    [-5 * MINUTE, 'just now'],
    [59_999, 'just now'],
    [MINUTE, '1 minute ago'],
    [59 * MINUTE, '59 minutes ago'],
    [60 * MINUTE, '1 hour ago'],
    [47 * 60 * MINUTE, '47 hours ago'],
    [48 * 60 * MINUTE, '2 days ago'],
  ])('an age of %i ms is %s', (ms, wanted) => {
    expect(age(0, ms)).toBe(wanted)
  })

  it.each([
    [15 * MINUTE, '15 minutes'],
    [15 * MINUTE + 900, '15 minutes'],
    [MINUTE + 1, '1 minute'],
    [1, '1 minute'],
    [0, null],
    [-MINUTE, null],
  ])('%i ms of a code are %s', (ms, wanted) => {
    expect(remaining(ms, 0)).toBe(wanted)
  })
})
