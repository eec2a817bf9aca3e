/**
 * When to try: at every sign that the network may be there, and by a timer while the page is visible.
 * `navigator.onLine` is never asked: it lies in both directions.
 */

import { delayMs } from './decide.ts'
import { onLinkChange } from './files-rest.ts'
import type { Wake } from './wake.ts'

const WAKE_MS_MIN = 500
const POLL_MS = 20_000 // while somebody waits for an answer and looks at the page
const FOLLOW_MS = 60_000 // after the first answer, while somebody looks at the page
const SPOKEN_MS = 4_000 // while what the service answers by itself may come at any moment
const SPOKEN_FOR_MS = 60_000

let timer: ReturnType<typeof setTimeout> | undefined

/** Listens where there is a page to listen to; a service worker has none of these events. */
export function listen(wake: (reason: Wake) => void): void {
  if (!('document' in globalThis)) return
  addEventListener('online', () => wake('online'))
  onLinkChange(() => wake('online'))
  addEventListener('pageshow', (event) => {
    if (event.persisted) wake('visible')
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake('visible')
  })
}

/** What the next timer should wait for. Null: nothing to do until an event comes. */
export function nextWakeMs(now: {
  /** When the core wants to be woken. */
  readonly passAtMs: number | null
  readonly files: readonly { readonly nextTryAt: number | null; readonly attempts: number }[]
  readonly unanswered: boolean
  /** A report was read not long ago: more may be said about it. */
  readonly followed: boolean
  /** When the person last said or asked something about a report. Null: never. */
  readonly spokeAt: number | null
  readonly at: number
  readonly random: number
}): number | null {
  const waits = now.files.map((file) =>
    file.nextTryAt === null ? delayMs(file.attempts, now.random) : Math.max(0, file.nextTryAt - now.at),
  )
  if (now.passAtMs !== null) waits.push(now.passAtMs - now.at)
  if (now.unanswered) waits.push(POLL_MS * (0.75 + now.random / 2))
  const ago = now.spokeAt === null ? SPOKEN_FOR_MS : now.at - now.spokeAt
  if (ago >= 0 && ago < SPOKEN_FOR_MS) waits.push(SPOKEN_MS * (0.75 + now.random / 2))
  if (now.followed) waits.push(FOLLOW_MS * (0.75 + now.random / 2))
  return waits.length === 0 ? null : Math.max(WAKE_MS_MIN, Math.min(...waits))
}

export function planTimer(ms: number | null, wake: (reason: Wake) => void): void {
  clearTimeout(timer)
  if (ms === null || !isVisible()) return
  timer = setTimeout(() => wake('timer'), ms)
}

export function isVisible(): boolean {
  return !('document' in globalThis) || document.visibilityState === 'visible'
}
