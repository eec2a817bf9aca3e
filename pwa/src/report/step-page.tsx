import { useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { NotificationBanner } from '../ui/notices.tsx'
import { checkStep, type Fault } from './checks.ts'
import { back, filled, forward } from './flow.ts'
import { step as stepOf } from './graph.ts'
import { Question } from './questions/question.tsx'
import { findCentre } from './receiving.ts'
import { SeenBy } from './seen-by.tsx'
import { StepButtons } from './step-buttons.tsx'
import { titled } from './title.ts'
import { localDay } from './today.ts'
import { errorText, warningText } from './words.ts'

type Try = { readonly count: number; readonly errors: readonly Fault[]; readonly warnings: readonly Fault[]; readonly about: string }
const NONE: Try = { count: 0, errors: [], warnings: [], about: '' }

/** One question a page. Checked at Continue, never while typing; a warning is shown once and stops nobody. */
export function StepPage({ id }: { readonly id: string }) {
  const step = stepOf(id)
  const [last, setLast] = useState(NONE)

  const submit = (event: Event) => {
    event.preventDefault()
    const found = checkStep(step, filled.peek(), localDay(new Date()))
    const about = JSON.stringify([found.warnings, step.fields.map((field) => filled.peek()[field.id])])
    const warned = about === last.about
    if (found.errors.length > 0 || (found.warnings.length > 0 && !warned)) {
      const warnings = found.errors.length > 0 ? [] : found.warnings
      setLast({ count: last.count + 1, errors: found.errors, warnings, about: warnings.length > 0 ? about : '' })
      titled(found.errors.length > 0)
      return
    }
    if (id === 'place') void findCentre()
    forward(id)
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {last.errors.length > 0 && (
        <ErrorSummary
          title={t('nav.error_title')}
          attempt={last.count}
          errors={last.errors.map((fault) => ({ field: elementOf(fault.field), text: errorText(fault) }))}
        />
      )}
      {last.warnings.length > 0 && <Warnings key={last.count} faults={last.warnings} />}
      <form noValidate onSubmit={submit}>
        <Question id={id} errors={last.errors} />
        <SeenBy />
        <StepButtons step={step} />
      </form>
    </div>
  )
}

function Warnings({ faults }: { readonly faults: readonly Fault[] }) {
  return (
    <NotificationBanner id="warnings" title={t('nav.please_check')} takesFocus>
      {faults.map((fault) => (
        <p key={fault.code} class="govuk-notification-banner__heading">
          {warningText(fault)}
        </p>
      ))}
      <p class="govuk-body">{t('nav.keep')}</p>
    </NotificationBanner>
  )
}

/** Fields and elements share ids, except the parts of a date. */
function elementOf(field: string): string {
  return field.replace(/^when_(day|month|year)$/, 'when_date-$1')
}
