import type { TargetedInputEvent } from 'preact'
import { ErrorMessage, Fieldset, FormGroup, Hint } from './field.tsx'
import { classes, describedBy, type Words } from './words.ts'

export type DatePart = 'day' | 'month' | 'year'
export type DateText = Readonly<Record<DatePart, string>>

type DateInputProps = {
  /** The parts get `-day`, `-month` and `-year`. */
  readonly id: string
  readonly legend: Words
  readonly hint: Words
  readonly labels: Readonly<Record<DatePart, string>>
  readonly parts?: readonly DatePart[]
  readonly value: DateText
  readonly onInput: (value: DateText) => void
  readonly error?: string | undefined
  /** Only these parts are marked wrong; all of them when empty. */
  readonly wrongParts?: readonly DatePart[]
  readonly errorPrefix?: string
}

const WIDTH: Readonly<Record<DatePart, number>> = { day: 2, month: 5, year: 4 }
const ALL: readonly DatePart[] = ['day', 'month', 'year']

/** Three text fields. Nothing jumps to the next one; a month may be a name. */
export function DateInput(props: DateInputProps) {
  const { id, error, parts = ALL, errorPrefix = 'Error:' } = props
  const errorId = error === undefined ? undefined : `${id}-error`
  const wrong = props.wrongParts?.length ? props.wrongParts : parts
  return (
    <FormGroup error={error}>
      <Fieldset legend={props.legend} describedBy={describedBy(`${id}-hint`, errorId)}>
        <Hint id={`${id}-hint`}>{props.hint}</Hint>
        {errorId !== undefined && error !== undefined && <ErrorMessage id={errorId} text={error} prefix={errorPrefix} />}
        <div class="govuk-date-input" id={id}>
          {parts.map((part) => (
            <div key={part} class="govuk-date-input__item">
              <label class="govuk-label govuk-date-input__label" for={`${id}-${part}`}>
                {props.labels[part]}
              </label>
              <input
                class={classes(
                  'govuk-input govuk-date-input__input',
                  `govuk-input--width-${WIDTH[part]}`,
                  error !== undefined && wrong.includes(part) && 'govuk-input--error',
                )}
                id={`${id}-${part}`}
                name={`${id}-${part}`}
                type="text"
                inputMode={part === 'month' ? 'text' : 'numeric'}
                autocomplete="off"
                spellcheck={false}
                value={props.value[part]}
                onInput={(event: TargetedInputEvent<HTMLInputElement>) =>
                  props.onInput({ ...props.value, [part]: event.currentTarget.value })
                }
              />
            </div>
          ))}
        </div>
      </Fieldset>
    </FormGroup>
  )
}
