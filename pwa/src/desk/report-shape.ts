/**
 * One report as the desk may see it. A field that is absent is hidden from this login or was never asked;
 * `not_answered` was asked and skipped. The two are never shown as the same thing.
 */

import { flag, instant, listOf, or, orNull, record, shape, text, whole } from './checked.ts'
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

const toldOrNot = or(orNull(text), null)
const readRelease = shape({
  now: or(
    listOf(shape({ group: text, basis: text, since: instant, ground_label: or(text, ''), told: toldOrNot })),
    [],
  ),
  versions: or(
    listOf(
      shape({
        version: whole,
        basis: text,
        at: instant,
        by: text,
        groups: listOf(text),
        ground_label: or(text, ''),
        told: toldOrNot,
      }),
    ),
    [],
  ),
})
export type Release = Read<typeof readRelease>
export type Seeable = Release['now'][number]
const NOTHING: Release = { now: [], versions: [] }

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
  release: or(readRelease, NOTHING),
  seen: or(listOf(shape({ role: text, on: text })), []),
  narrowable: or(listOf(text), []),
  openable: or(listOf(text), []),
  endable: or(listOf(text), []),
  override_grounds: or(coded, []),
  unmask_reasons: or(coded, []),
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
  /** Groups of answers: what can be taken back, opened by override, and ended. */
  readonly narrowable: readonly string[]
  readonly openable: readonly string[]
  readonly endable: readonly string[]
  readonly overrideGrounds: readonly Coded[]
  readonly unmaskReasons: readonly Coded[]
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
  /** Who may see what of it. */
  readonly release: Release
  /** Who of the centre has opened it, by role and day; none for the police. */
  readonly seen: readonly { readonly role: string; readonly on: string }[]
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
      narrowable: more.narrowable,
      openable: more.openable,
      endable: more.endable,
      overrideGrounds: more.override_grounds,
      unmaskReasons: more.unmask_reasons,
    },
    attachments: more.attachments,
    release: more.release,
    seen: more.seen,
    history: body.history,
  }
}

/** What was covered, with a reason: in the shape of the page that it is shown on. */
export const readUncovered: Reader<ShownAnswers> = (raw, place) => readAnswers(answersIn(record(raw, place)), place)

/** The page with answers that were covered on it. Opened again, they are covered again. */
export function uncovered(report: OpenReport, groups: readonly string[], answers: ShownAnswers): OpenReport {
  const there = Object.entries(answers).filter(([, answer]) => answer !== null)
  return {
    ...report,
    answers: { ...report.answers, ...Object.fromEntries(there) },
    maskedGroups: report.maskedGroups.filter((group) => !groups.includes(group)),
  }
}

/** The answers come by visible group; what a group is called does not matter here. */
function answersIn(report: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const groups = or(record, {})(report['groups'], 'report.groups')
  return Object.assign({}, ...Object.entries(groups).map(([name, group]) => record(group, `report.groups.${name}`)))
}
