import type { JSX } from 'preact'
import { contactPlan } from './contact-plan.ts'
import type { ContactFacts } from './contact-plan.ts'
import type { OpenReport } from './report-shape.ts'
import type { Role } from './shapes.ts'
import { say } from './words.ts'

/** The safe-contact plan, above everything else on the page, as an instruction. */
export function ContactCard({ report, role }: { report: OpenReport; role: Role }): JSX.Element {
  const plan = contactPlan(factsOf(report, role))
  return (
    <section class={`desk-contact desk-contact--${plan.type}`} aria-labelledby="contact-title">
      <h2 class="govuk-heading-m" id="contact-title">{say(`contact.title_${plan.type}`)}</h2>
      <ol class="desk-contact__steps">
        {plan.sentences.map((sentence) => (
          <li key={sentence.key} dir="auto">{say(sentence.key, sentence.with)}</li>
        ))}
      </ol>
      {plan.mustNotKnow !== '' && (
        <p class="desk-contact__never">
          <strong>{say('contact.must_not_know')}</strong> <span dir="auto">{plan.mustNotKnow}</span>
        </p>
      )}
    </section>
  )
}

function factsOf(report: OpenReport, role: Role): ContactFacts {
  const { safe_contact } = report.answers
  const hidden = [...report.hiddenGroups, ...report.maskedGroups].includes('contact')
  return {
    role,
    sharingChoice: report.head.sharing_choice,
    centreName: report.head.centre_name,
    contact: safe_contact ?? (hidden ? 'hidden' : 'not_answered'),
  }
}
