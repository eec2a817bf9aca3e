import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { WarningText } from '../ui/notices.tsx'
import { Textarea } from '../ui/textarea.tsx'
import { organisationOf } from './frame.tsx'
import type { OpenReport } from './report-shape.ts'
import { keepMessage, unsentMessage } from './session.ts'
import type { User } from './shapes.ts'
import { say, sayCount } from './words.ts'

export const MESSAGE_MAX = 2_000 // characters; a message is read on a phone, perhaps in a hurry

type Props = { readonly report: OpenReport; readonly user: User; readonly send: (message: string) => Promise<void> }

/** Writes the one message that goes back. What is typed outlives a lost session, not a log-out. */
export function AcknowledgeForm({ report, user, send }: Props): JSX.Element {
  const id = report.head.id
  const [message, setMessage] = useState(() => unsentMessage(id))
  const [error, setError] = useState<string | null>(null)
  const [attempt, setAttempt] = useState(0)
  const [busy, setBusy] = useState(false)

  const type = (words: string) => {
    keepMessage(id, words)
    setMessage(words)
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    const fault = faultIn(message)
    setError(fault)
    setAttempt(attempt + 1)
    if (fault !== null || busy) return
    setBusy(true)
    await send(message.trim()).finally(() => setBusy(false))
  }
  const tablet = report.head.channel === 'centre_tablet'
  return (
    <form noValidate onSubmit={submit}>
      {error !== null && (
        <ErrorSummary title={say('app.problem')} errors={[{ field: 'message', text: error }]} attempt={attempt} />
      )}
      <WarningText hidden={say('ack.warning_prefix')}>{say('ack.warning')}</WarningText>
      <Textarea
        id="message"
        label={say('ack.label')}
        hint={say(tablet ? 'ack.hint_tablet' : 'ack.hint_phone', { organisation: organisationOf(user) })}
        value={message}
        onInput={type}
        error={error ?? undefined}
        count={{ max: MESSAGE_MAX, message: countWords }}
      />
      <ButtonGroup>
        <Button submit busy={busy}>{say(busy ? 'ack.sending' : 'ack.submit')}</Button>
        {message === '' && (
          <Button kind="secondary" onClick={() => type(say('ack.suggestion'))}>{say('ack.suggest')}</Button>
        )}
      </ButtonGroup>
    </form>
  )
}

function faultIn(message: string): string | null {
  if (message.trim() === '') return say('ack.empty')
  return [...message].length > MESSAGE_MAX ? say('ack.too_long', { max: MESSAGE_MAX }) : null
}

const countWords = (left: number) => (left < 0 ? sayCount('ack.over', -left) : sayCount('ack.left', left))
