/**
 * What a device does next: one pass pushes what is due, asks after what it retains, and pulls what came.
 * The same as Python's `core`, step by step; `sync/vectors/passes.json` holds both together.
 *
 * `step` is a pure function of a state and an event: no clock, no chance, no I/O, nothing awaited. A state is
 * memory alone: forget it at any moment, start again from `FRESH`, and nothing is lost, because every fact
 * lies in the stores and every effect on them is one transaction. Any number of these may run on one outbox.
 *
 * A shell performs the effects in order and hands back the event that each names. It must answer every
 * request, if only by `failed` after a time. Whatever ends a pass sets a timer while anything is queued.
 */

import {
  type Apply,
  type Applied,
  type DueRead,
  type Effect,
  type Event,
  type Failed,
  type Failure,
  type ManifestAnswered,
  NOT_THE_SERVICE,
  type PageCame,
  type PushAnswered,
  type QueueRead,
  type ReceiptsOpened,
  type RetainedRead,
  type Wake,
  type Write,
} from './core-parts.ts'
import { covers } from './core-proof.ts'
import { endsPass, heed, manifestHolds, manifestPage, nextBatch, settleFailure, settleManifest, settlePush } from './core-settle.ts'

const PAUSE_MS_MAX = 30 * 3_600_000 // a clock that was set back must not silence the device for longer
const PASS_REQUESTS_MAX = 1_000 // 64,000 reports: no device comes near
const MANIFESTS_MAX = 2 // a pass: once to learn what is missing, once to let go; who contradicts itself waits
export const CHECK_IN_MS = 6 * 3_600_000 // while bytes are retained: a restore nobody announced is found within that
export const TIMER_MS_MIN = 1_000
/** The number of what an answer changes that no pass waits for any more. */
const LATE = 0

/** What the state waits for: the answer to its last effect. `_kept`: the transaction of an answer. */
type Waiting =
  | 'nothing' | 'hurry' | 'due' | 'push' | 'push_kept' | 'retained' | 'manifest' | 'manifest_kept' | 'page'
  | 'page_kept' | 'receipts' | 'receipts_kept' | 'queue'

/** Between two events of one drainer. */
export type State = {
  readonly waiting: Waiting
  /** Of the last request or transaction; an answer to another is late. Nought is never one. */
  readonly number: number
  /** The lineage known when last read. */
  readonly seen: string | null
  readonly pushed: boolean
  readonly requests: number
  readonly manifests: number
  /** Device and report up to which it was asked what is missing. */
  readonly after: readonly [string, string]
  /** Something went back to queued since the last push. */
  readonly offered: boolean
  readonly more: boolean
  /** The page had messages. */
  readonly came: boolean
  /** There is a feed to ask. */
  readonly pulls: boolean
  /** Again, in the middle of a pass. */
  readonly woken: boolean
  readonly stored: number
  readonly refused: number
  readonly received: number
  readonly failure: Failure | null
  /** A push got no answer of the service's. It may have come there all the same, and the feed would say so. */
  readonly unheard: boolean
}

export type Stepped = readonly [State, readonly Effect[]]

export const FRESH: State = {
  waiting: 'nothing',
  number: 1,
  seen: null,
  pushed: false,
  requests: 0,
  manifests: 0,
  after: ['', ''],
  offered: false,
  more: false,
  came: false,
  pulls: true,
  woken: false,
  stored: 0,
  refused: 0,
  received: 0,
  failure: null,
  unheard: false,
}

/** The next state, and what is to be done, in order. */
export function step(state: State, event: Event): Stepped {
  switch (event.type) {
    case 'woken':
      return woken(state, event)
    case 'due_read':
      return dueRead(state, event)
    case 'push_answered':
      return pushAnswered(state, event)
    case 'retained_read':
      return retainedRead(state, event)
    case 'manifest_answered':
      return manifestAnswered(state, event)
    case 'page_came':
      return pageCame(state, event)
    case 'receipts_opened':
      return receiptsOpened(state, event)
    case 'failed':
      return failed(state, event)
    case 'applied':
      return applied(state, event)
    case 'queue_read':
      return queueRead(state, event)
  }
}

function woken(state: State, event: { readonly nowMs: number; readonly reason: Wake }): Stepped {
  if (state.waiting !== 'nothing') return [{ ...state, woken: true }, []]
  const fresh: State = { ...FRESH, number: state.number }
  if (event.reason !== 'asked') return readDue(fresh, event.nowMs)
  return apply(fresh, 'hurry', [{ type: 'send_now' }, { type: 'remember', key: 'not_before', value: 0 }])
}

