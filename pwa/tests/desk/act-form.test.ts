import { describe, expect, it } from 'vitest'
import { bodyOf, faultsIn, messageIn, telling } from '../../src/desk/act-form.ts'
import { ACT_NAMES, nextAct, offeredActs } from '../../src/desk/act-names.ts'
import { changesSince } from '../../src/desk/act-panel.tsx'
import { readReport } from '../../src/desk/report-shape.ts'

const AT = '2026-01-02T03:04:05.678Z'
const HEAD = { id: 'r1', reference: 'ABCD-EFGH-1', received_at: AT, state: 'in_triage', sharing_choice: 'P1', version: 7 }
const CRIME = { code: 'crime_recorded', label: 'Crime', needs_reference: true, tell: 'must', reasons: [], explainer: 'The number is {reference}.' }
const NO_CRIME = {
  code: 'crime_not_recorded', label: 'No crime', needs_reference: false, tell: 'must', explainer: 'We believe you.',
  reasons: [{ code: 'not_a_crime_in_law', label: 'Not a crime in law' }],
}
const SILENT = { code: 'intelligence_only', label: 'Intelligence', tell: 'may', explainer: 'Thank you.' }

const report = (more: object = {}, history: object[] = []) =>
  readReport(
    {
      report: {
        ...HEAD,
        decisions: [CRIME, NO_CRIME, SILENT],
        closures: [{ code: 'all_done', label: 'Done', explainer: 'We have closed it.' }],
        forces: [{ id: 'south', name: 'Southmere' }],
        forward_text: 'We think that {force} should look.',
        ...more,
      },
      history,
    },
    'answer',
  )
const fields = (faults: readonly { field: string }[]) => faults.map((fault) => fault.field)

describe('a decision', () => {
  const told = { code: 'crime_recorded', crime_reference: ' 42/1 ', rationale: 'Seen.', tell: 'yes' }

  it('asks for everything that is missing, in the order of the form', () => {
    expect(fields(faultsIn('decide_report', {}, report()))).toEqual(['code', 'rationale'])
    expect(fields(faultsIn('decide_report', { code: 'crime_recorded' }, report()))).toEqual(['crime_reference', 'rationale', 'tell'])
    expect(fields(faultsIn('decide_report', { code: 'crime_not_recorded', rationale: 'x' }, report()))).toEqual(['reason', 'tell'])
  })

  it('tells the reference to the person', () => {
    expect(messageIn('decide_report', told, report())).toBe('The number is 42/1.')
    expect(bodyOf('decide_report', told, report())).toEqual({
      version: 7, code: 'crime_recorded', reason: '', crime_reference: '42/1', rationale: 'Seen.',
      message: 'The number is 42/1.', not_told_reason: '',
    })
  })

  it('sends no gap that nobody filled', () => {
    const typed = { ...told, message: 'The number is {reference}.' }

    expect(fields(faultsIn('decide_report', typed, report()))).toEqual(['message'])
  })

  it('keeps what a person typed, whatever they choose then', () => {
    const typed = { ...told, message: 'My own words', code: 'crime_not_recorded' }

    expect(messageIn('decide_report', typed, report())).toBe('My own words')
  })

  it('leaves out what belongs to another choice', () => {
    const switched = { ...told, code: 'crime_not_recorded', reason: 'not_a_crime_in_law', tell: 'no', not_told_reason: 'unsafe_contact' }

    expect(bodyOf('decide_report', switched, report())).toMatchObject({
      crime_reference: '', reason: 'not_a_crime_in_law', message: '', not_told_reason: 'unsafe_contact',
    })
    expect(bodyOf('decide_report', { ...switched, code: 'intelligence_only' }, report())).toMatchObject({ reason: '' })
  })

  it('that must be told wants a reason for silence; one that may be told does not', () => {
    const silent = { rationale: 'x', tell: 'no', code: 'intelligence_only' }

    expect(faultsIn('decide_report', silent, report())).toEqual([])
    const must = { ...silent, code: 'crime_not_recorded', reason: 'not_a_crime_in_law' }
    expect(fields(faultsIn('decide_report', must, report()))).toEqual(['not_told_reason'])
  })

  it('tells nobody where nobody can be reached', () => {
    const unreachable = report({ can_reach: false })

    expect(telling(told, unreachable)).toBe('no')
    expect(bodyOf('decide_report', told, unreachable)).toMatchObject({ message: '' })
  })
})

it('closing may stay silent after a decision that was told', () => {
  const silent = { code: 'all_done', tell: 'no' }
  const decided = report({}, [{ at: AT, action: 'decided', told: 'reporter' }])

  expect(fields(faultsIn('close_report', silent, report()))).toEqual(['not_told_reason'])
  expect(faultsIn('close_report', silent, decided)).toEqual([])
})

it('an offer names the other force to the person', () => {
  expect(messageIn('forward_report', { force_id: 'south' }, report())).toBe('We think that Southmere should look.')
})

it.each([
  [' \n ', ['message']],
  ['x'.repeat(2_001), ['message']],
  ['😀'.repeat(2_000), []],
])('a message is neither empty nor too long', (message, wanted) => {
  expect(fields(faultsIn('ask_reporter', { message }, report()))).toEqual(wanted)
})

it('one to twelve services are sent', () => {
  const many = Array.from({ length: 13 }, (_, index) => `s${index}`).join(' ')

  expect(fields(faultsIn('signpost', {}, report()))).toEqual(['services'])
  expect(fields(faultsIn('signpost', { services: many }, report()))).toEqual(['services'])
  expect(bodyOf('signpost', { services: 'a b' }, report())).toEqual({ version: 7, services: ['a', 'b'], message: '' })
})

it.each(ACT_NAMES)('%s names the version that was shown, or is the first act, or changes nothing', (act) => {
  expect(['acknowledge_report', 'unmask'].includes(act) || bodyOf(act, {}, report())['version'] === 7).toBe(true)
})

describe('what is offered', () => {
  const standing = (acts: string[], decided: string | null = null) => ({ acts, decided })

  it('is only what the server lists, and known here', () => {
    expect(offeredActs(standing(['close_report', 'merge_report', 'acknowledge_report']))).toEqual(['acknowledge_report', 'close_report'])
  })

  it.each([
    ['accept_report', ['acknowledge_report', 'accept_report'], null],
    ['acknowledge_report', ['decide_report', 'acknowledge_report'], null],
    ['take_report', ['take_report', 'ask_reporter'], null],
    ['mark_reply_read', ['decide_report', 'mark_reply_read'], null],
    ['decide_report', ['close_report', 'decide_report'], null],
    ['close_report', ['close_report', 'decide_report'], 'crime_recorded'],
    [null, ['ask_reporter'], null],
  ])('begins with %s', (next, acts, decided) => {
    expect(nextAct(standing(acts, decided))).toBe(next)
  })
})

it('a conflict tells what happened since, and nothing that was known', () => {
  const old = { at: AT, action: 'acknowledged', who: 'Us' }
  const fresh = { at: '2026-01-02T03:05:00.000Z', action: 'reporter_wrote', side: 'reporter' }

  expect(changesSince(report({}, [old]), report({}, [old, fresh])).map((entry) => entry.action)).toEqual(['reporter_wrote'])
  expect(changesSince(report({}, [old]), null)).toEqual([])
})
