import type { Words } from './words.ts'

export function Details({ summary, children }: { readonly summary: Words; readonly children: Words }) {
  return (
    <details class="govuk-details">
      <summary class="govuk-details__summary">
        <span class="govuk-details__summary-text">{summary}</span>
      </summary>
      <div class="govuk-details__text">{children}</div>
    </details>
  )
}
