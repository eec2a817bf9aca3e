import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { say } from './words.ts'

let firstPage = true

type HeadingProps = {
  readonly children: string
  /** What the tab says instead, where the heading would name a report. */
  readonly title?: string
  /** The form below was refused. */
  readonly error?: boolean
}

/** The page's one h1. It names the tab, and takes the focus when the page changed without a reload. */
export function Heading({ children, title = children, error = false }: HeadingProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const page = error ? say('app.error_prefix', { title }) : title
    document.title = say('app.title', { page, app: say('app.name') })
  }, [title, error])
  useLayoutEffect(() => {
    if (!firstPage) heading.current?.focus()
    firstPage = false
  }, [])
  return (
    <h1 class="govuk-heading-l" tabIndex={-1} ref={heading}>
      {children}
    </h1>
  )
}
