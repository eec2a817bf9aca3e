import { LinkButton } from './button.tsx'
import type { Words } from './words.ts'

export type SummaryRow = {
  readonly id: string
  readonly key: Words
  readonly value: Words
  readonly change?: { readonly label: string; readonly hidden: string; readonly onClick: () => void }
}

export function SummaryList({ rows }: { readonly rows: readonly SummaryRow[] }) {
  return (
    <dl class="govuk-summary-list">
      {rows.map((row) => (
        <div key={row.id} class={`govuk-summary-list__row${row.change ? '' : ' govuk-summary-list__row--no-actions'}`}>
          <dt class="govuk-summary-list__key">{row.key}</dt>
          <dd class="govuk-summary-list__value">{row.value}</dd>
          {row.change !== undefined && (
            <dd class="govuk-summary-list__actions">
              <LinkButton onClick={row.change.onClick} hidden={row.change.hidden}>
                {row.change.label}
              </LinkButton>
            </dd>
          )}
        </div>
      ))}
    </dl>
  )
}
