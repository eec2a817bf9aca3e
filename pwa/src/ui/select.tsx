import type { TargetedEvent } from 'preact'
import { ErrorMessage, FormGroup, Hint, Label } from './field.tsx'
import { classes, describedBy, type Words } from './words.ts'

export type SelectOption = { readonly value: string; readonly label: string }

type SelectProps = {
  readonly id: string
  readonly label: Words
  readonly heading?: boolean
  readonly hint?: Words
  readonly options: readonly SelectOption[]
  readonly value: string
  readonly onChange: (value: string) => void
  readonly error?: string | undefined
  readonly errorPrefix?: string
}

/** For a list too long for radios, of which one is known by name. */
export function Select(props: SelectProps) {
  const { id, error, hint, errorPrefix = 'Error:' } = props
  const hintId = hint === undefined ? undefined : `${id}-hint`
  const errorId = error === undefined ? undefined : `${id}-error`
  return (
    <FormGroup error={error}>
      <Label htmlFor={id} heading={props.heading ?? false}>
        {props.label}
      </Label>
      {hintId !== undefined && <Hint id={hintId}>{hint}</Hint>}
      {errorId !== undefined && error !== undefined && <ErrorMessage id={errorId} text={error} prefix={errorPrefix} />}
      <select
        class={classes('govuk-select', error && 'govuk-select--error')}
        id={id}
        name={id}
        autocomplete="off"
        aria-describedby={describedBy(hintId, errorId)}
        aria-invalid={error === undefined ? undefined : 'true'}
        onChange={(event: TargetedEvent<HTMLSelectElement>) => props.onChange(event.currentTarget.value)}
      >
        {props.options.map(({ value, label }) => (
          <option key={value} value={value} selected={value === props.value}>
            {label}
          </option>
        ))}
      </select>
    </FormGroup>
  )
}
