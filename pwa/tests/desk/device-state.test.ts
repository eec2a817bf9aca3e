import { describe, expect, it } from 'vitest'
import { byNeed, concernsOf, standingOf, waitingMs } from '../../src/desk/device-state.ts'
import { readDevices } from '../../src/desk/shapes.ts'
import type { EnrolledDevice } from '../../src/desk/shapes.ts'

const NOW = Date.parse('2026-05-20T09:00:00.000Z')
const HOUR = 3_600_000
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString()

const GAP = { epoch: '0'.repeat(16), first_seq: 2, count: 3, made_after: ago(150), made_before: ago(100), state: 'presumed_lost' }
const MISSING = { ...GAP, state: 'missing' }
const EXPLAINED = { ...GAP, explained: 'made_again', explained_at: ago(1) }

const tablet = (fields: object = {}): EnrolledDevice => {
  const well = { id: 'd1', label: 'Front desk', enrolled_at: ago(900), last_seen_at: ago(1), queued: 0, clock_ahead_s: 2 }
  const [device] = readDevices({ devices: [{ ...well, storage: 'durable', ...fields }] }, 'devices').devices
  if (device === undefined) throw new Error('no device')
  return device
}

describe('what a tablet needs', () => {
  it.each<[string, object, readonly string[]]>([
    ['nothing', {}, []],
    ['reports presumed lost', { gaps: [GAP] }, ['lost']],
    ['reports missing', { gaps: [MISSING] }, ['missing']],
    ['a state that a newer server adds', { gaps: [{ ...GAP, state: 'sought' }] }, ['missing']],
    ['explained ones', { gaps: [EXPLAINED] }, []],
    ['both, and one of them explained', { gaps: [EXPLAINED, MISSING] }, ['missing']],
    ['nothing waits, whatever its age', { queued: 0, oldest_age_s: 9e6 }, []],
    ['one has waited for nearly three days', { queued: 1, oldest_age_s: 71 * 3600 - 1 }, []],
    ['one waits for three days by now', { queued: 1, oldest_age_s: 71 * 3600 }, ['waiting_long']],
    ['silent for nearly a week', { last_seen_at: ago(167) }, []],
    ['silent for a week', { last_seen_at: ago(168) }, ['silent']],
    ['silent for a week with a report', { last_seen_at: ago(168), queued: 1 }, ['waiting_long', 'silent']],
    ['enrolled just now', { enrolled_at: ago(1), last_seen_at: null, queued: null }, []],
    ['enrolled long ago and never heard of', { last_seen_at: null, queued: null }, ['silent']],
    ['storage that may go, empty', { storage: 'may_go' }, []],
    ['storage that may go, with a report', { storage: 'may_go', queued: 1 }, ['may_go']],
    ['an app that is over', { end_of_life: { level: 'hard_eol', on: '2026-05-01' } }, ['build_over']],
    ['an app that will be over', { end_of_life: { level: 'soft_eol', on: '2026-06-01' } }, ['build_ending']],
    ['a level that is not known', { end_of_life: { level: 'maybe', on: '2026-06-01' } }, []],
    ['keys that it had given up in use', { keys_doubted_at: ago(1) }, ['copied']],
    ['keys in doubt, and out of service', { keys_doubted_at: ago(2), revoked_at: ago(1), queued: 0, order_told_at: ago(1) }, []],
    ['a clock five minutes fast', { clock_ahead_s: 300 }, ['clock']],
    ['a clock years slow', { clock_ahead_s: -9e7 }, ['clock']],
    ['a clock four minutes slow', { clock_ahead_s: -240 }, []],
  ])('%s', (_, fields, wanted) => {
    expect(concernsOf(tablet(fields), NOW)).toEqual(wanted)
  })

  it('once out of service is its reports alone', () => {
    const gone = { revoked_at: ago(300), last_seen_at: ago(200), storage: 'may_go', clock_ahead_s: 9999 }
    const end_of_life = { level: 'hard_eol', on: '2026-05-01' }

    expect(concernsOf(tablet({ ...gone, end_of_life }), NOW)).toEqual([])
    expect(concernsOf(tablet({ ...gone, end_of_life, gaps: [GAP] }), NOW)).toEqual(['lost'])
  })
})

describe('whether it is in service', () => {
  it.each<[string, object, string]>([
    ['no order', {}, 'in_service'],
    ['an order, and never heard of', { revoked_at: ago(5), last_seen_at: null, queued: null }, 'not_told'],
    ['an order, and heard of before it alone', { revoked_at: ago(5), last_seen_at: ago(6), queued: 0 }, 'not_told'],
    ['an order, told when it asked for news, and empty', { revoked_at: ago(5), last_seen_at: ago(6), queued: 0, order_told_at: ago(4) }, 'out'],
    ['an order, told when it asked for news, holding one', { revoked_at: ago(5), last_seen_at: ago(6), queued: 1, order_told_at: ago(4) }, 'leaving'],
    ['an order, told, and it has never sent', { revoked_at: ago(5), last_seen_at: null, queued: null, order_told_at: ago(4) }, 'out'],
    ['an order, heard of since, holding one', { revoked_at: ago(5), last_seen_at: ago(4), queued: 1 }, 'leaving'],
    ['an order, heard of since, and empty', { revoked_at: ago(5), last_seen_at: ago(4), queued: 0 }, 'out'],
  ])('%s', (_, fields, wanted) => {
    expect(standingOf(tablet(fields))).toBe(wanted)
  })
})

describe('the order of the board', () => {
  const order = (...devices: EnrolledDevice[]) => byNeed(devices, NOW).map((device) => device.id)

  it('is what needs somebody first, and what is out of service last', () => {
    const out = tablet({ id: 'out', label: 'A', revoked_at: ago(5), last_seen_at: ago(4) })
    const well = tablet({ id: 'well', label: 'B' })
    const clock = tablet({ id: 'clock', label: 'C', clock_ahead_s: 999 })
    const lost = tablet({ id: 'lost', label: 'D', gaps: [GAP] })

    expect(order(out, well, clock, lost)).toEqual(['lost', 'clock', 'well', 'out'])
  })

  it('is the fullest first, then by name, then always the same', () => {
    const one = tablet({ id: 'one', label: 'B', queued: 1 })
    const two = tablet({ id: 'two', label: 'C', queued: 2 })
    const same = tablet({ id: 'a', label: 'B', queued: 1 })

    expect(order(one, two, same)).toEqual(['two', 'a', 'one'])
    expect(order(same, two, one)).toEqual(['two', 'a', 'one'])
  })

  it('leaves the list that it was given as it is', () => {
    const given = [tablet(), tablet({ id: 'd2', gaps: [GAP] })]

    byNeed(given, NOW)

    expect(given.map((device) => device.id)).toEqual(['d1', 'd2'])
  })
})

it('the oldest goes on waiting while nobody hears of it', () => {
  expect(waitingMs(tablet({ queued: 1, oldest_age_s: 3600, last_seen_at: ago(4) }), NOW)).toBe(5 * HOUR)
  expect(waitingMs(tablet({ queued: 0, oldest_age_s: 3600 }), NOW)).toBeNull()
})
