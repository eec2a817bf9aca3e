import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { serverNowMs } from './api.ts'
import type { DeviceCode } from './shapes.ts'
import { remaining } from './times.ts'
import { say } from './words.ts'

const TICK_MS = 5_000 // the words change by the minute

const LOOK_MS = 10_000 // the tablet shows in the list while the volunteer still holds it

type Props = {
  readonly code: DeviceCode
  readonly label: string
  readonly look: () => Promise<void>
  readonly dismiss: () => void
}

/** The one-time code, large enough to read across a desk, for as long as it works. */
export function CodeCard({ code, label, look, dismiss }: Props): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  const [now, setNow] = useState(serverNowMs)
  useLayoutEffect(() => heading.current?.focus(), [])
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNowMs()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  const left = remaining(Date.parse(code.expires_at), now)
  // Only while the code works: a page that asks for ever would keep a left desk logged in.
  const works = left !== null
  useEffect(() => {
    if (!works) return
    const timer = setInterval(() => void look(), LOOK_MS)
    return () => clearInterval(timer)
  }, [works])

  return (
    <section class="wm-card wm-column" aria-labelledby="code">
      <h2 class="govuk-heading-m" id="code" tabIndex={-1} ref={heading}>{say('devices.code_title', { label })}</h2>
      {left !== null && (
        <>
          <p class="govuk-body">{say('devices.code_how')}</p>
          <p class="desk-code" aria-hidden="true">{code.code}</p>
          <QrCode text={scanned(code.code)} label={say('devices.code_picture')} />
          <p class="govuk-body">{say('devices.code_scan')}</p>
          <p class="govuk-visually-hidden">{say('devices.code_spoken', { code: spelled(code.code) })}</p>
          <p class="govuk-body">{say('devices.code_left', { left })}</p>
        </>
      )}
      <div role="status">{left === null && <p class="govuk-body">{say('devices.code_gone')}</p>}</div>
      <Button kind="secondary" className="desk-last" onClick={dismiss}>
        {say(left === null ? 'devices.code_again' : 'devices.code_dismiss')}
      </Button>
    </section>
  )
}

/** What a camera reads: the form with the code in it, which a person then sends. */
export function scanned(code: string): string {
  return `${location.origin}/#k=${code}`
}

/** One character at a time, so that a screen reader does not make a word of it. */
export function spelled(code: string): string {
  return [...code.replaceAll('-', '')].join(', ')
}
