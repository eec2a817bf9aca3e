/**
 * From what was filled in to the answers that are sealed. Every step that was offered leaves a trace; what
 * a step held that no longer belongs to the report is dropped, so that no telephone number travels under a
 * choice that promised none.
 */

import type { Answers, SafeContact, When, Where } from '../sync/types.ts'
import { subStrandsOpen } from './checks.ts'
import { ukPostcode } from './contact.ts'
import { span } from './dates.ts'
import { type Acknowledgement, codesIn, fieldOf, type Filled, optionsOf, STEPS, textIn, typedIn, visibleSteps } from './graph.ts'

const MANDATORY = STEPS.flatMap((step) => step.fields.filter((field) => field.required).map((field) => field.id))
const NOT_ANSWERED = 'not_answered'

/** One of the five mandatory answers is missing: `message` is its field. */
export class Incomplete extends Error {
  override readonly name = 'Incomplete'
}

/** The JSON of the sealed answers. Raises Incomplete; run `checkAll` first. */
export function canonical(filled: Filled): Answers {
  for (const field of MANDATORY)
    if (textIn(filled, field) === '' && !isAcknowledgement(filled[field])) throw new Incomplete(field)
  const offered = visibleSteps(filled).map((step) => step.id)
  const where: Where = Object.assign({}, ...offered.map((step) => placed(step, filled)))
  return Object.assign(
    mandatory(filled),
    ...offered.map((step) => optional(step, filled)),
    Object.keys(where).length > 0 && { where },
  )
}

function mandatory(filled: Filled): Answers {
  const acknowledged = filled['confidentiality_limits_ack']
  if (!isAcknowledgement(acknowledged)) throw new Incomplete('confidentiality_limits_ack')
  return {
    confidentiality_limits_ack: acknowledged,
    // The codes were checked against the graph; its options and these types are the same lists.
    reporter_role: textIn(filled, 'reporter_role') as Answers['reporter_role'],
    narrative_original: wellFormed(typedIn(filled, 'narrative_original')),
    when: whenSaid(filled),
    sharing_choice: textIn(filled, 'sharing_choice') as Answers['sharing_choice'],
  }
}

function optional(stepId: string, filled: Filled): Partial<Answers> {
  switch (stepId) {
    case 'event_types':
    case 'strands':
    case 'support_needs':
      return { [stepId]: orNotAnswered(inOrder(filled, stepId)) }
    case 'sub_strands':
      return { sub_strands: orNotAnswered(inOrder(filled, stepId).filter((code) => subStrandsOpen(filled).has(code))) }
    case 'preferred_language':
      return { preferred_language: textIn(filled, stepId) || NOT_ANSWERED }
    case 'name':
      return given({ name_known_as: textIn(filled, 'name_known_as') })
    case 'contact':
      return { safe_contact: safeContact(filled) ?? NOT_ANSWERED }
    default:
      return {}
  }
}

/** Two steps ask for it. */
function placed(stepId: string, filled: Filled): Where {
  if (stepId === 'place_type') return { place_type: textIn(filled, stepId) || NOT_ANSWERED }
  if (stepId !== 'place') return {}
  const typed = textIn(filled, 'postcode')
  return given({ postcode: ukPostcode(typed) ?? typed, text: textIn(filled, 'place_text') })
}

function whenSaid(filled: Filled): When {
  const said = span(filled)
  if (said?.type === 'wrong') throw new Incomplete(said.field)
  return {
    precision: textIn(filled, 'when_precision') as When['precision'],
    ...(said !== null && { start: said.start, end: said.end }),
    ...given({ text: textIn(filled, 'when_text') }),
  }
}

/** Only what goes with the chosen ways: a number typed under a way taken back is not sent. */
function safeContact(filled: Filled): SafeContact | null {
  const methods = inOrder(filled, 'contact', 'contact_methods')
  const byVoice = methods.includes('call')
  const reachable = methods.length > 0 && !methods.includes('no_contact')
  const who = textIn(filled, 'contact_say_who')
  const contact: SafeContact = {
    ...(methods.length > 0 && { methods }),
    ...((byVoice || methods.includes('text')) && given({ phone: textIn(filled, 'contact_phone') })),
    ...(methods.includes('email') && given({ email: textIn(filled, 'contact_email') })),
    ...(reachable && given({ times: textIn(filled, 'contact_times'), code_word: textIn(filled, 'contact_code_word') })),
    ...(byVoice && filled['contact_voicemail'] === 'yes' && { voicemail_ok: true }),
    ...(byVoice && (who === 'first_name' || who === 'organisation') && { say_who_calling: who }),
    ...given({ must_not_know: textIn(filled, 'contact_must_not_know') }),
  }
  return Object.keys(contact).length > 0 ? contact : null
}

/** The chosen codes in the order of the form, so that the order of taps says nothing. */
function inOrder(filled: Filled, stepId: string, fieldId: string = stepId): readonly string[] {
  const chosen = codesIn(filled, fieldId)
  return optionsOf(fieldOf(stepId, fieldId)).filter((code) => chosen.includes(code))
}

function orNotAnswered(codes: readonly string[]): readonly string[] | typeof NOT_ANSWERED {
  return codes.length > 0 ? codes : NOT_ANSWERED
}

function given<Texts extends Readonly<Record<string, string>>>(texts: Texts): Partial<Texts> {
  const kept = Object.entries(texts).filter(([, text]) => text !== '')
  return Object.fromEntries(kept.map(([name, text]) => [name, wellFormed(text)])) as Partial<Texts>
}

/** Half of a character, as a broken paste can leave it, has no bytes: it would make the whole unreadable. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

function isAcknowledgement(value: Filled[string]): value is Acknowledgement {
  return typeof value === 'object' && 'text_version' in value
}
