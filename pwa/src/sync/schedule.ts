/**
 * When to try: at every sign that the network may be there, and by a timer while the page is visible.
 * `navigator.onLine` is never asked: it lies in both directions.
 */

import { delayMs } from './decide.ts'
import { onLinkChange } from './files-rest.ts'

const WAKE_MS_MIN = 500
const POLL_MS = 20_000 // while somebody waits for an answer and looks at the page
const FOLLOW_MS = 60_000 // after the first answer, while somebody looks at the page

export type Wake = 'start' | 'online' | 'visible' | 'finish' | 'timer' | 'user' | 'other_tab'

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
  readonly queued: readonly { readonly nextTryAt: number | null; readonly attempts: number }[]
  readonly unanswered: boolean
  /** A report was read not long ago: more may be said about it. */
  readonly followed: boolean
  /** Passes in a row that met silence: what one request learnt holds for those still due. */
  readonly silences: number
  /** The service's own wish, in seconds. */
  readonly backoffS: number
  readonly at: number
  readonly random: number
}): number | null {
  const waits = now.queued.map((item) =>
    item.nextTryAt === null ? delayMs(item.attempts, now.random) : Math.max(0, item.nextTryAt - now.at),
  )
  if (now.unanswered) waits.push(POLL_MS * (0.75 + now.random / 2))
  if (now.followed) waits.push(FOLLOW_MS * (0.75 + now.random / 2))
  if (waits.length === 0) return null
  const floor = now.silences > 0 || now.backoffS > 0 ? delayMs(now.silences, now.random, now.backoffS) : 0
  return Math.max(WAKE_MS_MIN, floor, Math.min(...waits))
}

export function planTimer(ms: number | null, wake: (reason: Wake) => void): void {
  clearTimeout(timer)
  if (ms === null || !isVisible()) return
  timer = setTimeout(() => wake('timer'), ms)
}

export function isVisible(): boolean {
  return !('document' in globalThis) || document.visibilityState === 'visible'
}
