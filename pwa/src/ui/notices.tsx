import { useEffect, useRef } from 'preact/hooks'
import { classes, type Words } from './words.ts'

export function InsetText({ children }: { readonly children: Words }) {
  return <div class="govuk-inset-text">{children}</div>
}

export function WarningText({ children, hidden }: { readonly children: Words; readonly hidden: string }) {
  return (
    <div class="govuk-warning-text">
      <span class="govuk-warning-text__icon" aria-hidden="true">
        !
      </span>
      <strong class="govuk-warning-text__text">
        <span class="govuk-visually-hidden">{hidden}</span> {children}
      </strong>
    </div>
  )
}

type NotificationBannerProps = {
  readonly id: string
  readonly title: Words
  readonly children: Words
  readonly success?: boolean
  /** Moves focus here when it appears: only where it answers something the person just did. */
  readonly takesFocus?: boolean
}

export function NotificationBanner({ id, title, children, success = false, takesFocus = false }: NotificationBannerProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (takesFocus) box.current?.focus()
  }, [takesFocus])
  return (
    <div
      ref={box}
      class={classes('govuk-notification-banner', success && 'govuk-notification-banner--success')}
      role={takesFocus ? 'alert' : 'region'}
      aria-labelledby={`${id}-title`}
      tabIndex={takesFocus ? -1 : undefined}
    >
      <div class="govuk-notification-banner__header">
        <h2 class="govuk-notification-banner__title" id={`${id}-title`}>
          {title}
        </h2>
      </div>
      <div class="govuk-notification-banner__content">{children}</div>
    </div>
  )
}

/** Marks demonstration data, or an unchecked translation, on every screen. `label` names it where there are two. */
export function Watermark({ children, label }: { readonly children: Words; readonly label?: string }) {
  return (
    <aside class="wm-watermark" aria-label={label}>
      <div class="govuk-width-container">
        <p class="govuk-body-s">{children}</p>
      </div>
    </aside>
  )
}
