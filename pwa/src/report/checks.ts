/** What is wrong, and what is only odd, by step. Codes only: each language has its own words for them. */

import { looksLikeEmail, looksLikePhone, mayIdentify, ukPostcode } from './contact.ts'
import { span } from './dates.ts'
import { codesIn, type Field, type Filled, optionsOf, type Step, SUB_STRANDS, textIn, typedIn, type Validator, visibleSteps } from './graph.ts'

export type Fault = { readonly field: string; readonly code: string }
export type Findings = {
  /** These stop the step. */
  readonly errors: readonly Fault[]
  /** Shown once; the same answer may be given again. */
  readonly warnings: readonly Fault[]
}

/** Sharing choices under which nobody is told who the reporter is. */
export const NAMELESS: ReadonlySet<string> = new Set(['P3', 'A1', 'A2'])

/** `today` is a local date, `YYYY-MM-DD`. */
export function checkAll(filled: Filled, today: string): Findings {
  const found = visibleSteps(filled).map((step) => checkStep(step, filled, today))
  return { errors: found.flatMap((each) => each.errors), warnings: found.flatMap((each) => each.warnings) }
}

export function checkStep(step: Step, filled: Filled, today: string): Findings {
  const found = (step.validators ?? []).map((validator) => validate(validator, filled, today))
  return {
    errors: [...step.fields.flatMap((field) => fieldErrors(field, filled)), ...found.flatMap((each) => each.errors)],
    warnings: found.flatMap((each) => each.warnings),
  }
}

function validate(validator: Validator, filled: Filled, today: string): Findings {
  switch (validator) {
    case 'when':
      return { errors: whenErrors(filled, today), warnings: [] }
    case 'postcode':
      return { errors: [], warnings: postcodeWarnings(filled) }
    case 'contact': {
      const faults = contactFaults(filled)
      const stops = (fault: Fault) => fault.code.endsWith('_needed')
      return { errors: faults.filter(stops), warnings: faults.filter((fault) => !stops(fault)) }
    }
    case 'identity_in_text':
      return { errors: [], warnings: identityWarnings(filled) }
  }
}

function fieldErrors(field: Field, filled: Filled): readonly Fault[] {
  const fault = (code: string): Fault => ({ field: field.id, code })
  switch (field.kind) {
    case 'acknowledgement':
      return filled[field.id] ? [] : [fault('required')]
    case 'choice': {
      const chosen = textIn(filled, field.id)
      if (chosen === '') return field.required ? [fault('required')] : []
      return optionsOf(field).includes(chosen) ? [] : [fault('unknown_code')]
    }
    case 'codes':
      return codesErrors(field, filled).map(fault)
    case 'line':
    case 'text': {
      const blank = field.required && textIn(filled, field.id) === ''
      const long = [...typedIn(filled, field.id)].length > (field.max ?? 0)
      return [...(blank ? [fault('required')] : []), ...(long ? [fault('too_long')] : [])]
    }
  }
}

function codesErrors(field: Field, filled: Filled): readonly string[] {
  const chosen = codesIn(filled, field.id)
  const known = optionsOf(field)
  const errors: string[] = []
  if (chosen.some((code) => !known.includes(code))) errors.push('unknown_code')
  else if (field.options_from === 'sub_strands' && chosen.some((code) => !subStrandsOpen(filled).has(code)))
    errors.push('not_of_chosen_strand')
  if (chosen.length > 1 && chosen.some((code) => field.exclusive?.includes(code))) errors.push('exclusive')
  return errors
}

/** Sub-strands of the chosen strands. */
export function subStrandsOpen(filled: Filled): ReadonlySet<string> {
  return new Set(codesIn(filled, 'strands').flatMap((strand) => SUB_STRANDS.get(strand) ?? []))
}

function whenErrors(filled: Filled, today: string): readonly Fault[] {
  const said = span(filled)
  if (said === null) return []
  if (said.type === 'wrong') return [{ field: said.field, code: said.code }]
  const field = filled['when_precision'] === 'month' ? 'when_month' : 'when_day'
  return said.start > today ? [{ field, code: 'date_future' }] : []
}

function postcodeWarnings(filled: Filled): readonly Fault[] {
  const postcode = textIn(filled, 'postcode')
  return postcode === '' || ukPostcode(postcode) !== null ? [] : [{ field: 'postcode', code: 'postcode_looks_odd' }]
}

/** `_needed` where the choice is to give the police one's details, `_missing` where it can wait. */
function contactFaults(filled: Filled): readonly Fault[] {
  const methods = codesIn(filled, 'contact_methods')
  const ending = filled['sharing_choice'] === 'P1' ? 'needed' : 'missing'
  const faults: Fault[] = []
  if (methods.length === 0 && ending === 'needed') faults.push({ field: 'contact_methods', code: 'contact_needed' })
  const phone = textIn(filled, 'contact_phone')
  const email = textIn(filled, 'contact_email')
  if (methods.includes('call') || methods.includes('text')) {
    if (phone === '') faults.push({ field: 'contact_phone', code: `phone_${ending}` })
    else if (!looksLikePhone(phone)) faults.push({ field: 'contact_phone', code: 'phone_looks_odd' })
  }
  if (methods.includes('email')) {
    if (email === '') faults.push({ field: 'contact_email', code: `email_${ending}` })
    else if (!looksLikeEmail(email)) faults.push({ field: 'contact_email', code: 'email_looks_odd' })
  }
  return faults
}

function identityWarnings(filled: Filled): readonly Fault[] {
  const nameless = NAMELESS.has(textIn(filled, 'sharing_choice'))
  const shows = nameless && mayIdentify(textIn(filled, 'narrative_original'))
  return shows ? [{ field: 'sharing_choice', code: 'text_may_identify' }] : []
}
