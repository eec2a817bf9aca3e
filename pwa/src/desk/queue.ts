/** The queue as this page holds it: loading, pages by cursor, and a look for what is new every ten seconds. */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { queue, Refusal } from './api.ts'
import type { StateFilter } from './router.ts'
import { extend, merge, NO_ROWS, reveal } from './rows.ts'
import type { Rows } from './rows.ts'
import type { QueuePage } from './shapes.ts'

export const POLL_MS = 10_000 // one small request; a report waits minutes, not seconds, for its reader

export type Queue = {
  readonly status: 'loading' | 'ready' | 'failed'
  readonly filter: StateFilter | null
  readonly rows: Rows
  readonly next: string | null
  readonly waiting: number
  readonly more: 'idle' | 'loading' | 'failed'
  readonly refusal: Refusal | null
  /** Device clock, milliseconds; null before the first answer. */
  readonly freshAt: number | null
  /** The last look failed: the list may be out of date. */
  readonly stale: boolean
}

const EMPTY: Queue = {
  status: 'loading',
  filter: null,
  rows: NO_ROWS,
  next: null,
  waiting: 0,
  more: 'idle',
  refusal: null,
  freshAt: null,
  stale: false,
}

const now = signal<Queue>(EMPTY)
export const queueNow: ReadonlySignal<Queue> = now

const change = (part: Partial<Queue>) => {
  now.value = { ...now.value, ...part }
}

/** Show the queue from its top. An answer for a filter that was left meanwhile is dropped. */
export async function load(filter: StateFilter | null): Promise<void> {
  now.value = { ...EMPTY, filter, waiting: now.value.waiting }
  const mine = now.value
  try {
    const page = await queue({ state: filter })
    if (now.value !== mine) return
    change({ status: 'ready', rows: { ...NO_ROWS, shown: page.reports }, next: page.next, ...freshness(page) })
  } catch (error) {
    if (now.value === mine) change({ status: 'failed', refusal: refusalOf(error) })
  }
}

/** Look for what is new, without moving what is shown. */
export async function look(): Promise<void> {
  const { filter, status, freshAt } = now.value
  if (status !== 'ready') return
  try {
    const page = await queue({ state: filter })
    // A list that was loaded again meanwhile is newer than this answer.
    if (now.value.filter !== filter || now.value.status !== 'ready' || now.value.freshAt !== freshAt) return
    change({ rows: merge(now.value.rows, page.reports, page.next === null), ...freshness(page) })
  } catch (error) {
    refusalOf(error)
    if (now.value.filter === filter) change({ stale: true })
  }
}

/** Returns how many rows were added. */
export async function loadMore(): Promise<number> {
  const { filter, next, rows } = now.value
  if (next === null || now.value.more === 'loading') return 0
  change({ more: 'loading' })
  try {
    const page = await queue({ state: filter, cursor: next })
    if (now.value.filter !== filter || now.value.next !== next) return 0
    const longer = extend(now.value.rows, page.reports)
    change({ rows: longer, next: page.next, more: 'idle' })
    return longer.shown.length - rows.shown.length
  } catch (error) {
    const refusal = refusalOf(error)
    if (now.value.next === next) change({ more: 'failed', refusal })
    return 0
  }
}

/** Returns the id of the first row that is new on the screen. */
export async function showArrived(): Promise<string | null> {
  const { rows, filter } = now.value
  if (rows.gap) await load(filter)
  else change({ rows: reveal(rows) })
  return now.value.rows.shown[0]?.id ?? null
}

function freshness(page: QueuePage): Partial<Queue> {
  return { waiting: page.counts.waiting, freshAt: Date.now(), stale: false }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}
