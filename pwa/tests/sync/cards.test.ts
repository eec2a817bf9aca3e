import { expect, test } from 'vitest'
import { isFollowed, isUnanswered } from '../../src/sync/cards.ts'

const made = '2026-01-01T00:00:00.000Z'
const days = (count: number) => Date.parse(made) + count * 86_400_000

test.each([
  ['acknowledged', 0, true],
  ['acknowledged', 29, true],
  ['acknowledged', 31, false],
  ['sent', 0, false],
] as const)('a report that is %s is followed on day %d: %s', (state, day, followed) => {
  expect(isFollowed({ state, createdAt: made }, days(day))).toBe(followed)
})

test.each([
  ['sent', true],
  ['attention', true],
  ['acknowledged', false],
  ['ready', false],
] as const)('a report that is %s is unanswered: %s', (state, unanswered) => {
  expect(isUnanswered({ state })).toBe(unanswered)
})
