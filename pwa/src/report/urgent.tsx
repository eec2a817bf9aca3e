import { Both } from './both.tsx'

/** What to do in danger, and that nobody is watching this form. Part of the first load: it works offline. */
export function Urgent() {
  return (
    <section class="wm-urgent" aria-labelledby="urgent">
      <h2 class="govuk-heading-m" id="urgent">
        <Both k="urgent.heading" />
      </h2>
      <p class="govuk-body wm-strong">
        <Both k="urgent.call" />
      </p>
      <p class="govuk-body">
        <Both k="urgent.quiet" />
      </p>
      <p class="govuk-body">
        <Both k="urgent.deaf" />
      </p>
      <p class="govuk-body">
        <Both k="urgent.watched" />
      </p>
    </section>
  )
}
