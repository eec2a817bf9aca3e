import { describe, expect, test } from 'vitest'
import { clockOf, gapWords, inOrder, waitsOn } from '../../src/desk/device-words.ts'
import type { EnrolledDevice, Gap } from '../../src/desk/shapes.ts'

const NOW = Date.parse('2026-06-20T12:00:00.000Z')

const device = (it: Partial<EnrolledDevice>): EnrolledDevice => ({
  id: 'd',
  label: 'Front desk',
  enrolled_at: '2026-01-01T09:00:00.000Z',
  last_seen_at: '2026-06-20T11:00:00.000Z',
  queued: 0,
  oldest_age_s: null,
  app_build: null,
  storage: null,
  clock_ahead_s: null,
  gaps: [],
  revoked_at: null,
  revoke_scope: null,
  ...it,
})

const gap = (it: Partial<Gap>): Gap => ({
  epoch: '0123456789abcdef',
  count: 3,
  first_seq: 4,
  made_after: '2026-05-12T08:00:00.000Z',
  made_before: '2026-05-14T16:00:00.000Z',
  state: 'presumed_lost',
  explained: null,
  explained_at: null,
  ...it,
})

test('who needs a person stands first', () => {
  const devices = [
    device({ id: 'fine' }),
    device({ id: 'out', revoked_at: '2026-06-19T09:00:00.000Z', queued: 2 }),
    device({ id: 'silent', last_seen_at: '2026-06-01T09:00:00.000Z' }),
    device({ id: 'waits', queued: 1 }),
    device({ id: 'told', gaps: [gap({ explained: 'practice' })] }),
    device({ id: 'hole', gaps: [gap({})], revoked_at: '2026-06-19T09:00:00.000Z' }),
    device({ id: 'never', last_seen_at: null }),
  ]

  expect(inOrder(devices, NOW).map(({ id }) => id)).toEqual(['hole', 'waits', 'never', 'silent', 'fine', 'told', 'out'])
})

describe('in words', () => {
  test.each([
    [{ queued: null }, 'Not known'],
    [{ queued: 0, oldest_age_s: 0 }, '0 reports'],
    [{ queued: 1, oldest_age_s: 7_200 }, '1 report, the oldest for 2 hours'],
    [{ queued: 9, oldest_age_s: 3 * 86_400 }, '9 reports, the oldest for 3 days'],
  ])('what waits: %o', (it, words) => {
    expect(waitsOn(device(it))).toBe(words)
  })

  test.each([
    [null, null],
    [-119, 'Right'],
    [600, '10 minutes ahead'],
    [-7_200, '2 hours behind'],
    [10 * 365 * 86_400, '3650 days ahead'],
  ])('a clock %s s ahead', (clock_ahead_s, words) => {
    expect(clockOf(device({ clock_ahead_s }))).toBe(words)
  })

  test.each([
    [{}, '3 reports made from 12 May 2026 to 14 May 2026 are presumed lost'],
    [{ count: 1, made_after: '2026-05-14T08:00:00.000Z' }, '1 report made on 14 May 2026 is presumed lost'],
    [{ state: 'missing', made_after: null }, '3 reports made before 14 May 2026 have not arrived yet'],
  ])('a hole: %o', (it, words) => {
    expect(gapWords(gap(it))).toBe(words)
  })
})
