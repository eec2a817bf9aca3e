import { expect, test } from 'vitest'
import { nextWakeMs } from '../../src/sync/schedule.ts'

const now = { passAtMs: null, files: [], unanswered: false, followed: false, spokeAt: null, at: 1_000, random: 0.5 }
const file = (nextTryAt: number | null, attempts = 0) => ({ nextTryAt, attempts })

test('nothing waits: no timer', () => {
  expect(nextWakeMs(now)).toBeNull()
})

test('the earliest of what waits decides', () => {
  expect(nextWakeMs({ ...now, files: [file(61_000), file(31_000)] })).toBe(30_000)
  expect(nextWakeMs({ ...now, files: [file(61_000)], passAtMs: 21_000 })).toBe(20_000)
})

test('an answer that is awaited is asked for about every twenty seconds', () => {
  expect(nextWakeMs({ ...now, unanswered: true })).toBe(20_000)
  expect(nextWakeMs({ ...now, followed: true })).toBe(60_000)
})

test('a time that has passed is not waited for, and never at once', () => {
  expect(nextWakeMs({ ...now, passAtMs: 0 })).toBe(500)
})

test('for a minute after something was said, answers are asked for every few seconds', () => {
  const spoken = { ...now, followed: true, at: 100_000 }
  expect(nextWakeMs({ ...spoken, spokeAt: 99_000 })).toBe(4_000)
  expect(nextWakeMs({ ...spoken, spokeAt: 40_000 })).toBe(60_000)
  expect(nextWakeMs({ ...spoken, spokeAt: 200_000 })).toBe(60_000)
})
