import { useState } from 'preact/hooks'
import { dateTime, t } from '../i18n/index.ts'
import { cards, device, status } from '../sync/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { LinkButton } from '../ui/button.tsx'
import { LiveRegion } from '../ui/status.tsx'
import { filesWait, WifiOnly } from './files-line.tsx'
import { back, open } from './flow.ts'
import { KnockLater } from './knock-later.tsx'
import { LockNotice } from './lock-notice.tsx'
import { ReportCard } from './report-card.tsx'
import { SealedCopy } from './sealed-copy.tsx'
import { SendNow } from './send-now.tsx'
import { TakeOff } from './take-off.tsx'

export function OutboxPage() {
  const [takenOff, setTakenOff] = useState(false)
  const waiting = cards.value.some((card) => card.sentAt === null)
  const last = status.value.lastSuccessAt
  const done = () => {
    setTakenOff(true)
    document.querySelector<HTMLElement>('main h1')?.focus()
  }
  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('outbox.heading')}
      </h1>
      <LockNotice />
      <p class="govuk-body">{t(cards.value.length === 0 ? 'outbox.none' : 'outbox.lead')}</p>
      <LiveRegion>{takenOff && <p class="govuk-body">{t('take_off.done')}</p>}</LiveRegion>
      {(waiting || cards.value.some((card) => filesWait(card.files))) && <SendNow />}
      <WifiOnly files={cards.value.map((card) => card.files)} />
      {last !== null && <p class="govuk-body-s">{t('outbox.last_success', { when: dateTime(new Date(last)) })}</p>}
      <div>
        {cards.value.map((card) => (
          <ReportCard key={card.itemId} card={card} />
        ))}
      </div>
      {waiting && <SealedCopy />}
      {cards.value.length > 0 && (
        <p class="govuk-body">
          <LinkButton onClick={() => open('custody')}>{t('custody.link')}</LinkButton>
        </p>
      )}
      {cards.value.some((card) => card.mode === 'visitor' && card.sentAt !== null) && <TakeOff onDone={done} />}
      {cards.value.length > 0 && <KnockLater of={device.value?.mode === 'centre' ? 'tablet' : 'list'} />}
    </div>
  )
}
