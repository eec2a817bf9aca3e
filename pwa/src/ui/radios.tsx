import type { Words } from './words.ts'
import { describedBy } from './words.ts'

export type RadioOption = {
  readonly value: string
  readonly label: Words
  readonly hint?: Words
  /** Shown under the option while it is chosen. */
  readonly reveal?: Words
  /** A word such as "or" above this option. */
  readonly divider?: Words
}

type RadiosProps = {
  /** Also the id of the first radio: the place an error summary leads to. */
  readonly name: string
  readonly options: readonly RadioOption[]
  readonly value: string | undefined
  readonly onChange: (value: string) => void
  readonly inline?: boolean
  readonly small?: boolean
  /** A group split over folds keeps one name; only its first part holds the plain id. */
  readonly idPrefix?: string
}

export function Radios({ name, options, value, onChange, inline = false, small = false, idPrefix = name }: RadiosProps) {
  const size = `${inline ? ' govuk-radios--inline' : ''}${small ? ' govuk-radios--small' : ''}`
  return (
    <div class={`govuk-radios${size}`}>
      {options.map((option, index) => (
        <Radio
          key={option.value}
          option={option}
          name={name}
          id={index === 0 ? idPrefix : `${idPrefix}-${option.value}`}
          checked={option.value === value}
          onChange={onChange}
        />
      ))}
    </div>
  )
}

type RadioProps = {
  readonly option: RadioOption
  readonly name: string
  readonly id: string
  readonly checked: boolean
  readonly onChange: (value: string) => void
}

function Radio({ option, name, id, checked, onChange }: RadioProps) {
  const hintId = option.hint === undefined ? undefined : `${id}-hint`
  return (
    <>
      {option.divider !== undefined && <div class="govuk-radios__divider">{option.divider}</div>}
      <div class="govuk-radios__item">
        <input
          class="govuk-radios__input"
          id={id}
          name={name}
          type="radio"
          value={option.value}
          checked={checked}
          aria-describedby={describedBy(hintId)}
          onChange={() => onChange(option.value)}
        />
        <label class="govuk-label govuk-radios__label" for={id}>
          {option.label}
        </label>
        {option.hint !== undefined && (
          <div id={hintId} class="govuk-hint govuk-radios__hint">
            {option.hint}
          </div>
        )}
      </div>
      {option.reveal !== undefined && checked && <div class="govuk-radios__conditional">{option.reveal}</div>}
    </>
  )
}
