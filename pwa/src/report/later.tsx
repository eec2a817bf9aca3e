import type { ComponentChildren, ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'

type LaterProps = {
  readonly load: () => Promise<ComponentType>
  /** The way on when it cannot be fetched. */
  readonly otherwise?: ComponentChildren
}

/** A page that is fetched when it is opened: it is no part of the first load. */
export function Later({ load, otherwise }: LaterProps) {
  const [Page, setPage] = useState<ComponentType | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    load().then(
      (page) => setPage(() => page),
      () => setFailed(true),
    )
  }, [])
  useEffect(() => {
    if (Page !== null && document.activeElement === document.body)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, [Page])
  if (Page !== null) return <Page />
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t(failed ? 'later.failed' : 'later.wait')}
      </h1>
      {failed && otherwise}
    </>
  )
}
