import { describe, expect, test } from 'vitest'
import { delayMs, failureOf } from '../../src/sync/decide.ts'

describe('when to try again', () => {
  test.each([
    [0, 0.999, 0, 1_998],
    [0, 0, 0, 0],
    [3, 0.5, 0, 8_000],
    [30, 0.999, 0, 899_100],
    [0, 0, 120, 120_000],
    [0, 0.5, 120, 132_000],
  ])('after %i attempts, random %f, floor %i s: %i ms', (attempts, random, floorS, expected) => {
    expect(delayMs(attempts, random, floorS)).toBe(expected)
  })
})

describe('what an answer means', () => {
  test.each([
    [413, null, { type: 'too_large' }],
    [429, '7', { type: 'later', reason: 'http_429', afterS: 7 }],
    [503, 'Wed, 21 Oct 2026 07:28:00 GMT', { type: 'later', reason: 'http_503', afterS: 0 }],
    [507, null, { type: 'later', reason: 'http_507', afterS: 0 }],
    [500, null, { type: 'server_fault', reason: 'http_500', afterS: 0 }],
    [504, null, { type: 'silent', reason: 'http_504' }],
    [401, null, { type: 'unreachable', reason: 'http_401' }],
    [302, null, { type: 'unreachable', reason: 'http_302' }],
  ])('status %i, Retry-After %s', (status, retryAfter, expected) => {
    expect(failureOf(status, new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter }))).toEqual(expected)
  })

  test.each([
    ['250', 0.25],
    ['0', 0],
    ['99999999999', 86_400],
    ['-1', 7],
    ['1e3', 7],
    ['0x10', 7],
    ['', 7],
  ])('the finer header %s', (finer, afterS) => {
    const headers = new Headers({ 'retry-after': '7', 'waymark-retry-ms': finer })
    expect(failureOf(503, headers)).toEqual({ type: 'later', reason: 'http_503', afterS })
  })
})
