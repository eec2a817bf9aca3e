import { describe, expect, it } from 'vitest'
import { areaLabel, reasonLabel, strandLabel, subStrandLabel, whenLines } from '../../src/desk/labels.ts'
import { readWhen } from '../../src/desk/shapes.ts'

describe('words for codes', () => {
  it.each([
    [strandLabel('race'), 'Race, ethnicity or nationality'],
    [strandLabel('caste_of_a_newer_form'), 'Caste of a newer form'],
    [subStrandLabel('race.asian_south'), 'South Asian'],
    [areaLabel(null), 'Unknown area'],
    [areaLabel('unknown'), 'Unknown area'],
    [areaLabel('Northshire East'), 'Northshire East'],
    [reasonLabel('signature_wrong'), 'The signature does not fit'],
    [reasonLabel('unreadable: not JSON'), 'It could not be read: not JSON'],
    [
      reasonLabel('unreadable: does not fit the form at $.answers.when'),
      'It could not be read: does not fit the form at $.answers.when',
    ],
  ])('%s', (shown, wanted) => {
    expect(shown).toBe(wanted)
  })
})

describe('when it happened', () => {
  it.each([
    [{ precision: 'exact', start: '2026-03-29' }, ['On 29 March 2026']],
    [{ precision: 'day', start: '2026-03-29', text: 'after prayer' }, ['On 29 March 2026', 'They said: after prayer']],
    [{ precision: 'day', start: '2026-03-28', end: '2026-03-29' }, ['From 28 March 2026 to 29 March 2026']],
    [{ precision: 'week', start: '2026-03-23', end: '2026-03-29' }, ['In the week of 23 March 2026']],
    [{ precision: 'month', start: '2026-03-01', end: '2026-03-31' }, ['In March 2026']],
    [{ precision: 'ongoing' }, ['It is still going on']],
    [{ precision: 'ongoing', start: '2026-03-01' }, ['Since 1 March 2026, and it is still going on']],
    [{ precision: 'dont_know' }, ['They do not know']],
    [{ precision: 'dont_know', text: 'in the summer' }, ['They do not know', 'They said: in the summer']],
  ])('%o', (when, wanted) => {
    expect(whenLines(readWhen(when, 'when'))).toEqual(wanted)
  })
})
