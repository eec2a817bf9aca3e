import { expect, test } from 'vitest'
import { isFollowed, isUnanswered, stateOf, withMessage } from '../../src/sync/cards.ts'

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

test.each([
  [['receipt', 'needs_attention'], 'attention'],
  [['needs_attention', 'receipt'], 'sent'],
  [['needs_attention', 'receipt', 'needs_attention'], 'attention'],
  [['needs_attention', 'receipt', 'ack'], 'acknowledged'],
] as const)('told %j, a report is %s', (kinds, state) => {
  const messages = kinds.reduce<{ kind: string }[]>((before, kind) => withMessage(before, { kind }), [])
  expect(stateOf({ state: 'receipted', verdict: 'accepted', attempts: 1 }, messages, false)).toBe(state)
})
