import { t } from '../../i18n/index.ts'
import type { ReturnFailed } from '../../sync/index.ts'

/** Why the mailbox stays closed, and what to do next. */
export function failedText({ code, afterS }: ReturnFailed): string {
  const minutes = Math.max(1, Math.ceil(afterS / 60))
  if (code === 'limited') return t('return.limited', { count: minutes })
  return t(code === 'busy' ? 'return.busy_service' : `return.${code}`)
}
