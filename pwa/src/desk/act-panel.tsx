import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import type { FieldError } from '../ui/words.ts'
import { ActFields } from './act-fields.tsx'
import { bodyOf, faultsIn } from './act-form.ts'
import type { ActName } from './act-names.ts'
import * as api from './api.ts'
import { chosenGroups, groupsFor } from './release-form.ts'
import type { OpenReport, ShownAnswers } from './report-shape.ts'
import { addressOf, replace } from './router.ts'
import { draftOf, dropDraft, keepDraft } from './session.ts'
import type { Draft } from './session.ts'
import type { HistoryEntry, User } from './shapes.ts'
import { isWordKey, say } from './words.ts'

export type Outcome =
  | { readonly type: 'none' }
  | { readonly type: 'done'; readonly act: ActName; readonly told: string }
  | { readonly type: 'refused'; readonly refusal: api.Refusal }
  /** Somebody else was first. `changes`: what happened since the page was opened. */
  | {
      readonly type: 'changed'
      readonly act: ActName
      readonly changes: readonly HistoryEntry[]
      readonly refusal: api.Refusal
      readonly attempt: number
    }

/** The report is not as it was shown: it is opened again, and nothing was done. */
const STALE: readonly string[] = ['changed_meanwhile', 'already_acknowledged', 'not_now']

type Props = {
  readonly act: ActName
  /** Opened by hand rather than by the page: it takes the focus. */
  readonly asked: boolean
  readonly report: OpenReport
  readonly user: User
  readonly reload: () => Promise<OpenReport | null>
  readonly uncover: (groups: readonly string[], answers: ShownAnswers) => void
  readonly done: (outcome: Outcome) => void
}

/** One act as a form. What is typed outlives a lost session and a conflict, not a log-out. */
export function ActPanel({ act, asked, report, user, reload, uncover, done }: Props): JSX.Element {
  const id = report.head.id
  const [draft, setDraft] = useState<Draft>(() => draftOf(id, act))
  const [errors, setErrors] = useState<readonly FieldError[]>([])
  const [attempt, setAttempt] = useState(0)
  const [busy, setBusy] = useState(false)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (asked) title.current?.focus()
  }, [asked])

  const set = (part: Draft) => {
    const now = { ...draft, ...part }
    keepDraft(id, act, now)
    setDraft(now)
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    if (busy) return
    const faults = faultsIn(act, draft, report)
    setErrors(faults)
    setAttempt(attempt + 1)
    if (faults.length > 0) return
    setBusy(true)
    const outcome = await send(act, draft, report, { reload, uncover }, attempt)
    setBusy(false)
    done(outcome)
  }
  const hint = `hint.${act}`
  return (
    <section class="desk-act" aria-labelledby="act-title">
      <h2 class="govuk-heading-m" id="act-title" tabIndex={-1} ref={title}>{say(`act.${act}`)}</h2>
      {errors.length > 0 && <ErrorSummary title={say('app.problem')} errors={errors} attempt={attempt} />}
      {isWordKey(hint) && <p class="govuk-body">{say(hint)}</p>}
      <form noValidate onSubmit={submit}>
        <ActFields act={act} report={report} user={user} draft={draft} set={set} errors={errors} />
        <ButtonGroup>
          <Button submit busy={busy}>{busy ? say('ack.sending') : submitWords(act, user)}</Button>
          {act === 'acknowledge_report' && (draft['message'] ?? '') === '' && (
            <Button kind="secondary" onClick={() => set({ message: say('ack.suggestion') })}>{say('ack.suggest')}</Button>
          )}
          {asked && <a class="govuk-link" href={addressOf({ type: 'report', id, act: null })}>{say('act.cancel')}</a>}
        </ButtonGroup>
      </form>
    </section>
  )
}

function submitWords(act: ActName, user: User): string {
  return act === 'take_report' ? say('report.take', { force: user.force_name ?? '' }) : say(`submit.${act}`)
}

async function send(
  act: ActName,
  draft: Draft,
  report: OpenReport,
  { reload, uncover }: Pick<Props, 'reload' | 'uncover'>,
  attempt: number,
): Promise<Outcome> {
  try {
    if (act === 'unmask') {
      const answers = await api.unmask(report.head.id, bodyOf(act, draft, report))
      uncover(chosenGroups(draft, groupsFor(act, report)), answers)
      dropDraft(report.head.id, act)
      return { type: 'done', act, told: '' }
    }
    const told = await api.act(report.head.id, act, bodyOf(act, draft, report))
    dropDraft(report.head.id, act)
    if (act === 'confirm_erasure') replace({ type: 'reviews', erased: true })
    else await reload()
    return { type: 'done', act, told }
  } catch (refusal) {
    if (!(refusal instanceof api.Refusal)) throw refusal
    if (!STALE.includes(refusal.code)) return { type: 'refused', refusal }
    const fresh = await reload()
    return { type: 'changed', act, changes: changesSince(report, fresh), refusal, attempt }
  }
}

/** What the history holds now and did not hold then. */
export function changesSince(before: OpenReport, after: OpenReport | null): readonly HistoryEntry[] {
  const known = new Set(before.history.map((entry) => `${entry.at} ${entry.action}`))
  return after?.history.filter((entry) => !known.has(`${entry.at} ${entry.action}`)) ?? []
}
