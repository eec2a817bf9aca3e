import type { TargetedInputEvent } from 'preact'
import { ErrorMessage, FormGroup, Hint, Label } from './field.tsx'
import { classes, describedBy, type Words } from './words.ts'

type InputProps = {
  readonly id: string
  readonly label: Words
  readonly heading?: boolean
  readonly labelSize?: 'l' | 'm' | 's'
  readonly hint?: Words
  readonly value: string
  readonly onInput: (value: string) => void
  readonly error?: string | undefined
  readonly errorPrefix?: string
  readonly type?: 'text' | 'tel' | 'email' | 'password'
  readonly inputMode?: 'text' | 'numeric' | 'tel' | 'email'
  /** In characters, as in GOV.UK's `width-10`; the field then says how long an answer it expects. */
  readonly width?: 2 | 3 | 4 | 5 | 10 | 20 | 30
  readonly autoComplete?: string
  /** False for names, codes and postcodes: a spell checker may send them away. */
  readonly spellCheck?: boolean
  /** Codes and numbers are left-to-right in every language. */
  readonly dir?: 'ltr' | 'auto'
}

export function Input(props: InputProps) {
  const { id, error, hint, errorPrefix = 'Error:' } = props
  const hintId = hint === undefined ? undefined : `${id}-hint`
  const errorId = error === undefined ? undefined : `${id}-error`
  return (
    <FormGroup error={error}>
      <Label htmlFor={id} heading={props.heading ?? false} {...(props.labelSize && { size: props.labelSize })}>
        {props.label}
      </Label>
      {hintId !== undefined && <Hint id={hintId}>{hint}</Hint>}
      {errorId !== undefined && error !== undefined && <ErrorMessage id={errorId} text={error} prefix={errorPrefix} />}
      <input
        {...typeOf(props.type)}
        class={classes('govuk-input', props.width && `govuk-input--width-${props.width}`, error && 'govuk-input--error')}
        id={id}
        name={id}
        inputMode={props.inputMode}
        value={props.value}
        dir={props.dir ?? 'auto'}
        spellcheck={props.spellCheck ?? false}
        autocomplete={props.autoComplete ?? 'off'}
        aria-describedby={describedBy(hintId, errorId)}
        aria-invalid={error === undefined ? undefined : 'true'}
        onInput={(event: TargetedInputEvent<HTMLInputElement>) => props.onInput(event.currentTarget.value)}
      />
    </FormGroup>
  )
}

// One attribute object for each type: the JSX types tie `type` to the roles that it may have.
function typeOf(type: InputProps['type']) {
  if (type === 'password') return { type } as const
  if (type === 'tel') return { type } as const
  if (type === 'email') return { type } as const
  return { type: 'text' } as const
}
