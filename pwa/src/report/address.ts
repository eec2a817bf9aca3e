/** Two pages beside the report have addresses of their own, which say nothing of it; all else is at `/`. */

import { type Aside, open, type View } from './flow.ts'

const PAGES: Readonly<Record<string, Aside>> = { '/return': 'return', '/verify': 'verify' }

/** A one-time code, as a camera reads it from the desk's screen. What stands after `#` never travels. */
const SCANNED = /^#k=([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2})$/u
let scanned = ''

/** Called once, before the first paint. */
export function openAddress({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): void {
  const page = PAGES[pathname]
  if (page !== undefined) open(page)
  if (hash === '') return
  history.replaceState(history.state, '', pathname)
  scanned = SCANNED.exec(hash)?.[1] ?? ''
  if (page === undefined && scanned !== '') open('enrol')
}

/** The code that a camera has read, once: whoever goes back to the page types one. */
export function takeScanned(): string {
  const code = scanned
  scanned = ''
  return code
}

/** A page that was left leaves the address too: a reload must not open it again. */
export function leaveAddress(now: View['type']): void {
  const page = PAGES[location.pathname]
  if (page !== undefined && page !== now) history.replaceState(history.state, '', '/')
}
