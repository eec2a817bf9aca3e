/** The queue as this page holds it: one page of it, and looks for what is new. */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { queue, Refusal } from './api.ts'
import { UNFILTERED } from './filters.ts'
import type { Filters } from './filters.ts'
import { merge, NO_ROWS, reveal } from './rows.ts'
import type { Rows } from './rows.ts'
import type { Counts, QueuePage } from './shapes.ts'

export const POLL_MS = 10_000 // where no stream can be had: one small request

export type Queue = {
  readonly status: 'loading' | 'ready' | 'failed'
  readonly filters: Filters
  /** Where this page begins; null is the newest. */
  readonly cursor: string | null
  readonly rows: Rows
  /** Where the next page begins. */
  readonly next: string | null
  readonly counts: Counts | null
  readonly refusal: Refusal | null
  /** Device clock, milliseconds; null before the first answer. */
  readonly freshAt: number | null
  /** The last look failed: the list may be out of date. */
  readonly stale: boolean
}

const EMPTY: Queue = {
  status: 'loading',
  filters: UNFILTERED,
  cursor: null,
  rows: NO_ROWS,
  next: null,
  counts: null,
  refusal: null,
  freshAt: null,
  stale: false,
}

const now = signal<Queue>(EMPTY)
export const queueNow: ReadonlySignal<Queue> = now

const change = (part: Partial<Queue>) => {
  now.value = { ...now.value, ...part }
}

/** Show one page of the queue. An answer for a page that was left meanwhile is dropped. */
export async function load(filters: Filters, cursor: string | null): Promise<void> {
  now.value = { ...EMPTY, filters, cursor, counts: now.value.counts }
  askedAgain = false
  const left = () => now.value.filters !== filters || now.value.cursor !== cursor
  try {
    const page = await queue(filters, cursor)
    if (left()) return
    change({ status: 'ready', rows: { ...NO_ROWS, shown: page.reports }, next: page.next, ...freshness(page) })
    if (askedAgain) void look()
  } catch (error) {
    const refusal = refusalOf(error)
    if (!left()) change({ status: 'failed', refusal })
  }
}

let looking = false
let askedAgain = false

/** Look for what is new, without moving what is shown. News during a look are looked for after it. */
export async function look(): Promise<void> {
  askedAgain = true
  if (looking || now.value.status === 'loading') return
  looking = true
  try {
    while (askedAgain && now.value.status === 'ready') {
      askedAgain = false
      await lookOnce()
    }
  } finally {
    looking = false
  }
}

async function lookOnce(): Promise<void> {
  const { filters, cursor, freshAt } = now.value
  try {
    const page = await queue(filters, cursor)
    // A list that was loaded again meanwhile is newer than this answer.
    if (now.value.filters !== filters || now.value.cursor !== cursor || now.value.freshAt !== freshAt) return
    change({ rows: merge(now.value.rows, page.reports, page.next === null), ...freshness(page) })
  } catch (error) {
    refusalOf(error)
    if (now.value.filters === filters) change({ stale: true })
  }
}

/** Numbers on tabs may change in place: nothing moves by them. */
export function takeCounts(counts: Counts): void {
  change({ counts })
}

/** Returns the id of the first row that is new on the screen. */
export async function showArrived(): Promise<string | null> {
  const { rows, filters, cursor } = now.value
  if (rows.gap) await load(filters, cursor)
  else change({ rows: reveal(rows) })
  return now.value.rows.shown[0]?.id ?? null
}

function freshness(page: QueuePage): Partial<Queue> {
  return { counts: page.counts, freshAt: Date.now(), stale: false }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}
