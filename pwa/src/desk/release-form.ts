/** The forms of acts on a release, without their looks: what is missing, and what is sent. */

import type { FieldError } from '../ui/words.ts'
import type { ReleaseAct } from './act-names.ts'
import type { OpenReport } from './report-shape.ts'
import type { Draft } from './session.ts'
import { say } from './words.ts'

/** What can be chosen now. What was chosen before somebody else was quicker may be gone. */
export function groupsFor(act: ReleaseAct, { choosing, maskedGroups }: OpenReport): readonly string[] {
  switch (act) {
    case 'narrow_release':
      return choosing.narrowable
    case 'override_release':
      return choosing.openable
    case 'end_override':
      return choosing.endable
    case 'unmask':
      return maskedGroups.filter((group) => group !== 'pictures') // files have a page and a record of their own
  }
}

export const chosenGroups = (draft: Draft, possible: readonly string[]): readonly string[] =>
  (draft['groups'] ?? '').split(' ').filter((group) => possible.includes(group))

/** Words go to the person only where they know, and where anything reaches them. */
export const tellsThem = (draft: Draft, report: OpenReport): boolean => report.canReach && draft['told'] === 'yes'

export const namesForce = (act: ReleaseAct, report: OpenReport): boolean =>
  act === 'override_release' && report.choosing.forces.length > 0

type Asked = { readonly field: string; readonly empty: string }

/** In the order of the form. */
function askedBy(act: ReleaseAct, report: OpenReport): readonly Asked[] {
  switch (act) {
    case 'narrow_release':
      return [{ field: 'note', empty: say('narrow.note_empty') }]
    case 'override_release':
      return [
        ...(namesForce(act, report) ? [{ field: 'force_id', empty: say('override.force_empty') }] : []),
        { field: 'ground', empty: say('override.ground_empty') },
        { field: 'note', empty: say('override.note_empty') },
        { field: 'told', empty: say('told.empty') },
      ]
    case 'end_override':
      return [
        { field: 'note', empty: say('end_override.note_empty') },
        { field: 'told', empty: say('told.empty') },
      ]
    case 'unmask':
      return [{ field: 'reason', empty: say('unmask.reason_empty') }]
  }
}

export function releaseFaults(act: ReleaseAct, draft: Draft, report: OpenReport, max: number): readonly FieldError[] {
  const chosen = chosenGroups(draft, groupsFor(act, report))
  const long = (field: string) => [...(draft[field] ?? '')].length > max
  return [
    ...(chosen.length === 0 ? [{ field: 'groups', text: say('groups.empty') }] : []),
    ...askedBy(act, report)
      .filter(({ field }) => (draft[field] ?? '').trim() === '')
      .map(({ field, empty }) => ({ field, text: empty })),
    ...['note', ...(tellsThem(draft, report) ? ['message'] : [])]
      .filter(long)
      .map((field) => ({ field, text: say('act.too_long', { max }) })),
  ]
}

export function releaseBody(act: ReleaseAct, draft: Draft, report: OpenReport): Readonly<Record<string, unknown>> {
  const words = (field: string) => (draft[field] ?? '').trim()
  const groups = chosenGroups(draft, groupsFor(act, report))
  const { version } = report.head
  const telling = { told: words('told'), message: tellsThem(draft, report) ? words('message') : '' }
  switch (act) {
    case 'narrow_release':
      return { version, groups, note: words('note') }
    case 'override_release': {
      const force_id = namesForce(act, report) ? words('force_id') : ''
      return { version, groups, ground: words('ground'), note: words('note'), force_id, ...telling }
    }
    case 'end_override':
      return { version, groups, note: words('note'), ...telling }
    case 'unmask':
      return { groups, reason: words('reason') }
  }
}
