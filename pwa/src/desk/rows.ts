/**
 * Rows of the queue on the screen. A row that a person can see never moves and never goes away under
 * their finger: it is only refreshed where it stands. What is new waits until they ask for it.
 */

import type { ReportRow } from './shapes.ts'

export type Rows = {
  /** In the order in which the person first saw them. */
  readonly shown: readonly ReportRow[]
  /** Arrived since, in the server's order; not on the screen yet. */
  readonly arrived: readonly ReportRow[]
  /** On the screen still, but no longer part of this list: somebody dealt with it meanwhile. */
  readonly left: ReadonlySet<string>
  /** More arrived than one page holds: showing them starts the list again. */
  readonly gap: boolean
}

export const NO_ROWS: Rows = { shown: [], arrived: [], left: new Set(), gap: false }

/**
 * Take in the first page of the queue as it is now. `complete`: there is no further page. New is what
 * stands above a row that is already known; what stands below has moved up from the next page.
 */
export function merge(rows: Rows, incoming: readonly ReportRow[], complete: boolean): Rows {
  const now = new Map(incoming.map((row) => [row.id, row]))
  const known = new Set(rows.shown.map((row) => row.id))
  const lastKnown = incoming.reduce((last, row, index) => (known.has(row.id) ? index : last), -1)
  const apart = lastKnown === -1
  const above = apart ? incoming : incoming.slice(0, lastKnown)
  return {
    shown: rows.shown.map((row) => now.get(row.id) ?? row),
    arrived: above.filter((row) => !known.has(row.id)),
    left: new Set(rows.shown.filter((row) => !now.has(row.id) && covered(row, incoming, complete)).map((row) => row.id)),
    gap: apart && incoming.length > 0 && !complete,
  }
}

/** The page would have held this row, were it still in the list. */
function covered(row: ReportRow, incoming: readonly ReportRow[], complete: boolean): boolean {
  const oldest = incoming.at(-1)
  return complete || (oldest !== undefined && row.received_at > oldest.received_at)
}

/** The person asked for what is new: above everything else, in its order. */
export function reveal(rows: Rows): Rows {
  return { ...rows, shown: [...rows.arrived, ...rows.shown], arrived: [], gap: false }
}
