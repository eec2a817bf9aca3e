import { useEffect } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { cards, device, type OutboxCard, type ReportState, status } from '../sync/index.ts'
import { Button, ButtonGroup, LinkButton } from '../ui/button.tsx'
import { NotificationBanner, WarningText } from '../ui/notices.tsx'
import { HiddenLiveRegion, LiveRegion, Panel, Tag } from '../ui/status.tsx'
import { CodeToKeep } from './code-section.tsx'
import { FilesLine, filesWait, WifiOnly } from './files-line.tsx'
import { type Finished, hideCode, open, parting, restart } from './flow.ts'
import { KnockLater } from './knock-later.tsx'
import { Messages } from './messages.tsx'
import { SealedCopy } from './sealed-copy.tsx'
import { SendNow } from './send-now.tsx'
import { Services } from './services.tsx'
import { Urgent } from './urgent.tsx'
import { whyNotSent } from './words.ts'

/** Says only what is true at this moment: saved here, kept but not for certain, sent, read. */
export function SavedPage({ finished }: { readonly finished: Finished }) {
  const card = cards.value.find((each) => each.itemId === finished.saved.itemId)
  const sent = card?.state === 'sent' || card?.state === 'acknowledged' || card?.state === 'erased'
  const waiting = card !== undefined && filesWait(card.files)
  useEffect(() => {
    // "Sent" replaces the heading that had focus: without this a keyboard would start at the top again.
    if (document.activeElement === document.body) document.querySelector<HTMLElement>('main h1')?.focus()
  }, [sent])
  return (
    <div class="wm-column">
      {parting.value && <KeepCode />}
      {sent && <SentPanel finished={finished} />}
      {card !== undefined && !sent && <SavedHere finished={finished} card={card} />}
      {card === undefined && <Gone finished={finished} />}
      <LiveRegion>{card !== undefined && <FilesLine files={card.files} sent={sent} />}</LiveRegion>
      {card !== undefined && <WifiOnly files={[card.files]} />}
      <HiddenLiveRegion text={card === undefined || sent ? '' : t(`state.${card.state}`)} />
      {card !== undefined && <Messages messages={card.messages} below={1} />}
      <Code finished={finished} />
      {card !== undefined && <Next state={card.state} centre={finished.centreName} />}
      {card !== undefined && (!sent || waiting) && <SendNow />}
      {card !== undefined && !sent && <SealedCopy />}
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

/** On one's own phone, too: who else can see the answers, and how to change that. */
function Next({ state, centre }: { readonly state: ReportState; readonly centre: string }) {
  return (
    <>
      <h2 class="govuk-heading-m">{t('saved.next')}</h2>
      <p class="govuk-body">{next(state, centre)}</p>
      <p class="govuk-body">{t('saved.next_answer')}</p>
      {device.value?.mode !== 'centre' && (
        <p class="govuk-body">
          {t('saved.next_seen')} <LinkButton onClick={() => open('outbox')}>{t('saved.next_list')}</LinkButton>
        </p>
      )}
    </>
  )
}

function KeepCode() {
  return (
    <NotificationBanner id="keep-code" title={t('app.important')} takesFocus>
      <p class="govuk-notification-banner__heading">{t('code.kept')}</p>
      <p class="govuk-body">{t('code.kept_why')}</p>
      <ButtonGroup>
        <Button kind="secondary" onClick={() => (parting.value = false)}>
          {t('code.kept_stay')}
        </Button>
        <Button kind="secondary" onClick={restart}>
          {t('code.kept_leave')}
        </Button>
      </ButtonGroup>
    </NotificationBanner>
  )
}

/** Taken off this device, here or in another tab; or the browser has dropped it. */
function Gone({ finished }: { readonly finished: Finished }) {
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('saved.heading_gone')}
      </h1>
      <p class="govuk-body">{t('saved.gone')}</p>
      <p class="govuk-body">
        {t('saved.reference')} <strong class="wm-reference">{finished.saved.reference}</strong>. {t('saved.reference_why')}
      </p>
    </>
  )
}

function Code({ finished: { returnCode, saved } }: { readonly finished: Finished }) {
  if (returnCode !== null) return <CodeToKeep code={returnCode} onHide={hideCode} />
  return saved.returnable ? null : <p class="govuk-body">{t('code.none')}</p>
}

function next(state: ReportState, centre: string): string {
  if (state === 'acknowledged' || state === 'erased') return t(`state_text.${state}`)
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

type SavedHereProps = { readonly finished: Finished; readonly card: OutboxCard }

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
      <p>
        <Tag colour={card.state === 'attention' ? 'red' : 'yellow'}>{t(`state.${card.state}`)}</Tag>
      </p>
      <p class="govuk-body">{t(`state_text.${card.state}`)}</p>
      {card.lastError !== null && <p class="govuk-body">{whyNotSent(card.lastError)}</p>}
      <p class="govuk-body">
        {t('saved.reference')} <strong class="wm-reference">{reference}</strong>. {t('saved.reference_why')}
      </p>
      <p class="govuk-body">{t('saved.locked')}</p>
      {stored !== 'both' && <p class="govuk-body">{t('saved.one_copy')}</p>}
      {!durable && <p class="govuk-body">{t('saved.keep_open')}</p>}
    </>
  )
}
