import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { InsetText, NotificationBanner } from '../ui/notices.tsx'
import { typedIn } from './act-form.ts'
import { nextAct, offeredActs } from './act-names.ts'
import type { ActName } from './act-names.ts'
import { ActPanel } from './act-panel.tsx'
import type { Outcome } from './act-panel.tsx'
import { RefusalNotice } from './notices.tsx'
import type { OpenReport, ShownAnswers } from './report-shape.ts'
import { addressOf, replace } from './router.ts'
import { draftOf } from './session.ts'
import type { HistoryEntry, User } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCode } from './words.ts'

/** So short that they need no page of their own. */
const SHORT: readonly ActName[] = ['accept_report', 'acknowledge_report', 'mark_reply_read', 'take_report']

type Props = {
  readonly report: OpenReport
  readonly user: User
  readonly act: ActName | null
  /** Returns the report as it is now; null when it cannot be opened any more. */
  readonly reload: () => Promise<OpenReport | null>
  readonly uncover: (groups: readonly string[], answers: ShownAnswers) => void
}

/** What can be done now: the next step first, everything else below it. */
export function ActsPart({ report, user, act, reload, uncover }: Props): JSX.Element {
  const id = report.head.id
  const [outcome, setOutcome] = useState<Outcome>({ type: 'none' })
  useOpening(act, setOutcome)
  const offered = offeredActs(report)
  const next = nextAct(report)
  const open = act ?? (outcome.type !== 'done' && next !== null && SHORT.includes(next) ? next : null)
  const lost = act ?? (outcome.type === 'changed' ? outcome.act : null)
  const others = offered.filter((name) => name !== open)
  const finish = (done: Outcome) => {
    setOutcome(done)
    if (done.type === 'done' && done.act !== 'confirm_erasure') replace({ type: 'report', id, act: null })
  }
  return (
    <aside class="desk-acts" id="acts" tabIndex={-1} aria-label={say('acts.label')}>
      <Told outcome={outcome} />
      {open !== null && offered.includes(open) && (
        <ActPanel key={open} act={open} asked={act !== null} report={report} user={user} reload={reload} uncover={uncover} done={finish} />
      )}
      {lost !== null && !offered.includes(lost) && <Gone id={id} act={lost} />}
      {(others.length > 0 || open === null || !report.canReach) && (
        <section aria-labelledby="acts-title">
          <h2 class="govuk-heading-m" id="acts-title">{say('acts.title')}</h2>
          {!report.canReach && <InsetText><p class="govuk-body">{say('acts.no_way')}</p></InsetText>}
          {offered.length === 0 && <p class="govuk-body">{say(notNow(report))}</p>}
          <ul class="desk-acts__list">
            {others.map((name) => (
              <li key={name}>
                <a class={name === next ? 'govuk-button desk-last' : 'govuk-link'} href={addressOf({ type: 'report', id, act: name })}>
                  {say(`act.${name}`)}
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </aside>
  )
}

function notNow(report: OpenReport): 'ack.not_yours' | 'acts.none' {
  return report.head.acknowledged_at === null ? 'ack.not_yours' : 'acts.none'
}

/** What was told before is cleared when another act opens; the list takes the focus when one was left. */
function useOpening(act: ActName | null, setOutcome: (outcome: Outcome) => void): void {
  const before = useRef(act)
  useEffect(() => {
    if (act !== null && act !== before.current) setOutcome({ type: 'none' })
    if (act === null && before.current !== null && document.activeElement === document.body) {
      document.getElementById('acts')?.focus()
    }
    before.current = act
  }, [act])
}

function Told({ outcome }: { outcome: Outcome }): JSX.Element | null {
  switch (outcome.type) {
    case 'none':
      return null
    case 'refused':
      return <RefusalNotice refusal={outcome.refusal} />
    case 'done':
      return (
        <NotificationBanner id="act-done" title={say('ack.success')} success takesFocus>
          <p class="govuk-notification-banner__heading">{doneWords(outcome.act, outcome.told)}</p>
        </NotificationBanner>
      )
    case 'changed':
      return <Changed key={outcome.attempt} outcome={outcome} />
  }
}

function doneWords(act: ActName, told: string): string {
  if (told === 'reporter') return `${say(`done.${act}`)} ${say('done.told_reporter')}`
  return told === 'nobody' ? `${say(`done.${act}`)} ${say('done.told_nobody')}` : say(`done.${act}`)
}

function Changed({ outcome }: { outcome: Extract<Outcome, { type: 'changed' }> }): JSX.Element {
  return (
    <NotificationBanner id="act-changed" title={say('ack.important')} takesFocus>
      <p class="govuk-notification-banner__heading">{say('conflict.title')}</p>
      {outcome.changes.length === 0 && <p class="govuk-body">{outcome.refusal.next}</p>}
      <ul class="govuk-list govuk-list--bullet">
        {outcome.changes.map((entry) => <li key={entry.at + entry.action}>{changeWords(entry)}</li>)}
      </ul>
      <p class="govuk-body">{say('conflict.next')}</p>
    </NotificationBanner>
  )
}

function changeWords(entry: HistoryEntry): string {
  const what = sayCode('history', entry.action)
  const at = absolute(entry.at)
  return entry.who === '' ? say('conflict.line', { what, at }) : say('conflict.line_by', { what, at, who: entry.who })
}

/** The act is not possible any more. What was typed for it is shown, so that it is not lost with the form. */
function Gone({ id, act }: { id: string; act: ActName }): JSX.Element {
  const typed = typedIn(draftOf(id, act))
  return (
    <InsetText>
      <p class="govuk-body">{say('acts.gone', { act: say(`act.${act}`) })}</p>
      {typed.length > 0 && <p class="govuk-body"><strong>{say('ack.kept')}</strong></p>}
      {typed.map((words) => <p class="govuk-body desk-verbatim" dir="auto" key={words}>{words}</p>)}
    </InsetText>
  )
}
