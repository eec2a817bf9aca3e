/**
 * The decisions of the outbox, without network, store or clock: what to send together, what an answer
 * means for an item, and when to try again.
 */

import type { ItemResult } from './protocol.generated.ts'

export const ITEMS_MAX = 64
export const PUSH_BYTES_MAX = 1_048_576
const FRAME_BYTES = 2_048 // the request around the items, and each item's field names, with room to spare
const ITEM_FRAME_BYTES = 128
const DELAY_FIRST_MS = 2_000
const DELAY_MS_MAX = 15 * 60_000
const SUSPECT_DELAY_MS = 24 * 3_600_000
export const SUSPECT_AFTER = 5

export type Waiting = {
  readonly itemId: string
  readonly deviceId: string
  /** A visitor's item travels in a request of its own device. */
  readonly bytes: number
  readonly createdAt: string
  readonly seq: number
  readonly attempts: number
  /** How many items may share its request: halved after each request that failed as a whole. */
  readonly companions: number
  /** Times it was refused when it travelled alone. */
  readonly soloFailures: number
  readonly nextTryAt: number | null
}

/** Full jitter: `random` is in [0, 1). A server's `floorS` is kept, plus up to a fifth. */
export function delayMs(attempts: number, random: number, floorS = 0): number {
  const ceiling = Math.min(DELAY_MS_MAX, DELAY_FIRST_MS * 2 ** Math.min(attempts, 20))
  const floor = floorS * 1_000
  return Math.round(Math.max(random * ceiling, floor * (1 + random / 5)))
}

export function isDue(item: Waiting, now: number): boolean {
  // A clock that was set back must not hold an item for longer than the longest delay.
  return item.nextTryAt === null || item.nextTryAt <= now || item.nextTryAt > now + SUSPECT_DELAY_MS * 1.3
}

/** Requests of one device each. Items that failed together come apart, so that a poison one ends up alone. */
export function batches<T extends Waiting>(items: readonly T[]): readonly (readonly T[])[] {
  const sorted = [...items].sort(
    (a, b) => b.companions - a.companions || a.createdAt.localeCompare(b.createdAt) || a.seq - b.seq || a.itemId.localeCompare(b.itemId),
  )
  const open = new Map<string, T[]>()
  const done: T[][] = []
  for (const item of sorted) {
    const batch = open.get(item.deviceId)
    if (batch !== undefined && fits(batch, item)) {
      batch.push(item)
      continue
    }
    const fresh = [item]
    open.set(item.deviceId, fresh)
    done.push(fresh)
  }
  return done
}

function fits(batch: readonly Waiting[], item: Waiting): boolean {
  const bytes = [...batch, item].reduce((sum, each) => sum + each.bytes + ITEM_FRAME_BYTES, FRAME_BYTES)
  return batch.length < Math.min(ITEMS_MAX, item.companions) && bytes <= PUSH_BYTES_MAX
}

export type Outcome =
  | { readonly type: 'stored'; readonly result: ItemResult }
  | { readonly type: 'rejected'; readonly reason: string }
  /** Refused by whoever answered, though its bytes are sound: a failure of this item alone. */
  | { readonly type: 'doubted'; readonly reason: string }
  | { readonly type: 'retry'; readonly reason: string; readonly afterS: number }

/**
 * `covered`: the receipt is verified and the result's path leads from our own bytes to its root. `fault`: what
 * is wrong with our own bytes; a refusal is signed by nobody, so it counts only where we find one ourselves.
 */
export function outcome(result: ItemResult | undefined, covered: boolean, fault: string | null): Outcome {
  if (result === undefined) return { type: 'retry', reason: 'no_result', afterS: 0 }
  switch (result.verdict) {
    case 'accepted':
    case 'duplicate':
    case 'conflict':
      return covered ? { type: 'stored', result } : { type: 'retry', reason: 'no_valid_receipt', afterS: 0 }
    case 'rejected':
      return fault !== null ? { type: 'rejected', reason: fault } : { type: 'doubted', reason: 'refused_unproven' }
    default:
      return { type: 'retry', reason: result.reason ?? 'retry', afterS: result.retry_after_s ?? 0 }
  }
}

export type Failure =
  | { readonly type: 'too_large' }
  | { readonly type: 'server_fault'; readonly reason: string; readonly afterS: number }
  | { readonly type: 'later'; readonly reason: string; readonly afterS: number }
  | { readonly type: 'silent'; readonly reason: string }
  | { readonly type: 'unreachable'; readonly reason: string }

/** What an HTTP status means for the whole request; null for 200, whose body is read. */
export function failureOf(status: number, retryAfter: string | null): Failure | null {
  const afterS = retryAfterS(retryAfter)
  if (status === 200) return null
  if (status === 413) return { type: 'too_large' }
  if (status === 429 || status === 503 || status === 507) return { type: 'later', reason: `http_${status}`, afterS }
  if (status === 502 || status === 504) return { type: 'silent', reason: `http_${status}` }
  if (status >= 500) return { type: 'server_fault', reason: `http_${status}`, afterS }
  // 400 for the frame is a bug on one side; anything else did not come from the service.
  return status === 400
    ? { type: 'server_fault', reason: 'http_400', afterS }
    : { type: 'unreachable', reason: `http_${status}` }
}

/** Seconds only: a date would need the device's clock, which is never trusted. */
function retryAfterS(header: string | null): number {
  const seconds = header === null ? Number.NaN : Number(header)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 86_400) : 0
}

export type Setback = {
  readonly attempts: number
  readonly companions: number
  readonly soloFailures: number
  readonly nextTryAt: number
  readonly lastError: string
}

/** What a failed request leaves on each of its items. `batchSize` is how many travelled together. */
export function setback(
  item: Pick<Waiting, 'attempts' | 'companions' | 'soloFailures'>,
  failure: Failure,
  at: { readonly batchSize: number; readonly now: number; readonly random: number },
): Setback {
  // Silence may be the network's fault: it parts the batch, but makes no item suspect.
  const blamed = failure.type === 'too_large' || failure.type === 'server_fault'
  const parted = blamed || failure.type === 'silent'
  const soloFailures = item.soloFailures + (blamed && at.batchSize === 1 ? 1 : 0)
  const suspect = soloFailures >= SUSPECT_AFTER
  const halved = Math.max(1, Math.ceil(Math.min(item.companions, at.batchSize) / 2))
  // Too large together says nothing of each alone: the halves go at once.
  const atOnce = failure.type === 'too_large' && at.batchSize > 1
  const floorS = failure.type === 'server_fault' || failure.type === 'later' ? failure.afterS : 0
  const delay = suspect ? SUSPECT_DELAY_MS * (1 + at.random / 5) : delayMs(item.attempts, at.random, floorS)
  return {
    attempts: item.attempts + (atOnce ? 0 : 1),
    companions: parted ? halved : item.companions,
    soloFailures,
    nextTryAt: atOnce ? at.now : at.now + delay,
    lastError: suspect ? 'suspect' : failure.type === 'too_large' ? 'too_large' : failure.reason,
  }
}

/** Another request in this pass would meet the same silence or the same refusal. */
export function endsPass(failure: Failure): boolean {
  return failure.type === 'unreachable' || failure.type === 'silent' || failure.type === 'later'
}
