/**
 * What an answer, or none, changes in the outbox. Pure: Python's `core_settle` and `answers`.
 *
 * Only a verified receipt that covers our own bytes moves an item on, and bytes are let go of only under a
 * receipt that covers them and whose own floor has passed them. Everything else leaves them as they are.
 */

import type { Bytes } from './bytes.ts'
import {
  type Failed,
  type Failure,
  type Held,
  type ManifestAnswered,
  type Postpone,
  type PushAnswered,
  type Remember,
  type Row,
  type Write,
} from './core-parts.ts'
import { covers, manifestRoot } from './core-proof.ts'
import { structuralFault } from './core-fault.ts'
import { equal } from './bytes.ts'
import { ITEMS_MAX, MANIFEST_MAX, PUSH_BYTES_MAX } from './protocol.generated.ts'
import type { ItemResult, ManifestResponse, PushResponse, Receipt, Retained } from './protocol.generated.ts'

const FRAME_BYTES = 2_048 // a request without its items, with room to spare
const ITEM_FRAME_BYTES = 128 // names and lengths of one item's four fields
const WAIT_S_MAX = 86_400 // a Retry-After beyond a day is a mistake of somebody's
const DELAY_FIRST_S = 2
const DELAY_S_MAX = 15 * 60
const FLOOR_JITTER = 0.2 // devices told the same Retry-After must not come back in the same second
export const SUSPECT_AFTER = 5 // an item that failed this often all alone is shown to a person and tried daily
const SUSPECT_DELAY_S = 24 * 3_600
const STORED: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'conflict'])

type Luck = { readonly nowMs: number; readonly luck: number }

/** Full jitter: anything from 0 to min(15 min, 2 s * 2^failures); a floor is waited in full, plus up to 20 %. */
export function delayS(failures: number, luck: number, floorS: number): number {
  const jittered = luck * Math.min(DELAY_S_MAX, DELAY_FIRST_S * 2 ** Math.min(failures, 30))
  return floorS > 0 ? Math.max(jittered, floorS * (1 + FLOOR_JITTER * luck)) : jittered
}

/** Another request now would meet the same silence or the same refusal. */
export function endsPass(failure: Failure): boolean {
  return failure.kind === 'unreachable' || failure.kind === 'silent' || failure.kind === 'later'
}

/** Those that may share the next request: one device's, as many as each allows, within a push's bytes. */
export function nextBatch(due: readonly Row[]): readonly Row[] {
  const batch: Row[] = []
  let room = PUSH_BYTES_MAX - FRAME_BYTES
  for (const row of due) {
    if (row.deviceId !== due[0]?.deviceId) continue
    room -= envelopeBytes(row) + ITEM_FRAME_BYTES
    if (batch.length > 0 && (room < 0 || batch.length >= Math.min(ITEMS_MAX, row.companions))) break
    batch.push(row)
  }
  return batch
}

export function envelopeBytes(row: Pick<Row, 'header' | 'sealed' | 'sha256' | 'sig'>): number {
  return row.header.length + row.sealed.length + row.sha256.length + row.sig.length
}

/** Each report by itself; then what the service asks for. */
export function settlePush(event: PushAnswered): readonly Write[] {
  const { response } = event
  const writes: Write[] = event.request.rows.flatMap((row, index) => settleRow(row, index, event))
  writes.push({ type: 'remember', key: 'challenge', value: response.challenge })
  writes.push(...heed(event))
  if (response.backoff_s) writes.push(pause(response.backoff_s, event))
  return writes
}

/** An order binds the device that it names, if the service has signed it and this build knows its scope. */
export function heed({ order, ownId }: PushAnswered | ManifestAnswered | Failed): readonly Write[] {
  if (order === null || order === undefined) return []
  const { deviceId, scope, genuine } = order
  if (genuine && deviceId === ownId && (scope === 'keys' || scope === 'all')) return [{ type: 'obey', deviceId, scope }]
  return [{ type: 'pass_over' }]
}

/** Nothing was settled: each waits, and perhaps the batch comes apart. */
export function settleFailure(rows: readonly Row[], failure: Failure, at: Luck): readonly Write[] {
  const writes: Write[] = rows.map((row) => postponed(row, failure, { ...at, batchSize: rows.length, parts: true }))
  if (failure.kind === 'later' && failure.floorS > 0) writes.push(pause(failure.floorS, at))
  return writes
}

/** Of one device: a visitor's reports must not be told to be from one phone. */
export function manifestPage(held: readonly Held[]): readonly Retained[] {
  return held
    .slice(0, MANIFEST_MAX)
    .filter((one) => one.deviceId === held[0]?.deviceId)
    .map((one) => ({ id: one.itemId, sha256: one.sha256, pos: one.pos }))
}

