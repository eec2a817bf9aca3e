import { dateTime, t } from '../i18n/index.ts'
import { cards, device, sendNow, status } from '../sync/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { Button } from '../ui/button.tsx'
import { filesWait } from './files-line.tsx'
import { back } from './flow.ts'
import { KnockLater } from './knock-later.tsx'
import { ReportCard } from './report-card.tsx'
import { SealedCopy } from './sealed-copy.tsx'

export function OutboxPage() {
  const waiting = cards.value.some((card) => card.sentAt === null)
  const last = status.value.lastSuccessAt
  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('outbox.heading')}
      </h1>
      <p class="govuk-body">{t(cards.value.length === 0 ? 'outbox.none' : 'outbox.lead')}</p>
      {(waiting || cards.value.some((card) => filesWait(card.files))) && (
        <Button onClick={() => void sendNow()}>{t('outbox.send')}</Button>
      )}
      {last !== null && <p class="govuk-body-s">{t('outbox.last_success', { when: dateTime(new Date(last)) })}</p>}
      <div>
        {cards.value.map((card) => (
          <ReportCard key={card.itemId} card={card} />
        ))}
      </div>
      {waiting && <SealedCopy />}
      {cards.value.length > 0 && <KnockLater of={device.value?.mode === 'centre' ? 'tablet' : 'list'} />}
    </div>
  )
}
