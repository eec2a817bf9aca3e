/** When a desk that several people use locks itself: a rule of time alone. */

export const WARN_MS = 120_000
export const LOCK_MS = 180_000 // three minutes without a touch: somebody has gone, or only reads a long report

export type Left = {
  readonly state: 'here' | 'warned' | 'locked'
  /** Until the next state; null: there is none. */
  readonly next_ms: number | null
}

/** idleMs: since the last touch. Less than nothing where the clock was set back: then nobody knows, and it counts as now. */
export function leftFor(idleMs: number): Left {
  if (idleMs >= LOCK_MS) return { state: 'locked', next_ms: null }
  if (idleMs >= WARN_MS) return { state: 'warned', next_ms: LOCK_MS - idleMs }
  return { state: 'here', next_ms: WARN_MS - Math.max(0, idleMs) }
}
