/** Two pages beside the report have addresses of their own, which say nothing of it; all else is at `/`. */

import { type Aside, open, type View } from './flow.ts'

const PAGES: Readonly<Record<string, Aside>> = { '/return': 'return', '/verify': 'verify' }

/** Called once, before the first paint. */
export function openAddress(path: string): void {
  const page = PAGES[path]
  if (page !== undefined) open(page)
}

/** A page that was left leaves the address too: a reload must not open it again. */
export function leaveAddress(now: View['type']): void {
  const page = PAGES[location.pathname]
  if (page !== undefined && page !== now) history.replaceState(history.state, '', '/')
}
