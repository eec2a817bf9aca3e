import { describe, expect, it } from 'vitest'
import { bodyOf, faultsIn } from '../../src/desk/act-form.ts'
import { groupsFor } from '../../src/desk/release-form.ts'
import { readReport, readUncovered, uncovered } from '../../src/desk/report-shape.ts'

const AT = '2026-01-02T03:04:05.678Z'
const HEAD = { id: 'r1', reference: 'ABCD-EFGH-1', received_at: AT, state: 'centre_only', sharing_choice: 'U1', version: 7 }
const report = (more: object = {}) =>
  readReport(
    {
      report: {
        ...HEAD,
        narrowable: ['identity', 'narrative'],
        openable: ['location', 'contact'],
        endable: ['location'],
        masked_groups: ['contact', 'identity', 'pictures'],
        override_grounds: [{ code: 'life_at_risk', label: 'Life' }],
        unmask_reasons: [{ code: 'supervision', label: 'Check' }],
        ...more,
      },
    },
    'answer',
  )
const fields = (faults: readonly { field: string }[]) => faults.map((fault) => fault.field)

describe('what the reporter takes back', () => {
  it('wants a group and how they said so', () => {
    expect(fields(faultsIn('narrow_release', {}, report()))).toEqual(['groups', 'note'])
    expect(bodyOf('narrow_release', { groups: 'identity', note: ' They rang. ' }, report())).toEqual({
      version: 7, groups: ['identity'], note: 'They rang.',
    })
  })

  it('holds nothing that was taken back meanwhile', () => {
    const typed = { groups: 'identity narrative', note: 'They rang.' }

    expect(bodyOf('narrow_release', typed, report({ narrowable: ['identity'] }))).toMatchObject({ groups: ['identity'] })
    expect(fields(faultsIn('narrow_release', { ...typed, groups: 'narrative' }, report({ narrowable: ['identity'] })))).toEqual(['groups'])
  })
})

describe('an override', () => {
  const typed = { groups: 'location', ground: 'life_at_risk', note: 'A threat.', told: 'unsafe', message: 'Typed before' }

  it('asks for everything, and for a force only where nobody knows whose report it is', () => {
    expect(fields(faultsIn('override_release', {}, report()))).toEqual(['groups', 'ground', 'note', 'told'])
    const nobodys = report({ forces: [{ id: 'south', name: 'Southmere' }] })
    expect(fields(faultsIn('override_release', {}, nobodys))).toEqual(['groups', 'force_id', 'ground', 'note', 'told'])
  })

  it.each(['no', 'unsafe'])('sends no words to somebody who does not know: %s', (told) => {
    expect(bodyOf('override_release', { ...typed, told }, report())).toMatchObject({ told, message: '', force_id: '' })
  })

  it('sends them where the person knows and can be reached', () => {
    expect(bodyOf('override_release', { ...typed, told: 'yes' }, report())).toMatchObject({ message: 'Typed before' })
    expect(bodyOf('end_override', { ...typed, told: 'yes' }, report({ can_reach: false }))).toMatchObject({ message: '' })
  })
})

describe('what is covered', () => {
  it('is asked for by group and reason; files are not answers', () => {
    expect(groupsFor('unmask', report())).toEqual(['contact', 'identity'])
    expect(fields(faultsIn('unmask', {}, report()))).toEqual(['groups', 'reason'])
    expect(bodyOf('unmask', { groups: 'identity', reason: 'supervision' }, report())).toEqual({
      groups: ['identity'], reason: 'supervision',
    })
  })

  it('stands on the page as if it had never been covered', () => {
    const answers = readUncovered({ groups: { identity: { name_known_as: 'Sam' } } }, 'answer')

    const shown = uncovered(report({ groups: { incident: { reporter_role: 'victim' } } }), ['identity'], answers)

    expect(shown.answers).toMatchObject({ name_known_as: 'Sam', reporter_role: 'victim' })
    expect(shown.maskedGroups).toEqual(['contact', 'pictures'])
  })
})
