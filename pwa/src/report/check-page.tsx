import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { device, type SaveFailedCode, status } from '../sync/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { InsetText, NotificationBanner } from '../ui/notices.tsx'
import { HiddenLiveRegion } from '../ui/status.tsx'
import { SummaryList, type SummaryRow } from '../ui/summary-list.tsx'
import { checkAll } from './checks.ts'
import { CodeToBe } from './code-section.tsx'
import { finishReport } from './finish.ts'
import { back, change, filled } from './flow.ts'
import { visibleSteps } from './graph.ts'
import { PictureRow } from './picture-row.tsx'
import { centreName, findCentre } from './receiving.ts'
import { saidIn } from './said.tsx'
import { SeenBy } from './seen-by.tsx'
import { localDay } from './today.ts'
import { failureText, warningText } from './words.ts'

const online = signal(navigator.onLine)
for (const event of ['online', 'offline']) addEventListener(event, () => (online.value = navigator.onLine))

/** Everything once more before it is sealed; each Change comes straight back here. */
export function CheckPage() {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<SaveFailedCode | 'unknown' | null>(null)
  const offline = !online.value || status.value.phase === 'offline'
  useEffect(() => void findCentre(), [])

  const finish = async (withPictures = true) => {
    setBusy(true)
    setFailure(null)
    const failed = await finishReport(withPictures)
    setFailure(failed)
    setBusy(false)
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {failure !== null && <Failure code={failure} onFinish={(withPictures) => void finish(withPictures)} />}
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('check.heading')}
      </h1>
      <SummaryList rows={rows()} />
      <Warnings />
      <SeenBy />
      <CodeToBe />
      <p class="govuk-body">{t('check.lead')}</p>
      {offline && <p class="govuk-body">{t('check.offline')}</p>}
      <ButtonGroup>
        <Button busy={busy} onClick={() => void finish()}>
          {busy ? t('check.busy') : t(offline ? 'check.finish_offline' : 'check.finish_online')}
        </Button>
      </ButtonGroup>
      <HiddenLiveRegion text={busy ? t('check.busy') : ''} />
    </div>
  )
}

function rows(): readonly SummaryRow[] {
  const receiver: SummaryRow = {
    id: 'centre',
    key: t('centre.short'),
    value: centreName(),
    ...(device.value?.mode !== 'centre' && { change: changing('centre', t('centre.short')) }),
  }
  return [...visibleSteps(filled.value).flatMap((step) => rowsOf(step.id)), receiver]
}

function rowsOf(step: string): readonly SummaryRow[] {
  const pictures = t('pictures.short')
  if (step === 'pictures') return [{ id: step, key: pictures, value: <PictureRow />, change: changing(step, pictures) }]
  return saidIn(step, filled.value).map(({ key, lines }) => ({
    id: key,
    key,
    value: lines.length > 0 ? lines.map((line, index) => <div key={index} dir="auto">{line}</div>) : t('said.not_given'),
    change: changing(step, key),
  }))
}

function changing(step: string, key: string) {
  return { label: t('nav.change'), hidden: key, onClick: () => change(step) }
}

function Warnings() {
  const { warnings } = checkAll(filled.value, localDay(new Date()))
  if (warnings.length === 0) return null
  return (
    <InsetText>
      {warnings.map((fault) => (
        <p key={fault.code}>{warningText(fault)}</p>
      ))}
    </InsetText>
  )
}

type FailureProps = { readonly code: SaveFailedCode | 'unknown'; readonly onFinish: (withPictures: boolean) => void }

/** What to do now, and that nothing is lost. Leaving photos out is for the person to say, never for us. */
function Failure({ code, onFinish }: FailureProps) {
  return (
    <NotificationBanner id="failure" title={t('app.important')} takesFocus>
      <p class="govuk-notification-banner__heading">{t('fail.heading')}</p>
      <p class="govuk-body">{failureText(code)}</p>
      <p class="govuk-body">{t('fail.kept')}</p>
      {code.startsWith('pictures_') && (
        <ButtonGroup>
          <Button onClick={() => onFinish(true)}>{t('fail.try_again')}</Button>
          <Button kind="secondary" onClick={() => onFinish(false)}>
            {t('fail.without_pictures')}
          </Button>
        </ButtonGroup>
      )}
      <p class="govuk-body">{t('fail.urgent')}</p>
    </NotificationBanner>
  )
}
