import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import type { Fetched } from './pages.ts'

type LaterProps<Props> = {
  readonly page: Fetched<Props>
  readonly given: Props
  /** The way on when it cannot be fetched. */
  readonly otherwise?: ComponentChildren
}

/** A page that is no part of the first load: shown at once when it is here, else fetched now. */
export function Later<Props extends object>({ page, given, otherwise }: LaterProps<Props>) {
  const [Page, setPage] = useState(() => page.now())
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (Page !== null) return
    page.fetch().then(
      (fetched) => setPage(() => fetched),
      () => setFailed(true),
    )
  }, [])
  useEffect(() => {
    if (Page !== null && document.activeElement === document.body)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, [Page])
  if (Page !== null) return <Page {...given} />
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t(failed ? 'later.failed' : 'later.wait')}
      </h1>
      {failed && otherwise}
    </>
  )
}
