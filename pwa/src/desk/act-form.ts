/**
 * The forms of acts, without their looks: what is missing, and what is sent. A draft is text by field; what
 * was not touched is suggested, so that nobody sends an old suggestion for a new choice.
 */

import type { FieldError } from '../ui/words.ts'
import type { ActName } from './act-names.ts'
import { keepBody, keepFaults } from './keep-form.ts'
import { releaseBody, releaseFaults } from './release-form.ts'
import type { Decision, OpenReport } from './report-shape.ts'
import type { Draft } from './session.ts'
import { say } from './words.ts'

export const TEXT_MAX = 2_000 // characters; a message is read on a phone, perhaps in a hurry
export const REFERENCE_MAX = 64
export const SERVICES_MAX = 12

/** `yes` or `no`; '' is not chosen yet. */
export type Telling = 'yes' | 'no' | ''

export const chosenServices = (draft: Draft): readonly string[] =>
  (draft['services'] ?? '').split(' ').filter((id) => id !== '')

export function chosenDecision(report: OpenReport, draft: Draft): Decision | null {
  return report.choosing.decisions.find((one) => one.code === draft['code']) ?? null
}

/** The words for the reporter: their own once typed, before that what the choice suggests. */
export function messageIn(act: ActName, draft: Draft, report: OpenReport): string {
  return draft['message'] ?? suggested(act, draft, report)
}

function suggested(act: ActName, draft: Draft, report: OpenReport): string {
  const { closures, forces, forwardText } = report.choosing
  switch (act) {
    case 'decide_report':
      return (chosenDecision(report, draft)?.explainer ?? '').replace('{reference}', draft['crime_reference']?.trim() || '{reference}')
    case 'close_report':
      return closures.find((one) => one.code === draft['code'])?.explainer ?? ''
    case 'forward_report':
      return forwardText.replace('{force}', forces.find((one) => one.id === draft['force_id'])?.name ?? '{force}')
    default:
      return ''
  }
}

/** Whether they are told. Where nobody can be reached there is nothing to choose. */
export function telling(draft: Draft, report: OpenReport): Telling {
  if (!report.canReach) return 'no'
  return draft['tell'] === 'no' ? 'no' : draft['tell'] === 'yes' ? 'yes' : ''
}

/** A decision that need not be told, and a report that was told of one before, may say nothing more. */
export function mayStaySilent(act: ActName, draft: Draft, report: OpenReport): boolean {
  if (act === 'decide_report') return chosenDecision(report, draft)?.tell === 'may'
  return report.history.some((entry) => entry.action === 'decided' && entry.told === 'reporter')
}

export function faultsIn(act: ActName, draft: Draft, report: OpenReport): readonly FieldError[] {
  const faults: FieldError[] = []
  const wanted = (field: string, text: string) => {
    if ((draft[field] ?? '').trim() === '') faults.push({ field, text })
  }
  const short = (field: string, text: string, max = TEXT_MAX) => {
    if ([...text].length > max) faults.push({ field, text: say('act.too_long', { max }) })
  }
  const message = () => {
    const words = messageIn(act, draft, report)
    if (words.trim() === '') faults.push({ field: 'message', text: say('ack.empty') })
    else if (words.includes('{')) faults.push({ field: 'message', text: say('act.unfilled') })
    else short('message', words)
  }
  switch (act) {
    case 'acknowledge_report':
    case 'ask_reporter':
    case 'update_reporter':
      message()
      break
    case 'decide_report': {
      const decision = chosenDecision(report, draft)
      if (decision === null) faults.push({ field: 'code', text: say('decide.code_empty') })
      if (decision?.needs_reference === true) wanted('crime_reference', say('decide.reference_empty'))
      short('crime_reference', draft['crime_reference'] ?? '', REFERENCE_MAX)
      if ((decision?.reasons.length ?? 0) > 0 && !hasReason(decision, draft)) {
        faults.push({ field: 'reason', text: say('decide.reason_empty') })
      }
      wanted('rationale', say('decide.rationale_empty'))
      short('rationale', draft['rationale'] ?? '')
      if (decision !== null) tell(faults, act, draft, report, message)
      break
    }
    case 'close_report':
      wanted('code', say('close.code_empty'))
      short('note', draft['note'] ?? '')
      if (draft['code'] !== undefined) tell(faults, act, draft, report, message)
      break
    case 'reopen_report':
      wanted('reason', say('reopen.reason_empty'))
      short('note', draft['note'] ?? '')
      short('message', messageIn(act, draft, report))
      break
    case 'signpost': {
      const chosen = chosenServices(draft).length
      if (chosen === 0) faults.push({ field: 'services', text: say('signpost.empty') })
      if (chosen > SERVICES_MAX) faults.push({ field: 'services', text: say('signpost.too_many', { max: SERVICES_MAX }) })
      short('message', messageIn(act, draft, report))
      break
    }
    case 'forward_report':
      wanted('force_id', say('forward.force_empty'))
      wanted('reason', say('forward.reason_empty'))
      short('reason', draft['reason'] ?? '')
      if (report.canReach && draft['force_id'] !== undefined) message()
      break
    case 'send_back_report':
      wanted('reason', say('send_back.reason_empty'))
      short('reason', draft['reason'] ?? '')
      break
    case 'narrow_release':
    case 'override_release':
    case 'end_override':
    case 'unmask':
      return releaseFaults(act, draft, report, TEXT_MAX)
    case 'keep_report':
    case 'hold_report':
    case 'lift_hold':
    case 'erase_report':
    case 'confirm_erasure':
      return keepFaults(act, draft, TEXT_MAX)
    case 'accept_report':
    case 'take_report':
    case 'mark_reply_read':
      break
  }
  return faults
}

