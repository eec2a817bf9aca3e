/**
 * The desk's one URL space. Ids, filters and the name of an act are all that a URL may hold: no reference,
 * no name, no words of a report. The server answers desk.html for every address here.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { ACT_OF_PATH, ACTS } from './act-names.ts'
import type { ActName } from './act-names.ts'
import { cursorIn, filtersIn, searchOf } from './filters.ts'
import type { Filters } from './filters.ts'

export type Page =
  | { readonly type: 'queue'; readonly filters: Filters; readonly cursor: string | null }
  | { readonly type: 'report'; readonly id: string; readonly act: ActName | null }
  | { readonly type: 'quarantine' }
  | { readonly type: 'devices' }
  | { readonly type: 'account' }
  | { readonly type: 'people' }
  | { readonly type: 'join' }
  /** erased: a report has just gone. Nothing of it stands in the address. */
  | { readonly type: 'reviews'; readonly erased: boolean }
  | { readonly type: 'unknown' }

/** Pages that have no more to their address than a name. */
const PLAIN = ['quarantine', 'devices', 'account', 'people', 'join'] as const
const isPlain = (section: string): section is (typeof PLAIN)[number] => (PLAIN as readonly string[]).includes(section)

const ID = /^[A-Za-z0-9_-]{1,64}$/

export function pageAt(address: { readonly pathname: string; readonly search: string }): Page {
  const [desk, section, id, act, ...more] = address.pathname.split('/').filter((part) => part !== '')
  if (desk !== 'desk' || more.length > 0) return { type: 'unknown' }
  if (section === 'reports' && id !== undefined && ID.test(id)) return reportAt(id, act)
  if (id !== undefined) return { type: 'unknown' }
  if (section === undefined) {
    return { type: 'queue', filters: filtersIn(address.search), cursor: cursorIn(address.search) }
  }
  if (section === 'reviews') return { type: 'reviews', erased: false }
  if (isPlain(section)) return { type: section }
  return { type: 'unknown' }
}

function reportAt(id: string, path: string | undefined): Page {
  if (path === undefined) return { type: 'report', id, act: null }
  const act = ACT_OF_PATH.get(path)
  return act === undefined ? { type: 'unknown' } : { type: 'report', id, act }
}

export function addressOf(page: Page): string {
  switch (page.type) {
    case 'queue':
      return `/desk${searchOf(page.filters, page.cursor)}`
    case 'report':
      return `/desk/reports/${page.id}${page.act === null ? '' : `/${ACTS[page.act]}`}`
    case 'quarantine':
    case 'devices':
    case 'account':
    case 'people':
    case 'join':
    case 'reviews':
      return `/desk/${page.type}`
    case 'unknown':
      return '/desk'
  }
}

const shown = signal<Page>({ type: 'unknown' })
export const page: ReadonlySignal<Page> = shown
/** The list as it was seen last in this session of the page, so that going back to it keeps its filters. */
let lastList = '/desk'
export const listAddress = (): string => lastList

/** Begin to follow the address bar, Back and Forward, and plain clicks on the desk's own links. */
export function startRouter(): void {
  const follow = () => show(pageAt(location))
  addEventListener('popstate', follow)
  addEventListener('click', followLink)
  follow()
}

export function go(to: Page): void {
  const from = shown.value
  history.pushState(null, '', addressOf(to))
  show(to)
  if (!sameReport(from, to)) scrollTo(0, 0)
}

/** The same without a step to go back to: a form that was sent is not to be met again. */
export function replace(to: Page): void {
  history.replaceState(null, '', addressOf(to))
  show(to)
}

/** A new login starts with the whole list. */
export function startAfresh(): void {
  lastList = '/desk'
  if (shown.value.type !== 'queue') return
  history.replaceState(null, '', '/desk')
  show(pageAt(location))
}

function show(to: Page): void {
  shown.value = to
  if (to.type === 'queue') lastList = addressOf(to)
}

/** What is open beside a report changes; the report itself stays where it is. */
function sameReport(from: Page, to: Page): boolean {
  return from.type === 'report' && to.type === 'report' && from.id === to.id
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
