/**
 * Empty the queue, in requests of one device each. Two drainers at once are harmless: the service takes
 * each item once, and every change here compares before it sets. The lock only saves traffic.
 */

import { batches, endsPass, isDue, type Waiting } from './decide.ts'
import { allParcels, type Parcel } from './parcels.ts'
import type { QueueState } from './protocol.generated.ts'
import { noteChallenge } from './pull.ts'
import { pushBatch } from './push.ts'

const MISSES_MAX = 2 // a frozen tab may hold the lock for ever: after this many misses go without it

export type Drained = {
  readonly reached: boolean
  readonly stored: number
  /** Feeds for which the service says that something waits. */
  readonly downstream: readonly string[]
  readonly backoffS: number
}

export type Watch = { readonly sending: (itemIds: readonly string[]) => void }

let misses = 0

/** `force` ignores every planned delay. Null when another tab is at it. */
export async function drain(options: { readonly force: boolean; readonly heartbeat: string | null }, watch: Watch): Promise<Drained | null> {
  if (!('locks' in navigator)) return pass(options, watch)
  return navigator.locks.request('drain', { ifAvailable: true }, async (lock) => {
    if (lock === null && !options.force && misses < MISSES_MAX) {
      misses++
      return null
    }
    misses = 0
    return pass(options, watch)
  })
}

async function pass(options: { readonly force: boolean; readonly heartbeat: string | null }, watch: Watch): Promise<Drained> {
  const tried = new Set<string>()
  const sum = { reached: false, stored: 0, downstream: new Set<string>(), backoffS: 0 }
  for (;;) {
    const [deviceId, batch] = await nextBatch(options, tried, sum.reached)
    if (deviceId === null) break
    watch.sending(batch.map((item) => item.itemId))
    const pushed = await pushBatch(deviceId, batch, await queueState(deviceId))
    const again = pushed.type === 'failed' && pushed.failure.type === 'too_large' && batch.length > 1
    if (!again) for (const item of batch) tried.add(item.itemId)
    if (pushed.type === 'failed') {
      if (batch.length === 0 || endsPass(pushed.failure)) break
      continue
    }
    sum.reached = true
    sum.stored += pushed.stored
    sum.backoffS = Math.max(sum.backoffS, pushed.backoffS)
    if (pushed.downstream) sum.downstream.add(deviceId)
    noteChallenge(deviceId, pushed.challenge)
    if (pushed.backoffS > 0) break
  }
  watch.sending([])
  return { ...sum, downstream: [...sum.downstream] }
}

async function nextBatch(
  options: { readonly force: boolean; readonly heartbeat: string | null },
  tried: ReadonlySet<string>,
  reached: boolean,
): Promise<readonly [string | null, readonly Parcel[]]> {
  const queued = (await allParcels()).filter((item) => item.state === 'queued' && !tried.has(item.itemId))
  const due = queued.map(waiting).filter((item) => options.force || isDue(item, Date.now()))
  const [first] = batches(due)
  const [item] = first ?? []
  if (first !== undefined && item !== undefined) return [item.deviceId, first.map((each) => each.parcel)]
  return reached || tried.size > 0 ? [null, []] : [options.heartbeat, []]
}

function waiting(parcel: Parcel): Waiting & { readonly parcel: Parcel } {
  return { ...parcel, bytes: envelopeBytes(parcel), parcel }
}

export function envelopeBytes(parcel: Parcel): number {
  return parcel.header.length + parcel.sealed.length + parcel.sha256.length + parcel.sig.length
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
