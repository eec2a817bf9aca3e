import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { NotificationBanner } from '../ui/notices.tsx'
import * as api from './api.ts'
import { RefusalNotice } from './notices.tsx'
import type { OpenReport } from './report-shape.ts'
import type { User } from './shapes.ts'
import { say } from './words.ts'

type TakeProps = { readonly report: OpenReport; readonly user: User; readonly reload: () => Promise<void> }

/** Where nobody could tell the area, a force says that the report is its own. */
export function TakePart({ report, user, reload }: TakeProps): JSX.Element | null {
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [taken, setTaken] = useState(false)
  const [busy, setBusy] = useState(false)

  const take = async () => {
    setBusy(true)
    try {
      await api.take(report.head.id)
      setTaken(true)
      await reload()
    } catch (error) {
      if (!(error instanceof api.Refusal)) throw error
      setRefusal(error)
    } finally {
      setBusy(false)
    }
  }
  if (taken) {
    return (
      <NotificationBanner id="taken" title={say('ack.success')} success takesFocus>
        <p class="govuk-notification-banner__heading">{say('report.take_done')}</p>
      </NotificationBanner>
    )
  }
  if (!report.acts.includes('take_report')) return null
  return (
    <section class="wm-card" aria-labelledby="take">
      <h2 class="govuk-heading-m" id="take">{say('report.take_title')}</h2>
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      <p class="govuk-body">{say('report.take_hint')}</p>
      <Button kind="secondary" busy={busy} onClick={() => void take()}>
        {say('report.take', { force: user.force_name ?? '' })}
      </Button>
    </section>
  )
}