function readDue(state: State, nowMs: number): Stepped {
  return [{ ...state, waiting: 'due' }, [{ type: 'read_due', nowMs }]]
}

function dueRead(before: State, event: DueRead): Stepped {
  if (before.waiting !== 'due') return [before, []]
  const state: State = { ...before, seen: event.incarnation, pulls: event.pulls }
  const leftMs = pauseLeft(event.notBefore, event.nowMs)
  if (leftMs > 0) return rest({ ...state, failure: { kind: 'later', reason: 'pausing', floorS: leftMs / 1_000 } })
  if (state.requests >= PASS_REQUESTS_MAX) return rest(state)
  if (event.rows.length > 0 || (event.heartbeat && !state.pushed)) {
    const number = state.number + 1
    const sent: State = { ...state, waiting: 'push', number, pushed: true, offered: false, requests: state.requests + 1 }
    return [sent, [{ type: 'send_push', number, rows: nextBatch(event.rows), seen: state.seen }]]
  }
  if (state.manifests >= MANIFESTS_MAX) return pull(state)
  return readRetained({ ...state, manifests: state.manifests + 1, after: ['', ''] })
}

function pushAnswered(state: State, event: PushAnswered): Stepped {
  const writes = settlePush(event)
  const current = counts(state, 'push', event.request.number)
  const told = (type: Write['type']) => (current ? writes.filter((write) => write.type === type).length : 0)
  const counted: State = { ...state, stored: state.stored + told('take_receipt'), refused: state.refused + told('set_aside') }
  const { incarnation, keys_issued_at } = event.response
  const [next, effects] = apply(counted, 'push_kept', writes, { current, incarnation, seen: event.request.seen })
  return [next, [...effects, { type: 'renew_keys', issuedAt: keys_issued_at ?? 0 }]]
}

function readRetained(state: State): Stepped {
  const [deviceId, itemId] = state.after
  return [{ ...state, waiting: 'retained' }, [{ type: 'read_retained', deviceId, itemId }]]
}

function retainedRead(before: State, event: RetainedRead): Stepped {
  if (before.waiting !== 'retained') return [before, []]
  const state: State = { ...before, seen: event.incarnation }
  const [first] = event.held
  if (first === undefined) return state.offered ? readDue(state, event.nowMs) : pull(state)
  const page = manifestPage(event.held)
  const { deviceId } = first
  const number = state.number + 1
  const after = [deviceId, page.at(-1)?.id ?? ''] as const
  const asked: State = { ...state, waiting: 'manifest', number, requests: state.requests + 1, after }
  return [asked, [{ type: 'send_manifest', number, deviceId, retained: page, seen: state.seen }]]
}

function manifestAnswered(state: State, event: ManifestAnswered): Stepped {
  const { request, response, nowMs, luck } = event
  if (!manifestHolds(request.retained, response)) return failed(state, { type: 'failed', nowMs, luck, request, failure: NOT_THE_SERVICE })
  const current = counts(state, 'manifest', request.number)
  const missing = (response.missing ?? []).length > 0
  const offered: State = current && missing ? { ...state, offered: true } : state
  return apply(offered, 'manifest_kept', settleManifest(event), { current, incarnation: response.incarnation, seen: request.seen })
}

function pull(state: State): Stepped {
  if (!state.pulls) return rest(state)
  const number = state.number + 1
  return [{ ...state, waiting: 'page', number, requests: state.requests + 1 }, [{ type: 'send_pull', number, seen: state.seen }]]
}

function pageCame(state: State, { feedId, page, request }: PageCame): Stepped {
  const writes: readonly Write[] = [
    { type: 'keep_page', feedId, page },
    { type: 'remember', key: 'challenge', value: page.challenge },
  ]
  const current = counts(state, 'page', request.number)
  const received = state.received + page.messages.length
  const counted: State = current ? { ...state, received, more: page.more, came: page.messages.length > 0 } : state
  return apply(counted, 'page_kept', writes, { current, incarnation: page.incarnation, seen: request.seen })
}

/** A receipt that came through the feed counts like one that came at once, if it is of this lineage. */
function receiptsOpened(state: State, event: ReceiptsOpened): Stepped {
  if (state.waiting !== 'receipts') return [state, []]
  const writes = event.receipts.flatMap(({ body, row, messageId }): readonly Write[] =>
    body.receipt.incarnation === event.incarnation && covers(body.receipt, body.result, { itemId: row.itemId, sha256: row.sha256 })
      ? [{ type: 'take_receipt', body, sha256: row.sha256 }, { type: 'mark_applied', messageId }]
      : [],
  )
  if (writes.length === 0) return afterPage(state)
  return apply(state, 'receipts_kept', writes, { incarnation: event.incarnation, seen: event.incarnation })
}

