import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { InsetText, NotificationBanner } from '../ui/notices.tsx'
import { AcknowledgeForm } from './acknowledge-form.tsx'
import * as api from './api.ts'
import { RefusalNotice } from './notices.tsx'
import type { OpenReport } from './report-shape.ts'
import { keepMessage, unsentMessage } from './session.ts'
import type { User } from './shapes.ts'
import { absolute } from './times.ts'
import { say } from './words.ts'

type Outcome =
  | { readonly type: 'none' }
  | { readonly type: 'sent'; readonly to: 'device' | 'nobody' }
  | { readonly type: 'late'; readonly next: string }
  | { readonly type: 'refused'; readonly refusal: api.Refusal }

type Props = { readonly report: OpenReport; readonly user: User; readonly reload: () => Promise<void> }

/** Tell the person that someone has read their report. Once, by whoever is first. */
export function AcknowledgePart({ report, user, reload }: Props): JSX.Element {
  const id = report.head.id
  const [outcome, setOutcome] = useState<Outcome>({ type: 'none' })
  const send = async (message: string) => {
    const result = await acknowledge(id, message)
    if (result.type === 'sent') keepMessage(id, '')
    setOutcome(result)
    if (result.type !== 'refused') await reload()
  }
  return (
    <section class="desk-ack" aria-labelledby="ack-title">
      <h2 class="govuk-heading-m" id="ack-title">{say('ack.title')}</h2>
      {outcome.type === 'sent' && (
        <NotificationBanner id="ack-done" title={say('ack.success')} success takesFocus>
          <p class="govuk-notification-banner__heading">{say(`ack.done_${outcome.to}`)}</p>
        </NotificationBanner>
      )}
      {outcome.type === 'late' && <TooLate report={report} />}
      {outcome.type === 'refused' && <RefusalNotice refusal={outcome.refusal} />}
      {report.head.acknowledged_at !== null ? (
        <p class="govuk-body">{say('ack.acknowledged', { at: absolute(report.head.acknowledged_at) })}</p>
      ) : report.acts.includes('acknowledge_report') ? (
        <AcknowledgeForm report={report} user={user} send={send} />
      ) : (
        <p class="govuk-body">{say('ack.not_yours')}</p>
      )}
    </section>
  )
}

async function acknowledge(id: string, message: string): Promise<Outcome> {
  try {
    return { type: 'sent', to: (await api.acknowledge(id, message)).delivered_to }
  } catch (error) {
    if (!(error instanceof api.Refusal)) throw error
    return error.code === 'already_acknowledged' ? { type: 'late', next: error.next } : { type: 'refused', refusal: error }
  }
}

/** Someone was first. What was typed here is shown, so that it is not lost with the form. */
function TooLate({ report }: { report: OpenReport }): JSX.Element {
  const kept = unsentMessage(report.head.id)
  const who = report.acknowledgedBy ?? report.history.find((entry) => entry.action === 'acknowledged')?.who
  return (
    <>
      <NotificationBanner id="ack-late" title={say('ack.important')} takesFocus>
        <p class="govuk-notification-banner__heading">{who ? say('ack.already_by', { who }) : say('ack.already')}</p>
        <p class="govuk-body">{say('ack.already_next')}</p>
      </NotificationBanner>
      {kept !== '' && (
        <InsetText>
          <p class="govuk-body"><strong>{say('ack.kept')}</strong></p>
          <p class="govuk-body desk-verbatim" dir="auto">{kept}</p>
        </InsetText>
      )}
    </>
  )
}
