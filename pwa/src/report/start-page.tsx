import { t } from '../i18n/index.ts'
import { device } from '../sync/index.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { begin, open } from './flow.ts'
import { LockNotice } from './lock-notice.tsx'
import { OutOfService } from './out-of-service.tsx'
import { Urgent } from './urgent.tsx'

export function StartPage() {
  const own = device.value
  if (own?.mode === 'centre' && own.outOfService !== null) return <OutOfService now={own.outOfService} />
  return (
    <div class="wm-column">
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('start.heading')}
      </h1>
      <LockNotice />
      <p class="govuk-body">{t('start.lead')}</p>
      <Urgent />
      <h2 class="govuk-heading-m">{t('start.know')}</h2>
      <ul class="govuk-list govuk-list--bullet">
        <li>{t('start.know_choice')}</li>
        <li>{t('start.know_skip')}</li>
        <li>{t('start.know_kept')}</li>
        <li>{t('start.know_offline')}</li>
      </ul>
      <h2 class="govuk-heading-s">{t('start.exit_heading')}</h2>
      <p class="govuk-body">{t('start.exit_text')}</p>
      <Button onClick={begin}>{t('start.button')}</Button>
      <p class="govuk-body">
        <LinkButton onClick={() => open('return')}>{t('return.link')}</LinkButton>
      </p>
    </div>
  )
}
