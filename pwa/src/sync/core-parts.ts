/**
 * What the core is told and what it asks to be done. Values alone: nothing here acts. The same as Python's
 * `core_parts`, which `sync/vectors/passes.json` holds it to.
 *
 * An event carries the time and a number drawn at random, so that the core needs neither clock nor chance.
 */

import type { Bytes } from './bytes.ts'
import type { ManifestResponse, PullResponse, PushResponse, ReceiptBody, Retained } from './protocol.generated.ts'

/** `asked`: waiting times are set aside. */
export type Wake = 'start' | 'sealed' | 'timer' | 'online' | 'visible' | 'knock' | 'asked'

/** One queued report, as far as it matters here. */
export type Row = {
  readonly itemId: string
  readonly deviceId: string
  readonly header: Bytes
  readonly sealed: Bytes
  readonly sha256: Bytes
  readonly sig: Bytes
  readonly attempts: number
  /** How many items may share its request: halved after each request that failed as a whole. */
  readonly companions: number
  /** Times it was refused when it travelled alone. */
  readonly soloFailures: number
}

/** A report whose bytes are here still, though the service has given a receipt for it. */
export type Held = {
  readonly deviceId: string
  readonly itemId: string
  readonly sha256: Bytes
  readonly pos: number
}

/**
 * No item of the request was settled. `too_large`: 413. `fault`: the service failed on it, perhaps on one
 * item. `later`: it asks for time. `silent`: no answer came in time, or a gateway's. `unreachable`: no
 * service, or not ours, answered.
 */
export type Failure = {
  readonly kind: 'too_large' | 'fault' | 'later' | 'silent' | 'unreachable'
  readonly reason: string
  readonly floorS: number
}

export const NOT_THE_SERVICE: Failure = { kind: 'unreachable', reason: 'not_the_service', floorS: 0 }

/** If nobody else has had an answer for it meanwhile. */
export type Postpone = {
  readonly type: 'postpone'
  readonly row: Row
  readonly nextTryMs: number
  readonly error: string
  readonly attempts: number
  readonly companions: number
  readonly soloFailures: number
}

export type Remember = { readonly type: 'remember'; readonly key: 'challenge' | 'not_before'; readonly value: string | number }

/** What goes when a device leaves: its keys and what they open; or that, and all else that is here. */
export type Scope = 'keys' | 'all'

/** That a device is taken out of service, as it came. `genuine`: the service has signed it. */
export type Order = { readonly deviceId: string; readonly scope: string; readonly genuine: boolean }

/** Changes to the outbox. Each compares before it sets: another drainer may have been there. */
export type Write =
  | { readonly type: 'take_receipt'; readonly body: ReceiptBody; readonly sha256: Bytes }
  /** The service stored nothing and will not; our own check of the bytes agrees. */
  | { readonly type: 'set_aside'; readonly row: Row; readonly error: string }
  | Postpone
  /** Of the sealed bytes, if this is still the receipt that is held. */
  | { readonly type: 'let_go'; readonly itemId: string; readonly sha256: Bytes; readonly incarnation: string; readonly pos: number }
  /** If this is still the receipt that is held: the service has nothing like it. */
  | { readonly type: 'offer_again'; readonly itemId: string; readonly sha256: Bytes; readonly pos: number }
  /** Messages and cursor. */
  | { readonly type: 'keep_page'; readonly feedId: string; readonly page: PullResponse }
  | { readonly type: 'mark_applied'; readonly messageId: string }
  | Remember
  /** No report waits for its time any longer. */
  | { readonly type: 'send_now' }
  /**
   * This device is out of service: nothing new is made here from now on. A wider order takes the place of a narrower
   * one, never the other way round; the same again changes nothing.
   */
  | { readonly type: 'obey'; readonly deviceId: string; readonly scope: Scope }
  /** An order came that binds nobody here. It is counted, and that is all. */
  | { readonly type: 'pass_over' }

/** No rows: a heartbeat. Answered by `push_answered` or `failed`, always. */
export type SendPush = {
  readonly type: 'send_push'
  readonly number: number
  readonly rows: readonly Row[]
  /** The lineage known when it was sent. */
  readonly seen: string | null
}

/** Answered by `manifest_answered` or `failed`. */
export type SendManifest = {
  readonly type: 'send_manifest'
  readonly number: number
  readonly deviceId: string
  readonly retained: readonly Retained[]
  readonly seen: string | null
}

/** Answered by `page_came`, whose messages were verified, or `failed`. */
export type SendPull = { readonly type: 'send_pull'; readonly number: number; readonly seen: string | null }

