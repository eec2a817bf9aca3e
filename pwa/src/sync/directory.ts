/**
 * Nouns of the directory, with the field names of `waymark_sync/directory.py`: a service that may help, what
 * is asked, what is answered. A question is put and answered on this device.
 */

import type { Answers } from './protocol.generated.ts'

export type Channel = 'call' | 'text' | 'whatsapp' | 'chat' | 'email' | 'bsl' | 'face' | 'outreach'

/** Local time in London; days from 1, Monday. `closes` at or before `opens` runs past midnight. */
export type Hours = { readonly days: readonly number[]; readonly opens: string; readonly closes: string }

/** No strands and no sub-strands means: for everybody. */
export type Service = {
  /** Lower case ASCII letters, digits and hyphens: ties are decided by it. */
  readonly id: string
  readonly name: string
  readonly description: string
  /** Nations of a national service, or `uk`; ids of areas or forces of a local one. */
  readonly coverage: readonly string[]
  readonly national: boolean
  /** Somebody who answers for this installation has checked the row. */
  readonly verified: boolean
  /** Invented, for trying things out. */
  readonly demo: boolean
  /** Local date of the last check, or null. */
  readonly assured_on: string | null
  readonly status: string
  /** As shown and dialled; null when the service has none. */
  readonly phone: string | null
  readonly url: string
  readonly discreet_name: string
  readonly hours: readonly Hours[]
  readonly strands: readonly string[]
  readonly sub_strands: readonly string[]
  readonly languages: readonly string[]
  readonly interpreter: boolean
  readonly channels: readonly Channel[]
  readonly needs: readonly string[]
  readonly led_by_and_for: boolean
  readonly community_run: boolean
  readonly police_run: boolean
  readonly shares_with_police: 'never' | 'with_consent' | 'always'
  readonly reported_required: boolean
  readonly anonymous_ok: boolean
  readonly min_age: number | null
  readonly max_age: number | null
  readonly waiting_days: number | null
}

export type Query = {
  readonly strands: readonly string[]
  readonly sub_strands: readonly string[]
  /** Narrow to wide: area, force. */
  readonly area_ids: readonly string[]
  readonly nation: string
  /** Other than English; `other` is one that the form does not list. */
  readonly languages: readonly string[]
  readonly needs: readonly string[]
  /** Ways that are safe for this person, dearest first. */
  readonly channels: readonly string[]
  readonly age_from: number | null
  readonly age_to: number | null
  readonly sharing_choice: string
  readonly must_not_know: string
  readonly danger: boolean
  readonly self_harm: boolean
}

export type Reason = { readonly code: string; readonly value: string }

export type Suggestion = {
  /** Without telephone number and address when nobody has checked it. */
  readonly service: Service
  readonly score: number
  readonly reasons: readonly Reason[]
}

export const EMPTY_QUERY: Query = {
  strands: [],
  sub_strands: [],
  area_ids: [],
  nation: '',
  languages: [],
  needs: [],
  channels: [],
  age_from: null,
  age_to: null,
  sharing_choice: '',
  must_not_know: '',
  danger: false,
  self_harm: false,
}

const CHANNELS_OF: Readonly<Record<string, readonly string[]>> = { call: ['call'], text: ['text', 'chat'], email: ['email'] }

/** What a report asks of the directory. The place is filled in where the directory is. */
export function queryOf(answers: Answers): Query {
  const contact = typeof answers.safe_contact === 'object' ? answers.safe_contact : null
  const language = answers.preferred_language
  return {
    ...EMPTY_QUERY,
    strands: codes(answers.strands),
    sub_strands: codes(answers.sub_strands),
    languages: language == null || ['', 'not_answered', 'en'].includes(language) ? [] : [language],
    needs: codes(answers.support_needs),
    channels: (contact?.methods ?? []).flatMap((method) => CHANNELS_OF[method] ?? []),
    sharing_choice: answers.sharing_choice,
    must_not_know: contact?.must_not_know ?? '',
  }
}

function codes(answer: readonly string[] | 'not_answered' | null | undefined): readonly string[] {
  return typeof answer === 'object' && answer !== null ? answer : []
}

const POSTCODE = /^([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})?$/

/** `QX1` of `qx1 2ab` or of `QX1`; null for what is no UK postcode. The service decides likewise. */
export function outwardOf(postcode: string | null): string | null {
  return POSTCODE.exec((postcode ?? '').trim().toUpperCase())?.[1] ?? null
}
