import type { ComponentChildren, JSX } from 'preact'
import { Button } from '../ui/button.tsx'
import type { Refusal } from './api.ts'
import { isWordKey, say, sayCount } from './words.ts'

/** Something is on its way: a bar that moves where motion is welcome, and words for everyone. */
export function Loading({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="desk-loading" role="status">
      <p class="govuk-body">{children}</p>
      <progress class="desk-loading__bar" aria-hidden="true" />
    </div>
  )
}

/** What went wrong and what to do now. */
export function RefusalNotice({ refusal, retry }: { refusal: Refusal; retry?: () => unknown }): JSX.Element {
  const told = wordsOf(refusal)
  return (
    <div class="govuk-error-summary" role="alert">
      <h2 class="govuk-error-summary__title">{told.title}</h2>
      <div class="govuk-error-summary__body">
        <p>{told.next}</p>
        {retry !== undefined && (
          <Button kind="secondary" className="desk-last" onClick={() => void retry()}>{say('app.try_again')}</Button>
        )}
      </div>
    </div>
  )
}

/** The server's own words come first; codes made in the browser have theirs in the catalogue. */
export function wordsOf(refusal: Refusal): { readonly title: string; readonly next: string } {
  const stem = `refusal.${refusal.code}`
  const key = isWordKey(stem) ? (stem as 'refusal.unreachable' | 'refusal.not_understood') : 'refusal.other'
  const next = refusal.retryAfterS === null ? refusal.next : sayCount('refusal.wait', refusal.retryAfterS)
  return { title: refusal.title || say(key), next: next || say(`${key}_next`) }
}
