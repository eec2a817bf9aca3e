import { describe, expect, test } from 'vitest'
import { batches, delayMs, failureOf, isDue, outcome, setback, SUSPECT_AFTER, type Waiting } from '../../src/sync/decide.ts'

const waiting = (change: Partial<Waiting>): Waiting => ({
  itemId: 'a',
  deviceId: 'device-1',
  bytes: 4_608,
  createdAt: '2026-01-02T03:04:05.678Z',
  seq: 1,
  attempts: 0,
  companions: 64,
  soloFailures: 0,
  nextTryAt: null,
  ...change,
})
const many = (count: number, change: Partial<Waiting> = {}) =>
  Array.from({ length: count }, (_, index) => waiting({ itemId: `item-${String(index).padStart(3, '0')}`, seq: index + 1, ...change }))

describe('what travels together', () => {
  test('at most 64 items', () => {
    expect(batches(many(130)).map((batch) => batch.length)).toEqual([64, 64, 2])
  })

  test('never the items of two devices', () => {
    const visitors = ['v1', 'v2', 'v3'].map((deviceId) => waiting({ deviceId, itemId: deviceId }))

    expect(batches(visitors).map((batch) => batch.map((item) => item.deviceId))).toEqual([['v1'], ['v2'], ['v3']])
  })

  test('at most a megabyte', () => {
    const large = many(5, { bytes: 262_225 })

    expect(batches(large).map((batch) => batch.length)).toEqual([3, 2])
  })

  test('a poison item delays no other beyond one bisection', () => {
    let items = many(64)
    const delivered = new Set<string>()
    const requests: number[] = []
    while (delivered.size < 63 && requests.length < 100) {
      const [batch] = batches(items.filter((item) => !delivered.has(item.itemId)))
      if (batch === undefined) break
      requests.push(batch.length)
      const poisoned = batch.some((item) => item.itemId === 'item-037')
      if (!poisoned) for (const item of batch) delivered.add(item.itemId)
      const failure = { type: 'server_fault', reason: 'http_500', afterS: 0 } as const
      const failed = new Map(batch.map((item) => [item.itemId, setback(item, failure, { batchSize: batch.length, now: 0, random: 0 })]))
      if (poisoned) items = items.map((item) => ({ ...item, ...(failed.get(item.itemId) ?? {}) }))
    }

    expect(delivered.size).toBe(63)
    expect(requests.length).toBeLessThanOrEqual(14)
  })
})

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

  test('a clock that was set back does not hold an item for ever', () => {
    expect(isDue(waiting({ nextTryAt: 2_000 }), 1_000)).toBe(false)
    expect(isDue(waiting({ nextTryAt: 2_000 }), 2_000)).toBe(true)
    expect(isDue(waiting({ nextTryAt: 10 * 365 * 86_400_000 }), 1_000)).toBe(true)
  })

  test('too large together: the halves go at once', () => {
    const after = setback(waiting({}), { type: 'too_large' }, { batchSize: 8, now: 1_000, random: 0.5 })

    expect(after).toMatchObject({ companions: 4, nextTryAt: 1_000, attempts: 0, soloFailures: 0 })
  })

  test('refused alone five times: suspect, and tried daily', () => {
    const item = waiting({ soloFailures: SUSPECT_AFTER - 1, companions: 1 })

    const after = setback(item, { type: 'server_fault', reason: 'http_500', afterS: 0 }, { batchSize: 1, now: 0, random: 0 })

    expect(after).toMatchObject({ lastError: 'suspect', nextTryAt: 86_400_000 })
  })

  test('no network makes nothing suspect and parts nothing', () => {
    const item = waiting({ soloFailures: SUSPECT_AFTER - 1 })

    const after = setback(item, { type: 'unreachable', reason: 'no_connection' }, { batchSize: 1, now: 0, random: 0 })

    expect(after).toMatchObject({ lastError: 'no_connection', soloFailures: SUSPECT_AFTER - 1, companions: 64 })
  })
})

describe('what an answer means', () => {
  const result = { item_id: 'a', index: 0, pos: 1, leaf: null }

  test.each([
    ['accepted', true, 'stored'],
    ['duplicate', true, 'stored'],
    ['conflict', true, 'stored'],
    ['accepted', false, 'retry'],
    ['rejected', false, 'doubted'],
    ['retry', false, 'retry'],
    ['praised', true, 'retry'],
  ] as const)('%s, covered %s: %s', (verdict, covered, expected) => {
    expect(outcome({ ...result, verdict }, covered, null).type).toBe(expected)
  })

  test('rejected, and our own bytes are at fault: rejected', () => {
    expect(outcome({ ...result, verdict: 'rejected' }, false, 'hash_wrong')).toEqual({ type: 'rejected', reason: 'hash_wrong' })
  })

  test('no result at all: retry', () => {
    expect(outcome(undefined, true, null).type).toBe('retry')
  })

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
    expect(failureOf(status, retryAfter)).toEqual(expected)
  })
})
