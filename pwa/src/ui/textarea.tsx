import type { TargetedInputEvent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ErrorMessage, FormGroup, Hint, Label } from './field.tsx'
import { classes, describedBy, type Words } from './words.ts'

type TextareaProps = {
  readonly id: string
  readonly label: Words
  readonly heading?: boolean
  readonly labelSize?: 'l' | 'm' | 's'
  readonly hint?: Words
  readonly value: string
  readonly onInput: (value: string) => void
  readonly error?: string | undefined
  readonly errorPrefix?: string
  readonly rows?: number
  /** Shown near the limit. What is typed or pasted is never cut. */
  readonly count?: { readonly max: number; readonly message: (left: number) => string }
  /** False for codes: a spell checker may send them away. */
  readonly spellCheck?: boolean
  /** What stands between the words above and the box, for example help with what to write. */
  readonly before?: Words
}

export function Textarea(props: TextareaProps) {
  const { id, error, hint, count, value, errorPrefix = 'Error:' } = props
  const hintId = hint === undefined ? undefined : `${id}-hint`
  const errorId = error === undefined ? undefined : `${id}-error`
  const countId = count === undefined ? undefined : `${id}-count`
  return (
    <FormGroup error={error}>
      <Label htmlFor={id} heading={props.heading ?? false} {...(props.labelSize && { size: props.labelSize })}>
        {props.label}
      </Label>
      {hintId !== undefined && <Hint id={hintId}>{hint}</Hint>}
      {props.before}
      {errorId !== undefined && error !== undefined && <ErrorMessage id={errorId} text={error} prefix={errorPrefix} />}
      <textarea
        class={classes('govuk-textarea', error && 'govuk-textarea--error')}
        id={id}
        name={id}
        rows={props.rows ?? 5}
        dir="auto"
        autocomplete="off"
        autocapitalize={props.spellCheck === false ? 'none' : undefined}
        spellcheck={props.spellCheck}
        value={value}
        aria-describedby={describedBy(hintId, errorId, countId)}
        aria-invalid={error === undefined ? undefined : 'true'}
        onInput={(event: TargetedInputEvent<HTMLTextAreaElement>) => props.onInput(event.currentTarget.value)}
      />
      {count !== undefined && countId !== undefined && <Count id={countId} value={value} count={count} />}
    </FormGroup>
  )
}

type CountProps = {
  readonly id: string
  readonly value: string
  readonly count: { readonly max: number; readonly message: (left: number) => string }
}

const SHOWN_FROM = 0.9
const ANNOUNCE_AFTER_MS = 1_000 // read out when typing rests, not at every key

function Count({ id, value, count }: CountProps) {
  const left = count.max - [...value].length
  const text = left <= count.max * (1 - SHOWN_FROM) ? count.message(left) : ''
  const [spoken, setSpoken] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(text), ANNOUNCE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <>
      <div id={id} class={classes('govuk-character-count__message', left < 0 ? 'govuk-error-message' : 'govuk-hint')}>
        {text}
      </div>
      <div class="govuk-visually-hidden" aria-live="polite">
        {spoken}
      </div>
    </>
  )
}
