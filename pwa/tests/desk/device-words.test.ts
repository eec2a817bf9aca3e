import { describe, expect, test } from 'vitest'
import { buildOf, clockOf, gapWords, heldOf, leavingOf, waitsOn } from '../../src/desk/device-words.ts'
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
  end_of_life: null,
  storage: null,
  clock_ahead_s: null,
  gaps: [],
  revoked_at: null,
  revoke_scope: null,
  order_told_at: null,
  held_when_revoked: null,
  come_since_revoked: 0,
  keys_since: null,
  keys_doubted_at: null,
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

describe('in words', () => {
  test.each([
    [{ queued: null }, 'Not known'],
    [{ queued: 0, oldest_age_s: 0 }, '0 reports'],
    [{ queued: 1, oldest_age_s: 7_200 }, '1 report, for 3 hours'],
    [{ queued: 9, oldest_age_s: 3 * 86_400 }, '9 reports, the oldest for 3 days'],
  ])('what waits, an hour after it was heard of: %o', (it, words) => {
    expect(waitsOn(device(it), NOW)).toBe(words)
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
    [{ state: 'missing', made_after: null }, '3 reports made on 14 May 2026 or before have not arrived yet'],
    [{ made_after: '2026-05-13T22:30:00.000Z', made_before: '2026-05-13T23:30:00.000Z' }, '3 reports made from 13 May 2026 to 14 May 2026 are presumed lost'],
  ])('a hole: %o', (it, words) => {
    expect(gapWords(gap(it))).toBe(words)
  })

  test.each([
    [{ app_build: null }, null],
    [{ app_build: '0.1.0' }, '0.1.0'],
    [{ app_build: '0.1.0', end_of_life: { level: 'hard_eol', on: '2026-05-01' } }, '0.1.0, makes no new reports since 1 May 2026'],
    [{ app_build: '0.1.0', end_of_life: { level: 'soft_eol', on: '2027-01-31' } }, '0.1.0, to be renewed before 31 January 2027'],
    [{ app_build: '0.1.0', end_of_life: { level: 'other', on: '2027-01-31' } }, '0.1.0'],
  ])('a build: %o', (it, words) => {
    expect(buildOf(device(it))).toBe(words)
  })

  test.each([
    [{}, null],
    [{ revoked_at: '2026-06-20T11:30:00.000Z' }, 'may not know yet'],
    [{ revoked_at: '2026-06-19T09:00:00.000Z', queued: 2 }, 'still holds reports'],
    [{ revoked_at: '2026-06-19T09:00:00.000Z' }, 'holds no more reports'],
  ])('its leaving: %o', (it, words) => {
    expect(leavingOf(device(it)) ?? 'null').toContain(String(words))
  })

  test.each([
    [{}, null],
    [{ revoked_at: '2026-06-20T11:30:00.000Z' }, 'It had said nothing.'],
    [{ revoked_at: '2026-06-20T11:30:00.000Z', held_when_revoked: 1 }, '1 report, as far as it had said.'],
    [{ revoked_at: '2026-06-20T11:30:00.000Z', held_when_revoked: 3, come_since_revoked: 2 }, 'Since then 2 have arrived.'],
    [{ revoked_at: '2026-06-20T11:30:00.000Z', held_when_revoked: 3, come_since_revoked: 1 }, 'Since then 1 has arrived.'],
  ])('what it held when it left: %o', (it, words) => {
    expect(heldOf(device(it)) ?? 'null').toContain(String(words))
  })
})
