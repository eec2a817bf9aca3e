import type { ComponentChildren, JSX } from 'preact'
import { ErrorMessage, Fieldset, FormGroup } from '../ui/field.tsx'
import type { FieldError } from '../ui/words.ts'
import { say } from './words.ts'

type GroupProps = {
  readonly field: string
  readonly legend: string
  readonly errors: readonly FieldError[]
  readonly children: ComponentChildren
}

/** Several boxes that answer one question, with the error of that question. */
export function Group({ field, legend, errors, children }: GroupProps): JSX.Element {
  const error = errorAt(errors, field)
  return (
    <FormGroup error={error}>
      <Fieldset legend={legend} describedBy={error === undefined ? undefined : `${field}-error`}>
        {error !== undefined && <ErrorMessage id={`${field}-error`} text={error} prefix={say('app.error')} />}
        {children}
      </Fieldset>
    </FormGroup>
  )
}

export function errorAt(errors: readonly FieldError[], field: string): string | undefined {
  return errors.find((error) => error.field === field)?.text
}
