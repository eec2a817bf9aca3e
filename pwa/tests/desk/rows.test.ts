import { describe, expect, it } from 'vitest'
import { merge, NO_ROWS, reveal } from '../../src/desk/rows.ts'
import type { Rows } from '../../src/desk/rows.ts'
import { readRow } from '../../src/desk/shapes.ts'

const row = (id: string, state = 'awaiting_triage') =>
  readRow({ id, reference: id, received_at: '2026-01-02T03:04:05.678Z', state, sharing_choice: 'P1' }, 'row')
const rows = (...ids: string[]) => ids.map((id) => row(id))
const showing = (...ids: string[]): Rows => ({ ...NO_ROWS, shown: rows(...ids) })
const ids = (list: readonly { id: string }[]) => list.map((it) => it.id).join(' ')

describe('a row that a person can see', () => {
  it.each([
    ['a new one on top', 'd c b a', 'c b a'],
    ['the others in another order', 'a b c', 'c b a'],
    ['one of them gone', 'c a', 'c b a'],
    ['all of them gone', '', 'c b a'],
    ['only unknown ones', 'z y x', 'c b a'],
  ])('does not move when there is %s', (_, incoming, wanted) => {
    const after = merge(showing('c', 'b', 'a'), rows(...incoming.split(' ').filter(Boolean)), true)

    expect(ids(after.shown)).toBe(wanted)
  })

  it('is refreshed where it stands', () => {
    const after = merge(showing('b', 'a'), [row('c'), row('b'), row('a', 'in_triage')], true)

    expect(after.shown.map((it) => it.state)).toEqual(['awaiting_triage', 'in_triage'])
  })

  it('is the same object in the same place when nothing changed but its page', () => {
    const before = showing('b', 'a')

    expect(merge(before, [], true).shown).toEqual(before.shown)
  })
})

describe('what is new', () => {
  it('waits apart until it is asked for, then stands above the rest', () => {
    const after = merge(showing('b', 'a'), rows('d', 'c', 'b', 'a'), true)

    expect(ids(after.arrived)).toBe('d c')
    expect(ids(reveal(after).shown)).toBe('d c b a')
    expect(reveal(after).arrived).toEqual([])
  })

  it('is not what moved up from the next page', () => {
    const after = merge(showing('d', 'c', 'b'), rows('d', 'b', 'a'), false)

    expect(after.arrived).toEqual([])
  })

  it('is counted once, however often it is seen', () => {
    const once = merge(showing('a'), rows('b', 'a'), true)
    const twice = merge(once, rows('c', 'b', 'a'), true)

    expect(ids(twice.arrived)).toBe('c b')
  })

  it('is dropped again when someone else dealt with it before it was shown', () => {
    const after = merge(merge(showing('a'), rows('b', 'a'), true), rows('a'), true)

    expect(after.arrived).toEqual([])
  })

  it('starts an empty list', () => {
    const after = merge(NO_ROWS, rows('a'), true)

    expect([ids(after.shown), ids(after.arrived), after.gap]).toEqual(['', 'a', false])
  })

  it.each([
    ['a whole page of unknown rows, and more behind it', 'z y', false, true],
    ['a whole page of unknown rows, and none behind it', 'z y', true, false],
    ['one known row at the end', 'z a', false, false],
    ['nothing at all', '', true, false],
  ])('leaves a gap or not: %s', (_, incoming, complete, gap) => {
    const after = merge(showing('a'), rows(...incoming.split(' ').filter(Boolean)), complete)

    expect(after.gap).toBe(gap)
  })
})

describe('a row that has left the list', () => {
  it.each([
    ['somebody dealt with it', 'c a', true, 'b'],
    ['it stands below what one page holds', 'c', false, ''],
    ['it stands above what one page holds', 'a', false, 'c b'],
    ['nothing is left', '', true, 'c b a'],
  ])('is told apart: %s', (_, incoming, complete, wanted) => {
    const aged = (...names: string[]) => names.map((id) => ({ ...row(id), received_at: `2026-01-0${'abc'.indexOf(id) + 1}T00:00:00Z` }))
    const after = merge({ ...NO_ROWS, shown: aged('c', 'b', 'a') }, aged(...incoming.split(' ').filter(Boolean)), complete)

    expect([...after.left].join(' ')).toBe(wanted)
    expect(ids(after.shown)).toBe('c b a')
  })

  it('is an ordinary one again when it is back', () => {
    const gone = merge(showing('b', 'a'), rows('a'), true)

    expect([...merge(gone, rows('b', 'a'), true).left]).toEqual([])
  })
})
