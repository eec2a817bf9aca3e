/** What the questions share: a field bound to the answers, and a fieldset whose legend is the page's h1. */

import type { ComponentChildren } from 'preact'
import { isKey, t } from '../../i18n/index.ts'
import { ErrorMessage, Fieldset, FormGroup, Hint } from '../../ui/field.tsx'
import { Input } from '../../ui/input.tsx'
import { classes } from '../../ui/words.ts'
import type { Fault } from '../checks.ts'
import { answer, filled } from '../flow.ts'
import { typedIn } from '../graph.ts'
import { errorOf } from '../words.ts'

type AskedProps = {
  readonly field: string
  readonly legend: string
  readonly hint?: string
  readonly errors: readonly Fault[]
  readonly heading?: boolean
  /** Why we ask, above the choices. */
  readonly why?: ComponentChildren
  readonly children: ComponentChildren
}

export function Asked({ field, legend, hint, errors, heading = true, why, children }: AskedProps) {
  const error = errorOf(errors, field)
  const hintId = hint === undefined ? undefined : `${field}-hint`
  const errorId = error === undefined ? undefined : `${field}-error`
  return (
    <FormGroup error={error}>
      <Fieldset legend={legend} heading={heading} describedBy={classes(hintId, errorId) || undefined}>
        {why}
        {hintId !== undefined && <Hint id={hintId}>{hint}</Hint>}
        {errorId !== undefined && error !== undefined && (
          <ErrorMessage id={errorId} text={error} prefix={t('nav.error_prefix')} />
        )}
        {children}
      </Fieldset>
    </FormGroup>
  )
}

type LineProps = {
  readonly field: string
  readonly errors: readonly Fault[]
  readonly heading?: boolean
  readonly width?: 10 | 20 | 30
  readonly type?: 'text' | 'tel' | 'email'
}

/** One line of text, with its words found by its own id. */
export function Line({ field, errors, heading = false, width, type }: LineProps) {
  const label = `${field}.label`
  const hint = `${field}.hint`
  const error = errorOf(errors, field)
  return (
    <Input
      id={field}
      label={isKey(label) ? t(label) : field}
      {...(isKey(hint) && { hint: t(hint) })}
      heading={heading}
      value={typedIn(filled.value, field)}
      onInput={(text) => answer({ [field]: text })}
      error={error}
      errorPrefix={t('nav.error_prefix')}
      {...(width !== undefined && { width })}
      {...(type !== undefined && { type })}
    />
  )
}
