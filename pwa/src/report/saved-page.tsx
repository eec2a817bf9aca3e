import { useEffect } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { cards, device, type OutboxCard, type ReportState, sendNow, status } from '../sync/index.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { WarningText } from '../ui/notices.tsx'
import { HiddenLiveRegion, LiveRegion, Panel, Tag } from '../ui/status.tsx'
import { CodeToKeep } from './code-section.tsx'
import { FilesLine, filesWait } from './files-line.tsx'
import { type Finished, hideCode, restart } from './flow.ts'
import { KnockLater } from './knock-later.tsx'
import { Messages } from './messages.tsx'
import { SealedCopy } from './sealed-copy.tsx'
import { Services } from './services.tsx'
import { Urgent } from './urgent.tsx'
import { whyNotSent } from './words.ts'

/** Says only what is true at this moment: saved here, kept but not for certain, sent, read. */
export function SavedPage({ finished }: { readonly finished: Finished }) {
  const card = cards.value.find((each) => each.itemId === finished.saved.itemId)
  const sent = card?.state === 'sent' || card?.state === 'acknowledged'
  const waiting = card !== undefined && filesWait(card.files)
  useEffect(() => {
    // "Sent" replaces the heading that had focus: without this a keyboard would start at the top again.
    if (document.activeElement === document.body) document.querySelector<HTMLElement>('main h1')?.focus()
  }, [sent])
  return (
    <div class="wm-column">
      {sent ? <SentPanel finished={finished} /> : <SavedHere finished={finished} card={card} />}
      <LiveRegion>{card !== undefined && <FilesLine files={card.files} sent={sent} />}</LiveRegion>
      <HiddenLiveRegion text={card === undefined ? '' : t(`state.${card.state}`)} />
      <div aria-live="polite">{card !== undefined && <Messages messages={card.messages} below={1} />}</div>
      <Code finished={finished} />
      <h2 class="govuk-heading-m">{t('saved.next')}</h2>
      <p class="govuk-body">{next(card?.state, finished.centreName)}</p>
      <p class="govuk-body">{t('saved.next_answer')}</p>
      {(!sent || waiting) && <Button onClick={() => void sendNow()}>{t('outbox.send')}</Button>}
      {!sent && <SealedCopy />}
      {finished.danger && <Urgent />}
      <Services services={finished.services} />
      {!finished.danger && <Urgent />}
      {device.value?.mode !== 'centre' && <KnockLater of="person" />}
      <p class="govuk-body">
        <LinkButton onClick={restart}>{t('saved.again')}</LinkButton>
      </p>
      {sent && !waiting && <p class="govuk-body">{t('saved.done')}</p>}
    </div>
  )
}

function Code({ finished: { returnCode, saved } }: { readonly finished: Finished }) {
  if (returnCode !== null) return <CodeToKeep code={returnCode} onHide={hideCode} />
  return saved.returnable ? null : <p class="govuk-body">{t('code.none')}</p>
}

function next(state: ReportState | undefined, centre: string): string {
  if (state === 'acknowledged') return t('state_text.acknowledged')
  return state === 'sent' ? t('saved.next_sent', { centre }) : t('saved.next_ready')
}

/** Green, because a receipt proves it. */
function SentPanel({ finished }: { readonly finished: Finished }) {
  return (
    <>
      <Panel title={t('saved.heading_sent')}>
        {t('saved.reference')}
        <br />
        <strong class="wm-reference">{finished.saved.reference}</strong>
      </Panel>
      <p class="govuk-body">{t('saved.reference_why')}</p>
    </>
  )
}

type SavedHereProps = { readonly finished: Finished; readonly card: OutboxCard | undefined }

function SavedHere({ finished, card }: SavedHereProps) {
  const { reference, stored } = finished.saved
  const durable = finished.saved.durable || status.value.durable === true
  const own = { device: t(device.value?.mode === 'centre' ? 'saved.device_tablet' : 'saved.device_phone') }
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t(durable ? 'saved.heading_durable' : 'saved.heading_not_durable', own)}
      </h1>
      {!durable && <WarningText hidden={t('app.warning')}>{t('saved.not_durable')}</WarningText>}
      {card !== undefined && (
        <p>
          <Tag colour={card.state === 'attention' ? 'red' : 'yellow'}>{t(`state.${card.state}`)}</Tag>
        </p>
      )}
      {card !== undefined && <p class="govuk-body">{t(`state_text.${card.state}`)}</p>}
      {card?.lastError != null && <p class="govuk-body">{whyNotSent(card.lastError)}</p>}
      <p class="govuk-body">
        {t('saved.reference')} <strong class="wm-reference">{reference}</strong>. {t('saved.reference_why')}
      </p>
      <p class="govuk-body">{t('saved.locked')}</p>
      {stored !== 'both' && <p class="govuk-body">{t('saved.one_copy')}</p>}
      {!durable && <p class="govuk-body">{t('saved.keep_open')}</p>}
    </>
  )
}
