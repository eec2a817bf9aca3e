import type { Words } from './words.ts'
import { describedBy } from './words.ts'

export type CheckboxOption = {
  readonly value: string
  readonly label: Words
  readonly hint?: Words
  readonly reveal?: Words
  readonly divider?: Words
  /** "None of these", "I am not sure": choosing it clears the rest, and the rest clear it. */
  readonly exclusive?: boolean
}

type CheckboxesProps = {
  readonly name: string
  readonly options: readonly CheckboxOption[]
  readonly values: readonly string[]
  readonly onChange: (values: readonly string[]) => void
  readonly idPrefix?: string
  /** Codes outside this list that exclude the others, when a group is split over folds. */
  readonly exclusives?: readonly string[]
}

export function Checkboxes({ name, options, values, onChange, idPrefix = name, exclusives = [] }: CheckboxesProps) {
  const alone = [...exclusives, ...options.filter((option) => option.exclusive).map((option) => option.value)]
  return (
    <div class="govuk-checkboxes">
      {options.map((option, index) => (
        <Checkbox
          key={option.value}
          option={option}
          name={name}
          id={index === 0 ? idPrefix : `${idPrefix}-${option.value}`}
          checked={values.includes(option.value)}
          onToggle={() => onChange(toggled(values, option.value, alone))}
        />
      ))}
    </div>
  )
}

/** The set after one tick: an exclusive code stands alone, any other drops the exclusive ones. */
export function toggled(values: readonly string[], code: string, alone: readonly string[]): readonly string[] {
  if (values.includes(code)) return values.filter((value) => value !== code)
  if (alone.includes(code)) return [code]
  return [...values.filter((value) => !alone.includes(value)), code]
}

type CheckboxProps = {
  readonly option: CheckboxOption
  readonly name: string
  readonly id: string
  readonly checked: boolean
  readonly onToggle: () => void
}

function Checkbox({ option, name, id, checked, onToggle }: CheckboxProps) {
  const hintId = option.hint === undefined ? undefined : `${id}-hint`
  return (
    <>
      {option.divider !== undefined && <div class="govuk-checkboxes__divider">{option.divider}</div>}
      <div class="govuk-checkboxes__item">
        <input
          class="govuk-checkboxes__input"
          id={id}
          name={name}
          type="checkbox"
          value={option.value}
          checked={checked}
          aria-describedby={describedBy(hintId)}
          onChange={onToggle}
        />
        <label class="govuk-label govuk-checkboxes__label" for={id}>
          {option.label}
        </label>
        {option.hint !== undefined && (
          <div id={hintId} class="govuk-hint govuk-checkboxes__hint">
            {option.hint}
          </div>
        )}
      </div>
      {option.reveal !== undefined && checked && <div class="govuk-checkboxes__conditional">{option.reveal}</div>}
    </>
  )
}
