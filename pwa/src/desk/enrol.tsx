import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import * as api from './api.ts'
import { CodeCard } from './code-card.tsx'
import { RefusalNotice } from './notices.tsx'
import type { DeviceCode } from './shapes.ts'
import { say } from './words.ts'

const LABEL_MAX = 80 // characters, as the server keeps it

/** A name for the tablet, then a code to type into it, once. */
export function EnrolPart({ look }: { look: () => Promise<void> }): JSX.Element {
  const [label, setLabel] = useState('')
  const [made, setMade] = useState<{ code: DeviceCode; label: string } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [attempt, setAttempt] = useState(0)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [busy, setBusy] = useState(false)

  const submit = async (event: Event) => {
    event.preventDefault()
    const fault = faultIn(label)
    setError(fault)
    setAttempt(attempt + 1)
    if (fault !== null || busy) return
    setBusy(true)
    try {
      setMade({ code: await api.newDeviceCode(label.trim()), label: label.trim() })
      setRefusal(null)
      setLabel('')
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    } finally {
      setBusy(false)
    }
  }
  const typedIn = () => {
    setMade(null)
    void look()
  }
  if (made !== null) return <CodeCard code={made.code} label={made.label} look={look} dismiss={typedIn} />
  return (
    <section class="wm-card wm-column" aria-labelledby="enrol">
      {error !== null && (
        <ErrorSummary title={say('app.problem')} errors={[{ field: 'label', text: error }]} attempt={attempt} />
      )}
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      <h2 class="govuk-heading-m" id="enrol">{say('devices.enrol')}</h2>
      <form noValidate onSubmit={submit}>
        <Input
          id="label"
          label={say('devices.label')}
          hint={say('devices.hint')}
          value={label}
          onInput={setLabel}
          error={error ?? undefined}
          width={20}
        />
        <Button submit busy={busy} className="desk-last">{say('devices.submit')}</Button>
      </form>
    </section>
  )
}

function faultIn(label: string): string | null {
  if (label.trim() === '') return say('devices.empty_label')
  return [...label.trim()].length > LABEL_MAX ? say('devices.long_label', { max: LABEL_MAX }) : null
}