function hasReason(decision: Decision | null, draft: Draft): boolean {
  return decision?.reasons.some((reason) => reason.code === draft['reason']) ?? false
}

function tell(
  faults: FieldError[],
  act: ActName,
  draft: Draft,
  report: OpenReport,
  message: () => void,
): void {
  const told = telling(draft, report)
  if (told === 'yes') return message()
  if (told === '') faults.push({ field: 'tell', text: say('tell.empty') })
  else if (!mayStaySilent(act, draft, report) && !draft['not_told_reason']) {
    faults.push({ field: 'not_told_reason', text: say('tell.reason_empty') })
  }
}

/** Only what belongs to the choice that was made: what was typed for another one stays here. */
export function bodyOf(act: ActName, draft: Draft, report: OpenReport): Readonly<Record<string, unknown>> {
  const version = report.head.version
  const words = (field: string) => (draft[field] ?? '').trim()
  const message = messageIn(act, draft, report).trim()
  const told = telling(draft, report) === 'yes'
  const telled = { message: told ? message : '', not_told_reason: told ? '' : words('not_told_reason') }
  switch (act) {
    case 'acknowledge_report':
      return { message }
    case 'ask_reporter':
    case 'update_reporter':
      return { version, message }
    case 'decide_report': {
      const decision = chosenDecision(report, draft)
      const crime_reference = decision?.needs_reference ? words('crime_reference') : ''
      const reason = hasReason(decision, draft) ? words('reason') : ''
      return { version, code: words('code'), reason, crime_reference, rationale: words('rationale'), ...telled }
    }
    case 'close_report':
      return { version, code: words('code'), note: words('note'), ...telled }
    case 'reopen_report':
      return { version, reason: words('reason'), note: words('note'), message: report.canReach ? message : '' }
    case 'signpost':
      return { version, services: chosenServices(draft), message }
    case 'forward_report':
      return { version, force_id: words('force_id'), reason: words('reason'), message: report.canReach ? message : '' }
    case 'send_back_report':
      return { version, reason: words('reason') }
    case 'narrow_release':
    case 'override_release':
    case 'end_override':
    case 'unmask':
      return releaseBody(act, draft, report)
    case 'keep_report':
    case 'hold_report':
    case 'lift_hold':
    case 'erase_report':
    case 'confirm_erasure':
      return keepBody(act, draft, report)
    case 'accept_report':
    case 'take_report':
    case 'mark_reply_read':
      return { version }
  }
}

/** What somebody typed, to show it where the form is gone. */
export function typedIn(draft: Draft): readonly string[] {
  return ['message', 'rationale', 'note', 'reason'].map((field) => draft[field] ?? '').filter((text) => text.includes(' '))
}
