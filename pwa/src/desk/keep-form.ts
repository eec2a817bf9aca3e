/** The forms of acts about keeping a report, without their looks: what can be chosen, what is missing, what is sent. */

import type { FieldError } from '../ui/words.ts'
import type { KeepAct } from './act-names.ts'
import type { OpenReport } from './report-shape.ts'
import type { Draft } from './session.ts'
import { say } from './words.ts'
import type { WordKey } from './words.ts'

type Field = { readonly name: string; readonly empty: WordKey }

const FIELDS: Readonly<Record<KeepAct, readonly Field[]>> = {
  keep_report: [
    { name: 'reason', empty: 'keep.reason_empty' },
    { name: 'months', empty: 'keep.months_empty' },
  ],
  hold_report: [
    { name: 'reason', empty: 'hold.reason_empty' },
    { name: 'note', empty: 'hold.note_empty' },
  ],
  lift_hold: [{ name: 'note', empty: 'lift.note_empty' }],
  erase_report: [
    { name: 'ground', empty: 'erase.ground_empty' },
    { name: 'note', empty: 'erase.note_empty' },
  ],
  confirm_erasure: [],
}

/** By code, as the service knows them. */
export const KEEP_REASONS = ['support_goes_on', 'risk_goes_on', 'pattern', 'complaint'] as const
export const HOLD_REASONS = ['proceedings', 'inquiry', 'lawful_request', 'reporter_asked'] as const
export const ERASE_GROUNDS = ['reporter_asked', 'not_needed', 'taken_in_by_mistake', 'ordered'] as const
export const MONTHS = ['3', '6', '12'] as const

export function keepFaults(act: KeepAct, draft: Draft, max: number): readonly FieldError[] {
  const typed = (name: string) => (draft[name] ?? '').trim()
  return FIELDS[act].flatMap(({ name, empty }): FieldError[] => {
    if (typed(name) === '') return [{ field: name, text: say(empty) }]
    return [...typed(name)].length > max ? [{ field: name, text: say('act.too_long', { max }) }] : []
  })
}

export function keepBody(act: KeepAct, draft: Draft, report: OpenReport): Readonly<Record<string, unknown>> {
  const typed = Object.fromEntries(FIELDS[act].map(({ name }) => [name, (draft[name] ?? '').trim()]))
  const { version } = report.head
  return act === 'keep_report' ? { version, ...typed, months: Number(typed['months']) } : { version, ...typed }
}
