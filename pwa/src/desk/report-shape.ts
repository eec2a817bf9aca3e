/**
 * One report as the desk may see it. A field that is absent is hidden from this login or was never asked;
 * `not_answered` was asked and skipped. The two are never shown as the same thing.
 */

import { listOf, or, orNull, record, shape, text } from './checked.ts'
import type { Read, Reader } from './checked.ts'
import { readHistoryEntry, readRow, readSafeContact, readWhen } from './shapes.ts'
import type { HistoryEntry } from './shapes.ts'

export type Skipped = 'not_answered'
/** null: hidden or never asked. */
export type Answered<T> = T | Skipped | null

function answered<T>(read: Reader<T>): Reader<Answered<T>> {
  return (raw, place) => (raw === 'not_answered' ? 'not_answered' : orNull(read)(raw, place))
}

export const readAnswers = shape({
  reporter_role: answered(text),
  narrative_original: answered(text),
  when: answered(readWhen),
  event_types: answered(listOf(text)),
  strands: answered(listOf(text)),
  sub_strands: answered(listOf(text)),
  place_type: answered(text),
  postcode: answered(text),
  place_text: answered(text),
  name_known_as: answered(text),
  safe_contact: answered(readSafeContact),
})
export type ShownAnswers = Read<typeof readAnswers>
export type AnswerName = keyof ShownAnswers

const readHead = shape({
  hidden_groups: or(listOf(text), []),
  acts: or(listOf(text), []),
  note: orNull(text),
  acknowledged_by: orNull(text),
})

export type ReportHead = Read<typeof readRow>
export type OpenReport = {
  readonly head: ReportHead
  readonly answers: ShownAnswers
  readonly hiddenGroups: readonly string[]
  /** What this login may do to this report, as the server decided. */
  readonly acts: readonly string[]
  readonly acknowledgedBy: string | null
  /** Why the receiving centre is not the one that was named. */
  readonly note: string | null
  readonly history: readonly HistoryEntry[]
}

const readBody = shape({ report: record, history: or(listOf(readHistoryEntry), []) })

export const readReport: Reader<OpenReport> = (raw, place) => {
  const body = readBody(raw, place)
  const head = readRow(body.report, `${place}.report`)
  const more = readHead(body.report, `${place}.report`)
  return {
    head,
    answers: readAnswers(answersIn(body.report), `${place}.report`),
    hiddenGroups: more.hidden_groups,
    acts: more.acts,
    acknowledgedBy: more.acknowledged_by,
    note: more.note,
    history: body.history,
  }
}

/** The answers come by visible group; what a group is called does not matter here. */
function answersIn(report: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const groups = or(record, {})(report['groups'], 'report.groups')
  return Object.assign({}, ...Object.entries(groups).map(([name, group]) => record(group, `report.groups.${name}`)))
}
