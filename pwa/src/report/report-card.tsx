import { dateTime, t } from '../i18n/index.ts'
import { type OutboxCard, proofOf, type ReportState, sayMore } from '../sync/index.ts'
import { Tag, type TagColour } from '../ui/status.tsx'
import { age } from './age.ts'
import { FilesLine } from './files-line.tsx'
import { Messages, Said } from './messages.tsx'
import { ProofButtons } from './proof-buttons.tsx'
import { SayForm } from './say-form.tsx'
import { WhoReads } from './who-reads.tsx'
import { whyNotSent } from './words.ts'

const COLOURS: Readonly<Record<ReportState, TagColour>> = {
  ready: 'yellow',
  sending: 'plain',
  sent: 'plain',
  acknowledged: 'plain',
  retrying: 'yellow',
  attention: 'red',
  erased: 'plain',
}

/** One report on this device: never its words, only what became of it. */
export function ReportCard({ card }: { readonly card: OutboxCard }) {
  return (
    <article class="wm-card" aria-labelledby={`card-${card.itemId}`}>
      <div class="wm-card__head">
        <h2 class="govuk-heading-s wm-reference" id={`card-${card.itemId}`}>
          {card.reference}
        </h2>
        <Tag colour={COLOURS[card.state]}>{t(`state.${card.state}`)}</Tag>
      </div>
      <p class="govuk-body">{t(`state_text.${card.state}`)}</p>
      {(card.state === 'retrying' || card.state === 'attention') && card.lastError !== null && (
        <p class="govuk-body">{whyNotSent(card.lastError)}</p>
      )}
      <FilesLine files={card.files} sent={card.sentAt !== null} />
      <ul class="govuk-list govuk-body-s">
        <li>
          {t('outbox.made', { when: dateTime(new Date(card.createdAt)) })}
          {old(card.createdAt)}
        </li>
        {card.sentAt !== null && <li>{t('outbox.sent_at', { when: dateTime(new Date(card.sentAt)) })}</li>}
        {card.sentAt === null && card.attempts > 0 && <li>{t('outbox.tries', { count: card.attempts })}</li>}
        {card.sentAt === null && card.nextTryAt !== null && card.nextTryAt > Date.now() && (
          <li>{t('outbox.next_try', { when: dateTime(new Date(card.nextTryAt)) })}</li>
        )}
        <li>{t('outbox.size', { size: Math.max(1, Math.round(card.bytes / 1024)) })}</li>
      </ul>
      <Messages messages={card.messages} below={2} />
      <Said said={card.said} />
      {card.mode === 'visitor' && card.sentAt !== null && <Further card={card} />}
    </article>
  )
}

/** On the phone that made the report its own key is enough: no code is asked for. */
function Further({ card }: { readonly card: OutboxCard }) {
  const proof = <ProofButtons reference={card.reference} proof={() => proofOf(card.itemId)} />
  if (card.state === 'erased') return proof
  return (
    <>
      <SayForm
        about={card.itemId}
        reference={card.reference}
        messages={card.messages}
        send={sayMore}
        onSaid={() => undefined}
      />
      <WhoReads
        about={card.itemId}
        reference={card.reference}
        messages={card.messages}
        send={sayMore}
        onSaid={() => undefined}
      />
      {proof}
    </>
  )
}

/** " (5 minutes old)" in the chosen language; nothing for the first minute. */
function old(createdAt: string): string {
  const words = age(Date.parse(createdAt), Date.now())
  return words === '' ? '' : t('outbox.age', { age: words })
}
