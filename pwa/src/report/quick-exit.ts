/**
 * Leaving at once: the screen is emptied first, then memory, then what the device may forget, and the page
 * is replaced by a neutral one. Back, a reload of the tab's history and other tabs show nothing.
 */

import { wipe } from '../sync/index.ts'
import { restart } from './flow.ts'

const LEAVING = '/leaving'
const FLAG = 'left'
const TAPS = 3
const TAPS_WITHIN_MS = 5_000
const WIPE_MS_MAX = 300 // the blank screen must not look broken

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('leaving') : null

/** True when this page was reached by Back after an exit: the caller must then show nothing. */
export function leftBefore(): boolean {
  if (!marked()) return false
  const [arrival] = performance.getEntriesByType('navigation')
  const byBack = arrival instanceof PerformanceNavigationTiming && arrival.type === 'back_forward'
  if (byBack) return true
  unmark() // typed or opened anew: the person wants to be here
  return false
}

export function goAway(): void {
  empty()
  location.replace(LEAVING)
}

export function exitNow(): void {
  channel?.postMessage('leave')
  leave()
}

export function watchForExit(): void {
  addEventListener('pageshow', (event) => {
    if (event.persisted && marked()) goAway()
  })
  channel?.addEventListener('message', leave)
  let taps: readonly number[] = []
  addEventListener('keyup', (event) => {
    const bare = event.key === 'Shift' && !typedWithShift
    typedWithShift = false
    taps = bare ? [...taps.filter((at) => event.timeStamp - at < TAPS_WITHIN_MS), event.timeStamp] : []
    if (taps.length >= TAPS) exitNow()
  })
  let typedWithShift = false
  addEventListener('keydown', (event) => {
    if (event.key === 'Shift') return
    taps = []
    typedWithShift = event.shiftKey
  })
}

function leave(): void {
  empty()
  restart()
  mark()
  const limit = new Promise((resolve) => setTimeout(resolve, WIPE_MS_MAX))
  void Promise.race([wipe(), limit])
    .catch(() => undefined)
    .then(() => location.replace(LEAVING))
}

function empty(): void {
  for (const field of document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea')) field.value = ''
  document.body.replaceChildren()
  document.title = 'Loading'
}

function marked(): boolean {
  try {
    return sessionStorage.getItem(FLAG) !== null
  } catch {
    return window.name === FLAG
  }
}

function mark(): void {
  try {
    sessionStorage.setItem(FLAG, '1')
  } catch {
    window.name = FLAG // no storage is allowed: the tab's own name outlives the page, too
  }
}

function unmark(): void {
  try {
    sessionStorage.removeItem(FLAG)
  } catch {
    window.name = ''
  }
}
