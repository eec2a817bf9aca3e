import { describe, expect, it } from 'vitest'
import { chipsOf, cursorIn, filtersIn, searchOf, UNFILTERED } from '../../src/desk/filters.ts'
import type { Filters } from '../../src/desk/filters.ts'

const ALL: Filters = {
  queue: 'reply_waiting',
  area: 'demo-harbour',
  centre: 'demo-harbour-library',
  sharing: 'P2',
  channel: 'centre_tablet',
  from: '2026-01-02',
  to: '2026-02-03',
  pictures: true,
  overdue: true,
}
const CHOICES = { areas: [{ id: 'demo-harbour', name: 'Harbour' }], centres: [], forces: [] }

const EACH = Object.keys(ALL) as (keyof Filters)[]

describe('filters in an address', () => {
  it.each(EACH)('keep %s alone', (name) => {
    const one = { ...UNFILTERED, [name]: ALL[name] }

    expect(filtersIn(searchOf(one, null))).toEqual(one)
    expect(searchOf(one, null)).not.toBe('')
  })

  it('are all kept together, with the page', () => {
    const search = searchOf(ALL, 'MjAyNi0_x-y')

    expect(filtersIn(search)).toEqual(ALL)
    expect(cursorIn(search)).toBe('MjAyNi0_x-y')
  })

  it('are no more than codes, ids and days', () => {
    expect(searchOf(ALL, 'abc')).toMatch(/^[a-zA-Z0-9?&=_-]+$/)
  })

  it.each(['?queue=mine', '?area=14+High+Street', '?from=2026-13-45', '?to=', '?pictures=1', '?channel=fax', '?name=Sam'])(
    'that nobody chose, as in %s, are none',
    (search) => {
      expect(filtersIn(search)).toEqual(UNFILTERED)
    },
  )
})

describe('chips', () => {
  it('stand for each chosen filter, but not for the tab', () => {
    expect(chipsOf(ALL, CHOICES).map((chip) => chip.id)).toEqual(EACH.filter((name) => name !== 'queue').sort(byPlace))
  })

  it.each(chipsOf(ALL, CHOICES))('take away $id alone', ({ id, without }) => {
    expect(without).toEqual({ ...ALL, [id]: UNFILTERED[id] })
  })

  it('name places, once their names are known', () => {
    const chosen = { ...UNFILTERED, area: 'demo-harbour' }

    expect(chipsOf(chosen, CHOICES)[0]?.label).toBe('Harbour')
    expect(chipsOf(chosen, null)[0]?.label).toBe('demo-harbour')
  })

  it('are absent where nothing is narrowed', () => {
    expect(chipsOf({ ...UNFILTERED, queue: 'closed' }, CHOICES)).toEqual([])
  })
})

const ORDER = ['area', 'centre', 'sharing', 'channel', 'from', 'to', 'pictures', 'overdue']
const byPlace = (a: string, b: string) => ORDER.indexOf(a) - ORDER.indexOf(b)
