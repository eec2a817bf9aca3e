/** The tab's title: unique to the step and silent about the topic, as others may see it. */

import { t } from '../i18n/index.ts'
import { stepNumber, view } from './flow.ts'

export function titled(error = false): void {
  document.title = words(error)
}

function words(error: boolean): string {
  switch (view.value.type) {
    case 'start':
      return t('title.start')
    case 'step':
    case 'check':
      return t(error ? 'title.error' : 'title.step', { n: stepNumber() })
    case 'saved':
      return t('title.saved')
    case 'outbox':
      return t('title.outbox')
    case 'custody':
      return t('title.custody')
    case 'enrol':
      return t(error ? 'title.enrol_error' : 'title.enrol')
    case 'return':
      return t(error ? 'title.return_error' : 'title.return')
    case 'verify':
      return t(error ? 'title.verify_error' : 'title.verify')
  }
}
