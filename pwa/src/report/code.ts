/**
 * The return code of the report that is being written. Made while the person answers, so that it is there on
 * the check page and costs no wait; a report is never held up for it.
 */

import { signal } from '@preact/signals'
import { language } from '../i18n/index.ts'
import { type CodeForm, forgetReturnCode, prepareReturnCode } from '../sync/index.ts'

export type Code =
  | { readonly state: 'none' }
  | { readonly state: 'making'; readonly form: CodeForm }
  | { readonly state: 'ready'; readonly form: CodeForm; readonly code: string }
  /** This device cannot make one: the report is saved without. */
  | { readonly state: 'failed' }

const CODE_MS_MAX = 10_000 // a slow phone's three seconds, three times over

export const code = signal<Code>({ state: 'none' })

let chosen: CodeForm | null = null
let making: Promise<void> = Promise.resolve()

/** Words that no person has checked are no place for seven English words: there it is a number. */
function wanted(): CodeForm {
  return chosen ?? (language().checked ? 'words' : 'digits')
}

/** Have one made, unless there is one of the wanted kind. What failed is tried again: a file may have come since. */
export function ensureCode(): void {
  const now = code.peek()
  if ((now.state === 'making' || now.state === 'ready') && now.form === wanted()) return
  making = make(wanted())
}

export function chooseForm(form: CodeForm): void {
  chosen = form
  ensureCode()
}

async function make(form: CodeForm): Promise<void> {
  const now: Code = { state: 'making', form }
  code.value = now
  const made = await firstThatWorks(form === 'words' ? ['words', 'digits'] : ['digits'])
  // Left, or changed to the other kind, while it was being made.
  if (code.peek() !== now) return
  code.value = made === null ? { state: 'failed' } : { state: 'ready', form, code: made }
}

/** The list of words may not be on the device yet; a number needs none. */
async function firstThatWorks(forms: readonly CodeForm[]): Promise<string | null> {
  for (const form of forms) {
    const made = await prepareReturnCode(form).catch(() => null)
    if (made !== null) return made
  }
  return null
}

/** The code to finish with, or null when there is none in time. */
export async function codeInTime(): Promise<string | null> {
  if (code.peek().state === 'none') ensureCode()
  await Promise.race([making, new Promise((resolve) => setTimeout(resolve, CODE_MS_MAX))])
  const now = code.peek()
  return now.state === 'ready' ? now.code : null
}

export function forgetCode(): void {
  chosen = null
  code.value = { state: 'none' }
  forgetReturnCode()
}
