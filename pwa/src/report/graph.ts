/**
 * The question graph: which steps a report has and what is asked in each. It is read from the same file
 * as in Python, and the same vectors hold both. No wording here.
 */

import core from '../../../sync/waymark_sync/questions/core.json'
import { strands } from '../../../sync/waymark_sync/policy/strands.json'

export type Acknowledgement = { readonly at: string; readonly text_version: string }

/** What has been filled in so far, by field id. */
export type Filled = Readonly<Record<string, string | readonly string[] | Acknowledgement | undefined>>

export type Group = { readonly id: string; readonly options: readonly string[] }
export type Field = {
  readonly id: string
  readonly kind: 'acknowledgement' | 'choice' | 'codes' | 'line' | 'text'
  readonly required?: boolean
  readonly max?: number
  readonly blank?: 'not_answered'
  readonly exclusive?: readonly string[]
  readonly options?: readonly string[]
  readonly groups?: readonly Group[]
  readonly options_from?: 'strands' | 'sub_strands'
}
export type Condition =
  | { readonly kind: 'any_of'; readonly field: string; readonly codes: readonly string[] }
  | { readonly kind: 'has_sub_strands' }
export type Validator = 'when' | 'postcode' | 'contact' | 'identity_in_text'
export type Step = {
  readonly id: string
  readonly fields: readonly Field[]
  readonly condition?: Condition
  readonly validators?: readonly Validator[]
}

export const FORM_VERSION = core.form_version
export const LIMITS_TEXT_VERSION = core.limits_text_version
export const MONTHS: Readonly<Record<string, readonly string[]>> = core.months
// The file is ours, and a test in each language reads every step of it: JSON modules widen literals.
export const STEPS = core.steps as readonly Step[]

/** By strand, in the order of the pack: its sub-strands as they are recorded. */
export const SUB_STRANDS: ReadonlyMap<string, readonly string[]> = new Map(
  strands.map(({ code, sub }) => [code, sub.map((each) => `${code}.${each}`)]),
)

export function step(id: string): Step {
  const found = STEPS.find((each) => each.id === id)
  if (found === undefined) throw new Error(`no step ${id}`)
  return found
}

export function fieldOf(stepId: string, fieldId: string = stepId): Field {
  const found = step(stepId).fields.find((each) => each.id === fieldId)
  if (found === undefined) throw new Error(`no field ${fieldId}`)
  return found
}

/** Every code a field may hold, in order. */
export function optionsOf(field: Field): readonly string[] {
  if (field.options_from === 'strands') return [...SUB_STRANDS.keys()]
  if (field.options_from === 'sub_strands') return [...SUB_STRANDS.values()].flat()
  return field.options ?? (field.groups ?? []).flatMap((group) => group.options)
}

/** The steps that belong to these answers, in order. */
export function visibleSteps(filled: Filled): readonly Step[] {
  return STEPS.filter((each) => holds(each.condition, filled))
}

function holds(condition: Condition | undefined, filled: Filled): boolean {
  if (condition === undefined) return true
  if (condition.kind === 'has_sub_strands')
    return codesIn(filled, 'strands').some((code) => (SUB_STRANDS.get(code) ?? []).length > 0)
  const value = filled[condition.field]
  const codes = typeof value === 'string' ? [value] : codesIn(filled, condition.field)
  return codes.some((code) => condition.codes.includes(code))
}

// Written out, because what counts as white space differs between Python and JavaScript.
const BLANK = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+'
const EDGES = new RegExp(`^${BLANK}|${BLANK}$`, 'g')

export function trimmed(text: string): string {
  return text.replace(EDGES, '')
}

/** The text of a field without blanks at its ends; empty when there is none. */
export function textIn(filled: Filled, fieldId: string): string {
  const value = filled[fieldId]
  return typeof value === 'string' ? trimmed(value) : ''
}

export function codesIn(filled: Filled, fieldId: string): readonly string[] {
  const value = filled[fieldId]
  return Array.isArray(value) ? value : []
}

/** Exactly as typed. */
export function typedIn(filled: Filled, fieldId: string): string {
  const value = filled[fieldId]
  return typeof value === 'string' ? value : ''
}
