/**
 * The desk's one URL space. Ids and the state filter are all that a URL may hold: no reference, no name,
 * no words of a report. The server answers desk.html for every address here.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'

export const STATE_FILTERS = ['waiting', 'acknowledged'] as const
export type StateFilter = (typeof STATE_FILTERS)[number]

export type Page =
  | { readonly type: 'queue'; readonly state: StateFilter | null }
  | { readonly type: 'report'; readonly id: string }
  | { readonly type: 'quarantine' }
  | { readonly type: 'devices' }
  | { readonly type: 'unknown' }

const ID = /^[A-Za-z0-9_-]{1,64}$/

export function pageAt(address: { readonly pathname: string; readonly search: string }): Page {
  const [desk, section, id, ...more] = address.pathname.split('/').filter((part) => part !== '')
  if (desk !== 'desk' || more.length > 0) return { type: 'unknown' }
  if (section === 'reports' && id !== undefined && ID.test(id)) return { type: 'report', id }
  if (id !== undefined) return { type: 'unknown' }
  if (section === undefined) return { type: 'queue', state: filterIn(address.search) }
  if (section === 'quarantine' || section === 'devices') return { type: section }
  return { type: 'unknown' }
}

export function addressOf(page: Page): string {
  switch (page.type) {
    case 'queue':
      return page.state === null ? '/desk' : `/desk?state=${page.state}`
    case 'report':
      return `/desk/reports/${page.id}`
    case 'quarantine':
    case 'devices':
      return `/desk/${page.type}`
    case 'unknown':
      return '/desk'
  }
}

function filterIn(search: string): StateFilter | null {
  const asked = new URLSearchParams(search).get('state')
  return STATE_FILTERS.find((known) => known === asked) ?? null
}

const shown = signal<Page>({ type: 'unknown' })
export const page: ReadonlySignal<Page> = shown

/** Begin to follow the address bar, Back and Forward, and plain clicks on the desk's own links. */
export function startRouter(): void {
  const follow = () => {
    shown.value = pageAt(location)
  }
  addEventListener('popstate', follow)
  addEventListener('click', followLink)
  follow()
}

export function go(to: Page): void {
  history.pushState(null, '', addressOf(to))
  shown.value = to
  scrollTo(0, 0)
}

/** Clicks that ask for a new tab or a download stay the browser's. */
function followLink(click: MouseEvent): void {
  const link = click.target instanceof Element ? click.target.closest('a[href]') : null
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.origin !== location.origin) return
  if (click.defaultPrevented || click.button !== 0 || modified(click) || link.hash !== '') return
  const to = pageAt(link)
  if (to.type === 'unknown') return
  click.preventDefault()
  go(to)
}

const modified = (click: MouseEvent) => click.metaKey || click.ctrlKey || click.shiftKey || click.altKey
