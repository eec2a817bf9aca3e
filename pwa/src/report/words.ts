/** Codes into sentences: what is wrong, what is odd, why something was not sent. */

import { isKey, type MessageKey, t } from '../i18n/index.ts'
import type { SaveFailedCode } from '../sync/index.ts'
import type { Fault } from './checks.ts'

/** The words for this very field, else those for the code. */
export function errorText(fault: Fault): string {
  const keys = [`error.${fault.field}.${fault.code}`, `error.${fault.code}`]
  return t(keys.find(isKey) ?? 'error.unknown_code')
}

export function warningText(fault: Fault): string {
  const key = `warning.${fault.code}`
  return isKey(key) ? t(key) : ''
}

export function errorOf(errors: readonly Fault[], field: string): string | undefined {
  const fault = errors.find((each) => each.field === field)
  return fault === undefined ? undefined : errorText(fault)
}

export function failureText(code: SaveFailedCode | 'unknown'): string {
  return t(`fail.${code}`)
}

/** The last failure of a report, in plain words; the code itself stays in the store. */
export function whyNotSent(code: string): string {
  return t(WHY_NOT.find(([pattern]) => pattern.test(code))?.[1] ?? 'why_not.other')
}

const WHY_NOT: readonly (readonly [RegExp, MessageKey])[] = [
  [/^no_connection$/, 'why_not.offline'],
  [/^timeout$/, 'why_not.network'],
  [/^http_(429|502|503|504|507)$/, 'why_not.busy'],
  [/^(not_the_service|no_valid_receipt|no_result|refused_unproven|http_[34]\d\d)$/, 'why_not.untrusted'],
  [/^(http_5\d\d|suspect|retry)$/, 'why_not.server'],
  [/^(too_large|rejected|hash_wrong|header_unreadable|version_unknown)/, 'why_not.rejected'],
]
