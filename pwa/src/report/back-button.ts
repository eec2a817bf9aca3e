/**
 * The browser's Back acts as the back link. There is one address and one extra history entry, so that
 * history holds no trace of the steps; after each Back the entry is stepped onto again.
 */

import { effect } from '@preact/signals'
import { leaveAddress } from './address.ts'
import { back, view } from './flow.ts'

type Mark = { readonly waymark: 'base' | 'inside' }

export function watchBackButton(): void {
  history.scrollRestoration = 'manual'
  history.replaceState({ waymark: 'base' } satisfies Mark, '')
  addEventListener('popstate', (event) => {
    // Going forward again, rather than adding an entry: an entry added without a tap is skipped by the
    // next Back, and that would leave the page and lose the answers.
    if (isBase(event.state) && back() && view.peek().type !== 'start') history.forward()
    else leaveAddress(view.peek().type)
  })
  effect(() => {
    if (view.value.type !== 'start' && isBase(history.state)) history.pushState({ waymark: 'inside' } satisfies Mark, '')
  })
}

function isBase(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'waymark' in state && state.waymark === 'base'
}
