import { describe, expect, test } from 'vitest'
import { openAt, outwardOf, type Service, suggest, ukClock } from '../../src/sync/directory.ts'

const MONDAY_TEN = new Date('2026-01-05T10:00:00Z')
const WEEKDAYS = [{ days: [1, 2, 3, 4, 5], opens: '09:00', closes: '17:00' }]

const service = (id: string, change: Partial<Service> = {}): Service => ({
  id,
  name: id,
  description: '',
  national: true,
  demo: true,
  verified: false,
  phone: null,
  hours: WEEKDAYS,
  areas: [],
  strands: [],
  subStrands: [],
  sort: 10,
  ...change,
})

const local = (id: string, change: Partial<Service> = {}) => service(id, { national: false, areas: ['harbour'], ...change })
const services = [
  service('all-national'),
  local('all-local'),
  service('race-national', { strands: ['race'] }),
  local('race-local', { strands: ['race'] }),
  service('traveller-national', { strands: ['race'], subStrands: ['race.gypsy_roma_traveller'] }),
  service('disability-national', { strands: ['disability'] }),
]
const ids = (query: { strands?: string[]; subStrands?: string[] }, areas: string[], from = services) =>
  suggest(from, { strands: [], subStrands: [], postcode: null, now: MONDAY_TEN, ...query }, areas).map((each) => each.id)

describe('what is suggested', () => {
  test('near before far, the people meant before everybody, the closest match first', () => {
    const found = ids({ strands: ['race'], subStrands: ['race.gypsy_roma_traveller'] }, ['harbour'])

    expect(found).toEqual(['race-local', 'traveller-national', 'race-national', 'all-local', 'all-national'])
  })

  test('nothing local where the area is unknown', () => {
    expect(ids({ strands: ['race'] }, [])).toEqual(['race-national', 'traveller-national', 'all-national'])
  })

  test('nothing made for other people', () => {
    expect(ids({ strands: ['religion'] }, ['harbour'])).toEqual(['all-local', 'all-national'])
  })

  test('a strand named without saying more includes services for a part of it', () => {
    const part = [service('traveller', { subStrands: ['race.gypsy_roma_traveller'] })]

    expect(ids({ strands: ['race'] }, [], part)).toEqual(['traveller'])
    expect(ids({ strands: ['race'], subStrands: ['race.chinese'] }, [], part)).toEqual([])
  })

  test('the same order whatever the order of the file, and five at most', () => {
    const many = Array.from({ length: 9 }, (_, index) => service(`s-${index}`))

    expect(ids({}, [], [...many].reverse())).toEqual(ids({}, [], many))
    expect(ids({}, [], many)).toEqual(['s-0', 's-1', 's-2', 's-3', 's-4'])
  })

  test('says why, and whether it is open now', () => {
    const [first] = suggest(services, { strands: ['race'], subStrands: [], postcode: null, now: MONDAY_TEN }, ['harbour'])

    expect(first).toMatchObject({ why: ['strand', 'local', 'open_now'], openNow: true, today: { opens: '09:00', closes: '17:00' } })
  })
})

test.each([
  ['2026-01-05T09:00:00Z', WEEKDAYS, true],
  ['2026-01-05T08:59:00Z', WEEKDAYS, false],
  ['2026-01-05T17:00:00Z', WEEKDAYS, false],
  ['2026-01-04T10:00:00Z', WEEKDAYS, false],
  ['2026-07-06T08:30:00Z', WEEKDAYS, true], // half past nine in British summer time
  ['2026-01-06T01:00:00Z', [{ days: [1], opens: '22:00', closes: '02:00' }], true],
  ['2026-01-06T03:00:00Z', [{ days: [1], opens: '22:00', closes: '02:00' }], false],
  ['2026-01-04T12:00:00Z', [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }], true],
])('at %s', (now, hours, open) => {
  expect(openAt(hours, ukClock(new Date(now)))).toBe(open)
})

test.each([
  ['qx1 2ab', 'QX1'],
  ['QX12AB', 'QX1'],
  ['QX1', 'QX1'],
  ['EC1A 1BB', 'EC1A'],
  ['nowhere', null],
  [null, null],
])('the outward half of %s is %s', (postcode, outward) => {
  expect(outwardOf(postcode)).toBe(outward)
})
