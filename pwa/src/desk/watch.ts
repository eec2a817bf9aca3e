/**
 * Watches whether somebody is at a desk that several people use. A touch in any tab counts for all; a touch that
 * comes after too long does not: whoever wakes a sleeping tablet may be somebody else.
 */

import { effect, signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { currentUser } from './api.ts'
import { leftFor } from './left.ts'
import { lockPage, session } from './session.ts'
import { tellTabs, whenTold } from './tabs.ts'

const TOUCHES = ['pointerdown', 'keydown', 'click', 'wheel', 'touchmove', 'input'] as const
const TELL_MS = 5_000
const PING_MS = 60_000 // the service locks by itself after five minutes without a question

const warning = signal(false)
/** The page is about to lock. */
export const isWarned: ReadonlySignal<boolean> = warning

let touchedAt = 0
let toldAt = 0
let askedAt = 0
let timer: ReturnType<typeof setTimeout> | undefined

export function startWatching(): void {
  // Once it is asked whether somebody is there, the answer is what counts.
  const touch = () => warning.peek() || touched()
  for (const kind of TOUCHES) addEventListener(kind, touch, { capture: true, passive: true })
  // Timers stand still while a tablet sleeps.
  for (const woken of ['visibilitychange', 'focus', 'pageshow']) addEventListener(woken, look, { capture: true })
  whenTold((told) => {
    if (told.type === 'touched' && told.at > touchedAt && told.at <= Date.now()) {
      touchedAt = told.at
      look()
    }
  })
  effect(() => {
    const now = session.value
    touchedAt = askedAt = Date.now()
    clearTimeout(timer)
    warning.value = false
    if (now.status === 'in' && now.user.shared) look()
  })
}

/** Somebody said that they are there. */
export function touched(): void {
  if (!watched()) return
  const at = Date.now()
  if (leftFor(at - touchedAt).state !== 'locked') {
    touchedAt = at
    if (at - toldAt >= TELL_MS) tellTabs({ type: 'touched', at: (toldAt = at) })
    if (at - askedAt >= PING_MS) {
      askedAt = at
      void currentUser().catch(() => undefined)
    }
  }
  look()
}

const watched = () => {
  const now = session.peek()
  return now.status === 'in' && now.user.shared
}

function look(): void {
  if (!watched()) return
  clearTimeout(timer)
  const { state, next_ms } = leftFor(Date.now() - touchedAt)
  warning.value = state === 'warned'
  if (state === 'locked') lockPage()
  else if (next_ms !== null) timer = setTimeout(look, next_ms)
}
