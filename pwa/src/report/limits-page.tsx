import { t } from '../i18n/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { Both } from './both.tsx'
import { acknowledge, back } from './flow.ts'

const REASONS = ['limits.danger', 'limits.child', 'limits.adult', 'limits.court'] as const

/** Reading this and going on is the acknowledgement; which words were shown is recorded with it. */
export function LimitsPage() {
  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        <Both k="limits.heading" />
      </h1>
      <p class="govuk-body">
        <Both k="limits.share" />
      </p>
      <p class="govuk-body">
        <Both k="limits.but" />
      </p>
      <ul class="govuk-list govuk-list--bullet">
        {REASONS.map((reason) => (
          <li key={reason}>
            <Both k={reason} />
          </li>
        ))}
      </ul>
      <p class="govuk-body">
        <Both k="limits.first" />
      </p>
      <ButtonGroup>
        <Button onClick={() => acknowledge(false)}>{t('limits.button')}</Button>
        <Button kind="secondary" onClick={() => acknowledge(true)}>
          {t('limits.button_short')}
        </Button>
      </ButtonGroup>
    </div>
  )
}
