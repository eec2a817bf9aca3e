import { useEffect, useRef, useState } from 'preact/hooks'
import { language, type MessageKey, t } from '../i18n/index.ts'
import { type FeedMessage, type MoreToSay, SaveFailed } from '../sync/index.ts'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { Textarea } from '../ui/textarea.tsx'

const LETTERS_MAX = 20_000 // as in a report: more is written as a second message

type SayFormProps = {
  /** Item id of the report. */
  readonly about: string
  readonly reference: string
  readonly messages: readonly FeedMessage[]
  readonly send: (more: MoreToSay) => Promise<string>
  /** The message is sealed and on its way. */
  readonly onSaid: (itemId: string, inReplyTo: string | null) => void
}

/** "Write to them": closed until wanted. What is typed is in memory only, and sealed when it is sent. */
export function SayForm({ about, reference, messages, send, onSaid }: SayFormProps) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const [error, setError] = useState<MessageKey | null>(null)
  const [busy, setBusy] = useState(false)
  const asked = questionIn(messages)
  const field = `say-${about}`
  const box = useRef<HTMLDivElement>(null)
  const used = useRef(false)
  useEffect(() => {
    // What had focus is gone when the form opens or closes: the next thing to use takes it.
    if (used.current) box.current?.querySelector<HTMLElement>('textarea, button')?.focus()
  }, [open, error])

  const submit = async (event: Event) => {
    event.preventDefault()
    const fault = faultOf(text)
    setError(fault)
    if (fault !== null) return
    setBusy(true)
    const inReplyTo = asked?.id ?? null
    try {
      onSaid(await send({ about, text: text.trim(), uiLanguage: language().code, inReplyTo }), inReplyTo)
      setText('')
      setOpen(false)
    } catch (failed) {
      setError(`fail.${failed instanceof SaveFailed ? failed.code : 'unknown'}`)
    }
    setBusy(false)
  }

  if (!open)
    return (
      <div ref={box}>
        <Button kind="secondary" onClick={() => ((used.current = true), setOpen(true))}>
          {t(asked === undefined ? 'say.open' : 'say.answer')}
          <span class="govuk-visually-hidden"> {reference}</span>
        </Button>
      </div>
    )
  return (
    <div ref={box}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <Textarea
          id={field}
          label={t(asked === undefined ? 'say.label' : 'say.label_answer')}
          labelSize="s"
          hint={t('say.hint')}
          value={text}
          onInput={setText}
          error={error === null ? undefined : t(error)}
          errorPrefix={t('nav.error_prefix')}
        />
        <ButtonGroup>
          <Button submit busy={busy}>
            {t('say.send')}
          </Button>
          <Button kind="secondary" onClick={() => (setText(''), setError(null), setOpen(false))}>
            {t('say.cancel')}
          </Button>
        </ButtonGroup>
      </form>
    </div>
  )
}

function faultOf(text: string): MessageKey | null {
  if (text.trim() === '') return 'say.blank'
  return [...text].length > LETTERS_MAX ? 'error.too_long' : null
}

/** The last question asked, whether or not it was answered: more may always be said to it. */
function questionIn(messages: readonly FeedMessage[]): FeedMessage | undefined {
  return messages.filter((message) => message.asks).at(-1)
}
