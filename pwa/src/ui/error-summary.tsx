import { useEffect, useRef } from 'preact/hooks'
import type { FieldError } from './words.ts'

type ErrorSummaryProps = {
  readonly title: string
  readonly errors: readonly FieldError[]
  /** Changes at every failed try, so that focus moves again though the errors are the same. */
  readonly attempt: number
}

/** Takes focus when it appears; each line leads to the field it is about. */
export function ErrorSummary({ title, errors, attempt }: ErrorSummaryProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [attempt])
  return (
    <div class="govuk-error-summary" ref={box} tabIndex={-1}>
      <div role="alert">
        <h2 class="govuk-error-summary__title">{title}</h2>
        <div class="govuk-error-summary__body">
          <ul class="govuk-list govuk-error-summary__list">
            {errors.map((error) => (
              <li key={error.field + error.text}>
                <a href={`#${error.field}`} onClick={(event) => leadTo(event, error.field)}>
                  {error.text}
                </a>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  )
}

function leadTo(event: Event, id: string): void {
  event.preventDefault() // the address stays as it is: nothing of the form belongs into history
  const field = document.getElementById(id)
  if (field === null) return
  const label = field.closest('.govuk-form-group') ?? field
  label.scrollIntoView()
  field.focus({ preventScroll: true })
}
