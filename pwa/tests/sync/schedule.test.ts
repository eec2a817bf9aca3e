import { expect, test } from 'vitest'
import { nextWakeMs } from '../../src/sync/schedule.ts'

const now = { queued: [], unanswered: false, followed: false, silences: 0, backoffS: 0, at: 1_000, random: 0.5 }
const item = (nextTryAt: number | null, attempts = 0) => ({ nextTryAt, attempts })

test('nothing waits: no timer', () => {
  expect(nextWakeMs(now)).toBeNull()
})

test('the earliest of what waits decides', () => {
  expect(nextWakeMs({ ...now, queued: [item(61_000), item(31_000)] })).toBe(30_000)
})

test('an answer that is awaited is asked for about every twenty seconds', () => {
  expect(nextWakeMs({ ...now, unanswered: true })).toBe(20_000)
  expect(nextWakeMs({ ...now, followed: true })).toBe(60_000)
})

test('silence holds back those that were not tried themselves', () => {
  expect(nextWakeMs({ ...now, queued: [item(null)], silences: 6 })).toBe(64_000)
})

test('the service asks for time, and gets it', () => {
  expect(nextWakeMs({ ...now, queued: [item(null)], backoffS: 300 })).toBe(330_000)
})
