import type { Words } from './words.ts'
import { classes } from './words.ts'

type FormGroupProps = { readonly error?: string | undefined; readonly children: Words }

export function FormGroup({ error, children }: FormGroupProps) {
  return <div class={classes('govuk-form-group', error !== undefined && 'govuk-form-group--error')}>{children}</div>
}

export function Hint({ id, children }: { readonly id: string; readonly children: Words }) {
  return (
    <div id={id} class="govuk-hint">
      {children}
    </div>
  )
}

type ErrorMessageProps = {
  readonly id: string
  readonly text: string
  /** "Error:" in the reader's language, for people who cannot see the colour. */
  readonly prefix: string
}

export function ErrorMessage({ id, text, prefix }: ErrorMessageProps) {
  return (
    <p id={id} class="govuk-error-message">
      <span class="govuk-visually-hidden">{prefix}</span> {text}
    </p>
  )
}

type FieldsetProps = {
  readonly legend: Words
  /** The legend is the page's h1 when the page asks one thing. */
  readonly heading?: boolean
  readonly size?: 'l' | 'm' | 's'
  readonly describedBy?: string | undefined
  readonly children: Words
}

export function Fieldset({ legend, heading = false, size = heading ? 'l' : 's', describedBy, children }: FieldsetProps) {
  return (
    <fieldset class="govuk-fieldset" aria-describedby={describedBy}>
      <legend class={`govuk-fieldset__legend govuk-fieldset__legend--${size}`}>
        {heading ? (
          <h1 class="govuk-fieldset__heading" tabIndex={-1}>
            {legend}
          </h1>
        ) : (
          legend
        )}
      </legend>
      {children}
    </fieldset>
  )
}

type LabelProps = {
  readonly htmlFor: string
  readonly children: Words
  readonly heading?: boolean
  readonly size?: 'l' | 'm' | 's'
}

export function Label({ htmlFor, children, heading = false, size }: LabelProps) {
  const label = (
    <label class={classes('govuk-label', size && `govuk-label--${size}`, heading && 'govuk-label--l')} for={htmlFor}>
      {children}
    </label>
  )
  if (!heading) return label
  return (
    <h1 class="govuk-label-wrapper" tabIndex={-1}>
      {label}
    </h1>
  )
}
