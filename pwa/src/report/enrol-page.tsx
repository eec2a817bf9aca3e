import { useState } from 'preact/hooks'
import { type MessageKey, t } from '../i18n/index.ts'
import { enrol, EnrolFailed } from '../sync/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import { Panel } from '../ui/status.tsx'
import { takeScanned } from './address.ts'
import { back, restart } from './flow.ts'
import { KnockLater } from './knock-later.tsx'
import { trimmed } from './graph.ts'
import { findCentre } from './receiving.ts'
import { titled } from './title.ts'

type Failure = { readonly text: MessageKey; readonly count: number }

export function EnrolPage() {
  const [code, setCode] = useState(takeScanned)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const [centre, setCentre] = useState<string | null>(null)
  if (centre !== null) return <Enrolled centre={centre} />

  const fail = (text: MessageKey) => {
    setFailure({ text, count: (failure?.count ?? 0) + 1 })
    titled(true)
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    if (trimmed(code) === '') return fail('enrol.blank')
    setBusy(true)
    try {
      setCentre((await enrol(code)).centreName)
      void findCentre()
    } catch (error) {
      fail(error instanceof EnrolFailed ? `enrol.${error.code}` : 'enrol.no_connection')
    }
    setBusy(false)
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {failure !== null && (
        <ErrorSummary
          title={t('nav.error_title')}
          attempt={failure.count}
          errors={[{ field: 'enrol_code', text: t(failure.text) }]}
        />
      )}
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('enrol.heading')}
      </h1>
      <p class="govuk-body">{t('enrol.lead')}</p>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <Input
          id="enrol_code"
          label={t('enrol.code')}
          labelSize="s"
          hint={t('enrol.code_hint')}
          value={code}
          onInput={setCode}
          error={failure === null ? undefined : t(failure.text)}
          errorPrefix={t('nav.error_prefix')}
          width={20}
          dir="ltr"
        />
        <Button submit busy={busy}>
          {t('enrol.button')}
        </Button>
      </form>
    </div>
  )
}

function Enrolled({ centre }: { readonly centre: string }) {
  return (
    <div class="wm-column">
      <Panel title={t('enrol.done', { centre })} />
      <p class="govuk-body">{t('enrol.done_text', { centre })}</p>
      <Button onClick={restart}>{t('enrol.start')}</Button>
      <KnockLater of="tablet" />
    </div>
  )
}
