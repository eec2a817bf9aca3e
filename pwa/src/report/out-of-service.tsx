import { t } from '../i18n/index.ts'
import type { OutOfService as Out } from '../sync/index.ts'
import { WarningText } from '../ui/notices.tsx'
import { Urgent } from './urgent.tsx'

/** In place of the first page: nobody begins here what could not be kept. What is here is sent all the same. */
export function OutOfService({ now }: { readonly now: Out }) {
  return (
    <div class="wm-column">
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('out.heading')}
      </h1>
      <WarningText hidden={t('app.warning')}>{t('out.text')}</WarningText>
      <p class="govuk-body">{t(`out.${now}`)}</p>
      <p class="govuk-body">{t('out.elsewhere')}</p>
      <Urgent />
    </div>
  )
}
