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

/** The sign that walkers follow: a disc with an arrow. It says nothing that the name beside it does not. */
export function Mark() {
  return (
    <svg class="wm-mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <circle cx="12" cy="12" r="11" />
      <path d="M12 4.2 19 11.7h-3.8v8H8.8v-8H5Z" />
    </svg>
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
        <span class="wm-bar__name">
          <Mark />
          {name}
        </span>
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
