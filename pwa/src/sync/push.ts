/**
 * Send one batch and take over what the service says of each item. Only a verified receipt that covers
 * our own bytes moves an item; everything else leaves it queued.
 */

import { own } from './bytes.ts'
import { type Failure, outcome, delayMs, setback } from './decide.ts'
import { structuralFault } from './fault.ts'
import { bodyOf, post } from './http.ts'
import { adoptIncarnation, changeParcel, keepReceipt, type Parcel, setting } from './parcels.ts'
import type { ItemResult, KeySet, PushResponse, QueueState } from './protocol.generated.ts'
import { checkReceipt, coversItem } from './receipt.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'
import { fromMsgpack, pushResponse, toMsgpack, WireError } from './wire.ts'

declare const __BUILD__: string
export const CAPS: readonly string[] = ['ack', 'attachment', 'message', 'needs_attention', 'receipt', 'signpost', 'status']

export type Pushed =
  | { readonly type: 'answered'; readonly stored: number; readonly downstream: boolean; readonly challenge: string; readonly requeued: boolean; readonly backoffS: number }
  | { readonly type: 'failed'; readonly failure: Failure }

/** An empty batch is a heartbeat. Every item belongs to `deviceId`. */
export async function pushBatch(deviceId: string, batch: readonly Parcel[], queue: QueueState | null): Promise<Pushed> {
  const answer = await exchange(deviceId, batch, queue)
  if ('failure' in answer) {
    // One draw for all: with one each, the earliest of many would decide.
    const random = Math.random()
    await Promise.all(batch.map((item) => noteFailure(item, answer.failure, { batchSize: batch.length, random })))
    return { type: 'failed', failure: answer.failure }
  }
  const requeued = await adoptIncarnation(answer.response.incarnation)
  const stored = await takeOver(batch, answer.response, answer.receiptValid)
  if (answer.response.keys_issued_at !== undefined && answer.response.keys_issued_at > (await keySetInUse()).issued_at)
    await refreshKeySet()
  const { downstream, challenge, backoff_s } = answer.response
  return { type: 'answered', stored, downstream, challenge, requeued, backoffS: backoff_s ?? 0 }
}

type Answer = { readonly response: PushResponse; readonly receiptValid: boolean } | { readonly failure: Failure }

async function exchange(deviceId: string, batch: readonly Parcel[], queue: QueueState | null): Promise<Answer> {
  const reply = bodyOf(await post('/sync/v1/push', toMsgpack(await frame(deviceId, batch, queue))))
  if ('failure' in reply) return reply
  try {
    const response = fromMsgpack(reply.body, pushResponse)
    const receiptValid = await receiptHolds(response)
    // A 200 whose receipt is not the service's: something between us and it has answered.
    return receiptValid === 'invalid' ? CAPTIVE : { response, receiptValid: receiptValid === 'valid' }
  } catch (error) {
    if (error instanceof WireError) return CAPTIVE
    throw error
  }
}

const CAPTIVE: Answer = { failure: { type: 'unreachable', reason: 'not_the_service' } }

async function frame(deviceId: string, batch: readonly Parcel[], queue: QueueState | null): Promise<Record<string, unknown>> {
  return {
    v: 1,
    device_id: deviceId,
    incarnation_seen: (await setting<string>('incarnation')) ?? null,
    app_build: __BUILD__,
    caps: CAPS,
    queue,
    items: batch.map((item) => ({ header: item.header, sealed: item.sealed, sha256: item.sha256, sig: item.sig })),
    work: null,
  }
}

async function receiptHolds(response: PushResponse): Promise<'valid' | 'none' | 'invalid'> {
  const receipt = response.receipt ?? null
  if (receipt === null) return 'none'
  if (receipt.incarnation !== response.incarnation) return 'invalid'
  const known = await checkReceipt(receipt, await keySetInUse())
  if (known !== 'unknown_key') return known
  const keys: KeySet | null = (await refreshKeySet()) ? await keySetInUse() : null
  return keys !== null && (await checkReceipt(receipt, keys)) === 'valid' ? 'valid' : 'invalid'
}

async function takeOver(batch: readonly Parcel[], response: PushResponse, receiptValid: boolean): Promise<number> {
  const results = new Map(response.results.map((each): [number, ItemResult] => [each.index, each]))
  let stored = 0
  for (const [index, item] of batch.entries()) {
    const named = results.get(index)
    const ours = named?.item_id === item.itemId || named?.item_id === '' ? named : undefined
    if (await settleItem(item, ours, response, receiptValid)) stored++
  }
  return stored
}

async function settleItem(item: Parcel, named: ItemResult | undefined, response: PushResponse, receiptValid: boolean): Promise<boolean> {
  const receipt = response.receipt ?? null
  const covered = receiptValid && receipt !== null && named !== undefined && (await coversItem(receipt, named, item.sha256))
  const fault = named?.verdict === 'rejected' ? await structuralFault(item) : null
  const decided = outcome(named, covered, fault)
  switch (decided.type) {
    case 'stored':
      if (receipt === null) return false
      await keepReceipt({ itemId: item.itemId, sha256: own(item.sha256), result: decided.result, receipt }, new Date().toISOString())
      return true
    case 'rejected':
      await changeParcel(item.itemId, unchanged(item), { state: 'quarantined', lastError: decided.reason, nextTryAt: null })
      return false
    case 'doubted':
      await noteDoubt(item, decided.reason)
      return false
    case 'retry':
      await changeParcel(item.itemId, unchanged(item), {
        attempts: item.attempts + 1,
        lastError: decided.reason,
        nextTryAt: Date.now() + delayMs(item.attempts, Math.random(), decided.afterS),
      })
      return false
  }
}

async function noteFailure(
  item: Parcel,
  failure: Failure,
  at: { readonly batchSize: number; readonly random: number },
): Promise<void> {
  const change = setback(item, failure, { ...at, now: Date.now() })
  await changeParcel(item.itemId, unchanged(item), change)
}

/** As if it had failed alone; which one it was is known, so the others need not part from it. */
async function noteDoubt(item: Parcel, reason: string): Promise<void> {
  const failure = { type: 'server_fault', reason, afterS: 0 } as const
  const change = setback(item, failure, { batchSize: 1, random: Math.random(), now: Date.now() })
  await changeParcel(item.itemId, unchanged(item), { ...change, companions: item.companions })
}

/** Another drainer may have had better luck meanwhile: its word stands. */
function unchanged(item: Parcel): (now: Parcel) => boolean {
  return (now) => now.state === 'queued' && now.attempts === item.attempts
}
