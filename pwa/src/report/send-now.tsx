import { useState } from 'preact/hooks'
import { dateTime, t } from '../i18n/index.ts'
import { sendNow } from '../sync/index.ts'
import { Button } from '../ui/button.tsx'
import { LiveRegion } from '../ui/status.tsx'

/** Says that it tried, also when nothing else on the page changes. The button goes when there is nothing to send. */
export function SendNow() {
  const [busy, setBusy] = useState(false)
  const [triedAt, setTriedAt] = useState<Date | null>(null)
  const send = async () => {
    setBusy(true)
    await sendNow().catch(() => undefined) // why it failed stands with the report
    setTriedAt(new Date())
    setBusy(false)
  }
  return (
    <>
      <Button busy={busy} onClick={() => void send()}>
        {t('outbox.send')}
      </Button>
      <LiveRegion>
        {busy && <p class="govuk-body-s">{t('state.sending')}</p>}
        {!busy && triedAt !== null && <p class="govuk-body-s">{t('outbox.tried', { when: dateTime(triedAt) })}</p>}
      </LiveRegion>
    </>
  )
}
