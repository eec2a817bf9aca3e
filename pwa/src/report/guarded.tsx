import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { Button } from '../ui/button.tsx'
import { restart } from './flow.ts'
import { Urgent } from './urgent.tsx'

/** A page that breaks says so, and leads on: what stays half drawn answers to nobody. */
export function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [broken, mend] = useErrorBoundary()
  if (broken === undefined) return <>{children}</>
  const startAgain = () => {
    restart()
    mend()
  }
  return (
    <div class="wm-column">
      <div role="alert">
        <h1 class="govuk-heading-l" tabIndex={-1}>
          {t('app.broken')}
        </h1>
        <p class="govuk-body">{t('app.broken_text')}</p>
      </div>
      <Button onClick={startAgain}>{t('app.broken_button')}</Button>
      <Urgent />
    </div>
  )
}
