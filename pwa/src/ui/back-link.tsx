import type { Words } from './words.ts'

/** A button, not an anchor: answers live in memory, and a followed address would lose them. */
export function BackLink({ children, onClick }: { readonly children: Words; readonly onClick: () => void }) {
  return (
    <button type="button" class="govuk-back-link" onClick={onClick}>
      {children}
    </button>
  )
}
