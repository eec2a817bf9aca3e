/**
 * One report as the desk may see it. A field that is absent is hidden from this login or was never asked;
 * `not_answered` was asked and skipped. The two are never shown as the same thing.
 */

import { flag, listOf, or, orNull, record, shape, text, whole } from './checked.ts'
import type { Read, Reader } from './checked.ts'
import { readHistoryEntry, readRow, readSafeContact, readService, readWhen } from './shapes.ts'
import type { HistoryEntry, Service } from './shapes.ts'

export type Skipped = 'not_answered'
/** null: hidden or never asked. */
export type Answered<T> = T | Skipped | null

function answered<T>(read: Reader<T>): Reader<Answered<T>> {
  return (raw, place) => (raw === 'not_answered' ? 'not_answered' : orNull(read)(raw, place))
}

/** Absent when nobody asked, or nothing was said. */
const readWhere = shape({ place_type: answered(text), postcode: answered(text), text: answered(text) })

export const readAnswers = shape({
  reporter_role: answered(text),
  narrative_original: answered(text),
  when: answered(readWhen),
  event_types: answered(listOf(text)),
  strands: answered(listOf(text)),
  sub_strands: answered(listOf(text)),
  where: answered(readWhere),
  name_known_as: answered(text),
  support_needs: answered(listOf(text)),
  preferred_language: answered(text),
  safe_contact: answered(readSafeContact),
})
export type ShownAnswers = Read<typeof readAnswers>
export type AnswerName = keyof ShownAnswers

const coded = listOf(shape({ code: text, label: text }))
export type Coded = Read<typeof coded>[number]

const readDecision = shape({
  code: text,
  label: text,
  needs_reference: or(flag, false),
  tell: or(text, 'must'),
  reasons: or(coded, []),
  explainer: or(text, ''),
})
export type Decision = Read<typeof readDecision>

const readAttachment = shape({
  att_id: text,
  /** A state that a newer server adds shows no picture. */
  state: text,
  reason: orNull(text),
  size: or(whole, 0),
  offset: or(whole, 0),
  caption: or(text, ''),
  hidden_details: or(text, ''),
  media_type: orNull(text),
  /** Of the original, where this login may take it. */
  kind: orNull(text),
})
export type Attachment = Read<typeof readAttachment>

const readHead = shape({
  hidden_groups: or(listOf(text), []),
  masked_groups: or(listOf(text), []),
  acts: or(listOf(text), []),
  note: orNull(text),
  acknowledged_by: orNull(text),
  can_reach: or(flag, true),
  offered_to: orNull(shape({ force_name: text, at: text, until: text })),
  decided: orNull(text),
  decisions: or(listOf(readDecision), []),
  closures: or(listOf(shape({ code: text, label: text, explainer: or(text, '') })), []),
  reopen_reasons: or(coded, []),
  not_told_reasons: or(coded, []),
  forces: or(listOf(shape({ id: text, name: text })), []),
  forward_text: or(text, ''),
  signposts_shown: or(listOf(text), []),
  signposted: or(listOf(readService), []),
  attachments: or(listOf(readAttachment), []),
})

/** What this login may do, and the words to do it with, as the server's pack has them. */
export type Choosing = {
  readonly decisions: readonly Decision[]
  readonly closures: Read<typeof readHead>['closures']
  readonly reopenReasons: readonly Coded[]
  readonly notToldReasons: readonly Coded[]
  readonly forces: Read<typeof readHead>['forces']
  readonly forwardText: string
  readonly shown: readonly string[]
  readonly signposted: readonly Service[]
}

export type ReportHead = Read<typeof readRow>
export type OpenReport = {
  readonly head: ReportHead
  readonly answers: ShownAnswers
  readonly hiddenGroups: readonly string[]
  /** There, and covered: only a reason uncovers them. */
  readonly maskedGroups: readonly string[]
  /** What this login may do to this report, as the server decided. */
  readonly acts: readonly string[]
  readonly acknowledgedBy: string | null
  /** Why the receiving centre is not the one that was named. */
  readonly note: string | null
  readonly canReach: boolean
  readonly offeredTo: { readonly force_name: string; readonly until: string } | null
  readonly decided: string | null
  readonly choosing: Choosing
  readonly attachments: readonly Attachment[]
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
    maskedGroups: more.masked_groups,
    acts: more.acts,
    acknowledgedBy: more.acknowledged_by,
    note: more.note,
    canReach: more.can_reach,
    offeredTo: more.offered_to,
    decided: more.decided,
    choosing: {
      decisions: more.decisions,
      closures: more.closures,
      reopenReasons: more.reopen_reasons,
      notToldReasons: more.not_told_reasons,
      forces: more.forces,
      forwardText: more.forward_text,
      shown: more.signposts_shown,
      signposted: more.signposted,
    },
    attachments: more.attachments,
    history: body.history,
  }
}

/** The answers come by visible group; what a group is called does not matter here. */
function answersIn(report: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const groups = or(record, {})(report['groups'], 'report.groups')
  return Object.assign({}, ...Object.entries(groups).map(([name, group]) => record(group, `report.groups.${name}`)))
}