/** Does the receipt cover exactly what is not missing? Its signature was verified before. */
export function manifestHolds(asked: readonly Retained[], response: ManifestResponse): boolean {
  const root = manifestRoot(asked, new Set(response.missing))
  const receipt = response.receipt ?? null
  return receipt === null || root === null ? receipt === null && root === null : equal(receipt.root, root)
}

/** `manifestHolds` already. */
export function settleManifest(event: ManifestAnswered): readonly Write[] {
  const missing = new Set(event.response.missing)
  const receipt = event.response.receipt ?? null
  const writes = event.request.retained.flatMap((one): readonly Write[] => {
    const sha256 = one.sha256 as Bytes
    if (missing.has(one.id)) return [{ type: 'offer_again', itemId: one.id, sha256, pos: one.pos }]
    return receipt === null ? [] : letGo(one.id, sha256, one.pos, receipt)
  })
  return [...writes, ...heed(event)]
}

/** Nothing is sent before then. */
function pause(floorS: number, at: Luck): Remember {
  return { type: 'remember', key: 'not_before', value: at.nowMs + Math.round(delayS(0, at.luck, floorS) * 1_000) }
}

function settleRow(row: Row, index: number, event: PushAnswered): readonly Write[] {
  const result = resultOf(row, index, event.response)
  if (result === undefined) return [later(row, 'no_result', 0, event)]
  if (STORED.has(result.verdict)) return stored(row, result, event)
  if (result.verdict === 'rejected') return [refused(row, event)]
  return [later(row, result.reason || 'retry', Math.min(result.retry_after_s ?? 0, WAIT_S_MAX), event)]
}

function resultOf(row: Row, index: number, response: PushResponse): ItemResult | undefined {
  return response.results.find((each) => each.index === index && (each.item_id === row.itemId || each.item_id === ''))
}

function stored(row: Row, result: ItemResult, event: PushAnswered): readonly Write[] {
  const receipt = event.response.receipt ?? null
  if (receipt === null || !covers(receipt, result, row)) return [later(row, 'no_valid_receipt', 0, event)]
  const body = { item_id: row.itemId, result, receipt }
  const pos = result.pos ?? 0
  const { itemId, sha256 } = row
  // Erased at the desk: it goes here, too, whatever the floor, and nobody brings it back.
  const gone: readonly Write[] = [{ type: 'let_go', itemId, sha256, incarnation: receipt.incarnation, pos }]
  return [{ type: 'take_receipt', body, sha256 }, ...(result.gone === true ? gone : letGo(itemId, sha256, pos, receipt))]
}

/** A refusal is signed by nobody: it sets an item aside only where our own check of its bytes agrees. */
function refused(row: Row, event: PushAnswered): Write {
  const fault = structuralFault(row)
  if (fault !== null) return { type: 'set_aside', row, error: fault }
  // Who failed is known, so the batch need not come apart.
  const doubt: Failure = { kind: 'fault', reason: 'refused_unproven', floorS: 0 }
  return postponed(row, doubt, { ...event, batchSize: 1, parts: false })
}

function later(row: Row, reason: string, floorS: number, at: Luck): Postpone {
  return {
    type: 'postpone',
    row,
    nextTryMs: at.nowMs + Math.round(delayS(row.attempts, at.luck, floorS) * 1_000),
    error: reason,
    attempts: row.attempts + 1,
    companions: row.companions,
    soloFailures: row.soloFailures,
  }
}

/** The receipt covers the item at `pos`; its lineage is the current one when this is applied. */
function letGo(itemId: string, sha256: Bytes, pos: number, receipt: Receipt): readonly Write[] {
  if (pos > receipt.restore_floor) return []
  return [{ type: 'let_go', itemId, sha256, incarnation: receipt.incarnation, pos }]
}

/** Silence may be the network's fault: it parts a batch, but makes no item suspect. */
function postponed(row: Row, failure: Failure, at: Luck & { readonly batchSize: number; readonly parts: boolean }): Postpone {
  const blamed = failure.kind === 'too_large' || failure.kind === 'fault'
  const soloFailures = row.soloFailures + (blamed && at.batchSize === 1 ? 1 : 0)
  const suspect = soloFailures >= SUSPECT_AFTER
  // Too large together says nothing of each alone: the halves go at once.
  const atOnce = failure.kind === 'too_large' && at.batchSize > 1
  const waitS = delayS(row.attempts, at.luck, suspect ? SUSPECT_DELAY_S : failure.floorS)
  const parted = at.parts && (blamed || failure.kind === 'silent')
  return {
    type: 'postpone',
    row,
    nextTryMs: atOnce ? at.nowMs : at.nowMs + Math.round(waitS * 1_000),
    error: suspect ? 'suspect' : failure.reason,
    attempts: row.attempts + (atOnce ? 0 : 1),
    companions: parted ? Math.max(1, Math.floor(Math.min(row.companions, at.batchSize) / 2)) : row.companions,
    soloFailures,
  }
}
