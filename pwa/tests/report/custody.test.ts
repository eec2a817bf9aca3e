import { beforeEach, describe, expect, test } from 'vitest'
import { age } from '../../src/report/age.ts'
import { adviceFor } from '../../src/report/custody-advice.ts'
import { endOfLifeText } from '../../src/report/end-of-life.tsx'
import * as flow from '../../src/report/flow.ts'
import type { Custody, CustodyItem, CustodyState } from '../../src/sync/index.ts'

const EMPTY: Custody = { items: [], safe: 0, erased: 0, missing: 0, oldestAt: null, reachedAt: null, roomBytes: 1e9, build: 'b', endOfLife: null }

function held(state: CustodyState, filesWaiting = 0): CustodyItem {
  return { itemId: state, reference: 'R', createdAt: '', kind: 'report', state, sealedHere: state === 'waits', filesWaiting }
}

describe('what to do', () => {
  test.each([
    ['nothing was ever made', EMPTY, true, ['none']],
    ['all is safe', { ...EMPTY, safe: 2 }, false, ['nothing']],
    ['all was sent', { ...EMPTY, items: [held('kept'), held('answered')] }, false, ['nothing']],
    ['one waits', { ...EMPTY, items: [held('waits')] }, true, ['send']],
    ['one waits and may go', { ...EMPTY, items: [held('waits')] }, false, ['send', 'may_go']],
    ['a file waits', { ...EMPTY, items: [held('kept', 1)] }, true, ['send']],
    ['one goes again', { ...EMPTY, items: [held('again')] }, true, ['again', 'send']],
    ['one needs a person', { ...EMPTY, items: [held('person')] }, true, ['person']],
    ['one is missing', { ...EMPTY, missing: 1 }, true, ['missing']],
    ['the disk is full', { ...EMPTY, safe: 1, roomBytes: 1e6 }, true, ['room']],
    ['nobody knows the room', { ...EMPTY, safe: 1, roomBytes: null }, null, ['nothing']],
  ] as const)('%s', (_, custody, durable, advice) => {
    expect(adviceFor(custody, durable)).toEqual(advice)
  })
})

test.each([
  [20_000, ''],
  [60_000, '1 minute'],
  [59 * 60_000, '59 minutes'],
  [3 * 3_600_000, '3 hours'],
  [49 * 3_600_000, '2 days'],
  [-5 * 3_600_000, ''],
] as const)('%d ms ago in words: %j', (ms, words) => {
  expect(age(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(words)
})

test('the end of a build is told with its day', () => {
  expect(endOfLifeText({ level: 'soft_eol', on: '2027-01-31' })).toContain('From 31 January 2027')
  expect(endOfLifeText({ level: 'hard_eol', on: '2027-01-31' })).toContain('too old since 31 January 2027')
})

describe('Back from the page about the device', () => {
  beforeEach(flow.restart)

  test('leads to the list that it was opened from', () => {
    flow.open('outbox')
    flow.open('custody')
    flow.back()
    expect(flow.view.value.type).toBe('outbox')
    flow.back()
    expect(flow.view.value.type).toBe('start')
  })

  test('leads to where the person was', () => {
    flow.open('custody')
    flow.back()
    expect(flow.view.value.type).toBe('start')
  })
})
