import type { JSX } from 'preact'
import { serverNowMs } from './api.ts'
import { absolute, age } from './times.ts'

/** The age first, as it is what a list is read for; the time in full after it. */
export function When({ at }: { at: string }): JSX.Element {
  return (
    <time class="desk-when" dateTime={at}>
      <strong>{age(Date.parse(at), serverNowMs())}</strong>{' '}
      <span class="desk-quiet">{absolute(at)}</span>
    </time>
  )
}
