import type { TargetedMouseEvent } from 'preact'
import type { Words } from './words.ts'

/** Leads keyboard users past the bar. Focus moves by script: a fragment would enter history. */
export function SkipLink({ children }: { readonly children: Words }) {
  const skip = (event: TargetedMouseEvent<HTMLAnchorElement>) => {
    event.preventDefault()
    document.getElementById('main')?.focus()
  }
  return (
    <a href="#main" class="govuk-skip-link" onClick={skip}>
      {children}
    </a>
  )
}

type HeaderProps = {
  readonly name: string
  /** The way out and other small actions; they stay on the screen while the page scrolls. */
  readonly children?: Words
}

export function Header({ name, children }: HeaderProps) {
  return (
    <header class="wm-bar">
      <div class="govuk-width-container wm-bar__row">
        <span class="wm-bar__name">{name}</span>
        <div class="wm-bar__actions">{children}</div>
      </div>
    </header>
  )
}

export function Main({ children }: { readonly children: Words }) {
  return (
    <main class="wm-main" id="main" tabIndex={-1}>
      <div class="govuk-width-container">{children}</div>
    </main>
  )
}

export function Footer({ children }: { readonly children: Words }) {
  return (
    <footer class="wm-foot">
      <div class="govuk-width-container wm-foot__row">{children}</div>
    </footer>
  )
}
