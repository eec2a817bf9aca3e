import type { TargetedMouseEvent } from 'preact'
import { classes, type Words } from './words.ts'

type ButtonProps = {
  readonly children: Words
  readonly onClick?: (event: TargetedMouseEvent<HTMLButtonElement>) => void
  readonly kind?: 'primary' | 'secondary' | 'warning'
  /** `submit` inside a form; anything else is `button`, so that a stray one never sends a form. */
  readonly submit?: boolean
  /** Says that work is going on. The button stays focusable, so that focus is not lost. */
  readonly busy?: boolean
  readonly className?: string
  /** Where an error leads to this button. */
  readonly id?: string
  readonly describedBy?: string | undefined
}

export function Button({ children, onClick, kind = 'primary', submit = false, busy = false, className, id, describedBy }: ButtonProps) {
  return (
    <button
      id={id}
      type={submit ? 'submit' : 'button'}
      class={classes('govuk-button', kind !== 'primary' && `govuk-button--${kind}`, className)}
      aria-disabled={busy ? 'true' : undefined}
      aria-describedby={describedBy}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  )
}

export function ButtonGroup({ children }: { readonly children: Words }) {
  return <div class="govuk-button-group">{children}</div>
}

type LinkButtonProps = {
  readonly children: Words
  readonly onClick: (event: TargetedMouseEvent<HTMLButtonElement>) => void
  /** Added for people who cannot see what stands beside the link, for example "when it happened". */
  readonly hidden?: string
}

/** Looks like a link, acts inside the page. There is no address to go to: the app has one. */
export function LinkButton({ children, onClick, hidden }: LinkButtonProps) {
  return (
    <button type="button" class="wm-link" onClick={onClick}>
      {children}
      {hidden !== undefined && <span class="govuk-visually-hidden"> {hidden}</span>}
    </button>
  )
}
