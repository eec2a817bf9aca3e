import type { Words } from './words.ts'

export type TagColour = 'plain' | 'grey' | 'yellow' | 'red'

/** A state in words. Colour only repeats what the words say. */
export function Tag({ children, colour = 'plain' }: { readonly children: Words; readonly colour?: TagColour }) {
  return <strong class={`govuk-tag${colour === 'plain' ? '' : ` govuk-tag--${colour}`}`}>{children}</strong>
}

type PanelProps = { readonly title: Words; readonly children?: Words }

/** Holds no controls. Green: show it only for what a receipt proves. */
export function Panel({ title, children }: PanelProps) {
  return (
    <div class="govuk-panel govuk-panel--confirmation">
      <h1 class="govuk-panel__title" tabIndex={-1}>
        {title}
      </h1>
      {children !== undefined && <div class="govuk-panel__body">{children}</div>}
    </div>
  )
}

export function VisuallyHidden({ children }: { readonly children: Words }) {
  return <span class="govuk-visually-hidden">{children}</span>
}

/** Must be on the page before its text changes, or screen readers stay silent. */
export function LiveRegion({ children }: { readonly children?: Words }) {
  return (
    <div role="status" aria-live="polite">
      {children}
    </div>
  )
}

/** The same, for what is said elsewhere on the page already. */
export function HiddenLiveRegion({ text }: { readonly text: string }) {
  return (
    <div class="govuk-visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  )
}