export type Request = SendPush | SendManifest | SendPull

/**
 * All of it in one transaction, or none. Answered by `applied`.
 *
 * `incarnation`: which lineage told this. Where it is not the one kept: it is the news if the one kept is
 * still `seen`, and then all that is held is queued and every cursor forgotten before the writes; otherwise
 * another drainer has learnt more meanwhile, and nothing is written (`stale`).
 */
export type Apply = {
  readonly type: 'apply'
  readonly number: number
  readonly writes: readonly Write[]
  readonly incarnation: string | null
  readonly seen: string | null
}

export type Rest = {
  readonly type: 'rest'
  readonly stored: number
  readonly refused: number
  readonly received: number
  readonly failure: Failure | null
}

export type Effect =
  | { readonly type: 'read_due'; readonly nowMs: number }
  /** Receipted reports whose bytes are held, after this one in order. */
  | { readonly type: 'read_retained'; readonly deviceId: string; readonly itemId: string }
  | { readonly type: 'read_queue' }
  | Request
  | Apply
  /** Open and verify the receipts among the messages. */
  | { readonly type: 'open_receipts' }
  /** The service has a newer key set. Not answered. */
  | { readonly type: 'renew_keys'; readonly issuedAt: number }
  /**
   * Nothing waits here any more: destroy what the order is about, and note that it is done. Twice is harmless; whoever
   * dies before it is asked again by the next pass. Not answered.
   */
  | { readonly type: 'carry_out'; readonly scope: Scope }
  /** Wake with `timer` at that time, in place of any earlier timer. Null: nothing is left to do. */
  | { readonly type: 'set_timer'; readonly atMs: number | null }
  | Rest

type At = { readonly nowMs: number }
/** `luck`: from 0 up to, not including, 1. */
type Drawn = At & { readonly luck: number }
/** `ownId`: of the enrolled device that this is. */
type Brings = { readonly order?: Order | null; readonly ownId?: string | null }

export type DueRead = At & {
  readonly type: 'due_read'
  readonly rows: readonly Row[]
  readonly incarnation: string | null
  /** As it was remembered, nought when it never was. */
  readonly notBefore: number
  /** May a request without reports be sent? A victim's phone says nothing of itself. */
  readonly heartbeat: boolean
  /** Is there a feed to ask? */
  readonly pulls: boolean
}
export type RetainedRead = At & { readonly type: 'retained_read'; readonly held: readonly Held[]; readonly incarnation: string | null }
/** The receipt's signature was verified; what it covers was not. */
export type PushAnswered = Drawn & Brings & { readonly type: 'push_answered'; readonly request: SendPush; readonly response: PushResponse }
/** As PushAnswered. */
export type ManifestAnswered = Drawn & Brings & { readonly type: 'manifest_answered'; readonly request: SendManifest; readonly response: ManifestResponse }
export type PageCame = At & { readonly type: 'page_came'; readonly request: SendPull; readonly feedId: string; readonly page: PullResponse }
export type Failed = Drawn & Brings & { readonly type: 'failed'; readonly request: Request; readonly failure: Failure }
/** `requeued`: a new lineage: all that is held is queued again. */
export type Applied = At & { readonly type: 'applied'; readonly number: number; readonly stale: boolean; readonly requeued: boolean }
/** Its signature was verified. `row`: what is held under its id. */
export type OpenedReceipt = {
  readonly messageId: string
  readonly body: ReceiptBody
  readonly row: Pick<Row, 'itemId' | 'sha256'>
}
export type ReceiptsOpened = At & {
  readonly type: 'receipts_opened'
  readonly receipts: readonly OpenedReceipt[]
  readonly incarnation: string | null
}
/** What is left when a pass is over, whoever has added to it meanwhile. */
export type QueueRead = At & {
  readonly type: 'queue_read'
  /** Of all that is queued; nought for at once, null when nothing is. */
  readonly nextTryMs: number | null
  /** Receipted reports, or files, are held still. */
  readonly holding: boolean
  readonly notBefore: number
  /** An order that is obeyed here, and not yet carried out as a whole. */
  readonly leaving?: Scope | null
  /** A report or a file has yet to arrive. One that fails again and again, all alone, is not waited for. */
  readonly draining?: boolean
  /** Reports are here that never arrived, waited for or not. */
  readonly stuck?: boolean
}

export type Event =
  | (At & { readonly type: 'woken'; readonly reason: Wake })
  | DueRead
  | RetainedRead
  | PushAnswered
  | ManifestAnswered
  | PageCame
  | Failed
  | Applied
  | ReceiptsOpened
  | QueueRead
