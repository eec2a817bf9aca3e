/** One push: what it says of this device, and whether the answer is the service's. */

import type { Bytes } from './bytes.ts'
import { type Failure, NOT_THE_SERVICE, type Row, type SendPush } from './core-parts.ts'
import { type Failure as Refusal } from './decide.ts'
import { bodyOf, post } from './http.ts'
import { allParcels } from './parcels.ts'
import type { KeySet, PushResponse, QueueState, Receipt } from './protocol.generated.ts'
import { checkReceipt } from './receipt.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'
import { type Fields, fromMsgpack, pushResponse, toMsgpack, WireError } from './wire.ts'
import { WORK, workFor } from './work.ts'

declare const __BUILD__: string
export const CAPS: readonly string[] = ['ack', 'attachment', 'message', 'needs_attention', 'receipt', 'signpost', 'status', WORK]

type Answered<T> = { readonly response: T } | { readonly failure: Failure }
type Signed = { readonly incarnation: string; readonly receipt?: Receipt | null }

/** An empty batch is a heartbeat. Every item belongs to `deviceId`. */
export async function push(deviceId: string, request: SendPush): Promise<Answered<PushResponse>> {
  const frame = {
    v: 1,
    device_id: deviceId,
    incarnation_seen: request.seen,
    app_build: __BUILD__,
    caps: CAPS,
    queue: await queueState(deviceId),
    items: request.rows.map(({ header, sealed, sha256, sig }: Row) => ({ header, sealed, sha256, sig })),
    work: null as Bytes | null,
  }
  const answer = await sent(frame)
  if ('failure' in answer || !asksForWork(answer.response)) return answer
  return sent({ ...frame, work: await workFor(answer.response.work, frame.items.map((item) => item.sha256)) })
}

async function sent(frame: object): Promise<Answered<PushResponse>> {
  return believed(bodyOf(await post('/sync/v1/push', toMsgpack(frame))), pushResponse)
}

/** Nothing was stored, and every item waits for the same. */
function asksForWork(response: PushResponse): response is PushResponse & { readonly work: Bytes } {
  const waits = response.results.every((result) => result.verdict === 'retry' && result.reason === WORK)
  return waits && (response.work ?? null) !== null && (response.receipt ?? null) === null
}

/** A 200 whose receipt is not the service's: something between us and it has answered. */
export async function believed<T extends Signed>(
  reply: { readonly body: Bytes } | { readonly failure: Refusal },
  shape: (fields: Fields) => T,
): Promise<Answered<T>> {
  if ('failure' in reply) return { failure: failureOfCore(reply.failure) }
  try {
    const response = fromMsgpack(reply.body, shape)
    return (await receiptHolds(response)) ? { response } : { failure: NOT_THE_SERVICE }
  } catch (error) {
    if (error instanceof WireError) return { failure: NOT_THE_SERVICE }
    throw error
  }
}

/** As the core names it. */
export function failureOfCore(failure: Refusal): Failure {
  const floorS = 'afterS' in failure ? failure.afterS : 0
  if (failure.type === 'too_large') return { kind: 'too_large', reason: 'too_large', floorS }
  return { kind: failure.type === 'server_fault' ? 'fault' : failure.type, reason: failure.reason, floorS }
}

async function receiptHolds(response: Signed): Promise<boolean> {
  const receipt = response.receipt ?? null
  if (receipt === null) return true
  if (receipt.incarnation !== response.incarnation) return false
  const known = await checkReceipt(receipt, await keySetInUse())
  if (known !== 'unknown_key') return known === 'valid'
  const keys: KeySet | null = (await refreshKeySet()) ? await keySetInUse() : null
  return keys !== null && (await checkReceipt(receipt, keys)) === 'valid'
}

/** What this device still holds: how the service notices that something never came. */
async function queueState(deviceId: string): Promise<QueueState | null> {
  const ours = (await allParcels()).filter((item) => item.deviceId === deviceId)
  const queued = ours.filter((item) => item.state === 'queued')
  const [latest] = [...ours].sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.seq - a.seq)
  if (latest === undefined) return null
  const oldest = Math.min(Date.now(), ...queued.map((item) => Date.parse(item.createdAt)))
  return {
    epoch: latest.epoch,
    max_seq: Math.max(...ours.filter((item) => item.epoch === latest.epoch).map((item) => item.seq)),
    queued: queued.length,
    oldest_age_s: Math.max(0, Math.floor((Date.now() - oldest) / 1_000)),
    kids: [...new Set(queued.map((item) => item.kid))].slice(0, 16),
    device_time: Math.max(0, Date.now()),
    storage: (await navigator.storage?.persisted?.().catch(() => false)) ? 'durable' : 'may_go',
  }
}
