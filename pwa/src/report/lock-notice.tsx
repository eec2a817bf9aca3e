import { dateTime, t } from '../i18n/index.ts'
import { device } from '../sync/index.ts'
import { InsetText, WarningText } from '../ui/notices.tsx'

/** That this tablet has locked itself, or will: why, and what to do. Nothing where no tablet is. */
export function LockNotice() {
  const own = device.value
  if (own?.mode !== 'centre' || own.outOfService !== null) return null
  if (own.lock === 'warned' && own.locksAt !== null)
    return <InsetText>{t('lock.warned', { when: dateTime(new Date(own.locksAt), false) })}</InsetText>
  if (own.lock !== 'locked') return null
  return (
    <>
      <WarningText hidden={t('app.warning')}>{t('lock.locked')}</WarningText>
      <p class="govuk-body">{t('lock.todo')}</p>
      <p class="govuk-body">{t('lock.still')}</p>
    </>
  )
}