const ASKED_BY = { send_push: 'push', send_manifest: 'manifest', send_pull: 'page' } as const

function failed(state: State, event: Failed): Stepped {
  const { request, failure } = event
  const writes = [...settleFailure(request.type === 'send_push' ? request.rows : [], failure, event), ...heed(event)]
  if (!counts(state, ASKED_BY[request.type], request.number)) return apply(state, state.waiting, writes, { current: false })
  // An older service has no manifest; what waits in the feed does not depend on it.
  if (request.type !== 'send_push') return failedAsking(state, event, writes)
  const unheard = failure.kind === 'silent' || failure.kind === 'unreachable'
  return apply(endsPass(failure) ? { ...state, failure, unheard } : state, 'push_kept', writes)
}

function failedAsking(state: State, { request, failure }: Failed, writes: readonly Write[]): Stepped {
  const unknown = failure.reason === 'http_404' || failure.reason === 'http_405'
  if (request.type === 'send_manifest' && unknown) return pull(state)
  const ended: State = { ...state, failure: state.failure ?? failure, unheard: false }
  return writes.length > 0 ? apply(ended, 'page_kept', writes) : rest(ended)
}

function applied(state: State, event: Applied): Stepped {
  const waits = state.waiting === 'hurry' || state.waiting.endsWith('_kept')
  // It may have queued something again, and no pass is under way to set a timer.
  if (event.number === LATE && state.waiting === 'nothing') return rest(state)
  if (event.number !== state.number || !waits) return [state, []]
  if (state.unheard && state.waiting === 'push_kept') return pull(state)
  if (state.failure !== null && (!state.unheard || event.requeued || event.stale)) return rest(state)
  if (event.requeued || event.stale) return readDue(state, event.nowMs)
  switch (state.waiting) {
    case 'manifest_kept':
      return readRetained(state)
    case 'page_kept':
      return state.came ? [{ ...state, waiting: 'receipts' }, [{ type: 'open_receipts' }]] : afterPage(state)
    case 'receipts_kept':
      return afterPage(state)
    default:
      return readDue(state, event.nowMs)
  }
}

function afterPage(state: State): Stepped {
  return state.more && state.requests < PASS_REQUESTS_MAX ? pull(state) : rest(state)
}

/** A late answer is taken as it comes, and moves no pass on. */
function apply(
  state: State,
  waiting: Waiting,
  writes: readonly Write[],
  of: { readonly current?: boolean; readonly incarnation?: string | null; readonly seen?: string | null } = {},
): Stepped {
  const { current = true, incarnation = null, seen = null } = of
  const effect: Apply = { type: 'apply', number: current ? state.number : LATE, writes, incarnation, seen }
  return [current ? { ...state, waiting } : state, [effect]]
}

function rest(state: State): Stepped {
  return [{ ...state, waiting: 'queue' }, [{ type: 'read_queue' }]]
}

function queueRead(state: State, event: QueueRead): Stepped {
  if (state.waiting !== 'queue') return [state, []]
  const atMs = state.woken ? event.nowMs + TIMER_MS_MIN : timer(event)
  const { stored, refused, received, failure } = state
  const rest: Effect = { type: 'rest', stored, refused, received, failure }
  return [{ ...FRESH, number: state.number }, [...lastOrders(event), { type: 'set_timer', atMs }, rest]]
}

/** First everything arrives; then the keys go; then, once no backup lacks any of it, all that is left. */
function lastOrders({ leaving, draining, holding, stuck }: QueueRead): readonly Effect[] {
  if (leaving === null || leaving === undefined || draining === true) return []
  return [{ type: 'carry_out', scope: holding || stuck === true ? 'keys' : leaving }]
}

function timer({ nowMs, nextTryMs, holding, notBefore }: QueueRead): number | null {
  if (nextTryMs === null) return holding ? nowMs + CHECK_IN_MS : null
  const atMs = nowMs < nextTryMs && nextTryMs <= nowMs + PAUSE_MS_MAX ? nextTryMs : nowMs
  return Math.max(atMs, nowMs + pauseLeft(notBefore, nowMs), nowMs + TIMER_MS_MIN)
}

/** Milliseconds. A clock may stand before 1970, or have been set back by years. */
export function pauseLeft(notBefore: number, nowMs: number): number {
  const leftMs = notBefore - nowMs
  return notBefore !== 0 && leftMs > 0 && leftMs <= PAUSE_MS_MAX ? leftMs : 0
}

/** Is this the answer that the pass waits for? */
function counts(state: State, waiting: Waiting, number: number): boolean {
  return state.waiting === waiting && state.number === number
}
