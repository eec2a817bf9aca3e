/**
 * This device is taken out of service: the service's order, whether it is genuine, and what is destroyed once
 * everything has arrived. The order outlives that: a kill at any point only means that the next pass does it again.
 */

import { type Bytes, concat, uint64, utf8, uuidBytes } from './bytes.ts'
import type { Order, Scope } from './core-parts.ts'
import { dropFeedKey } from './feed-key.ts'
import { result, type Stores } from './indexed-db.ts'
import { LABEL, receiptKey, signatureValid } from './keyset.ts'
import { keepSetting, setting, type StoreName, stores } from './parcels.ts'
import type { KeySet, Revocation } from './protocol.generated.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'

const LABEL_REVOKE = utf8(`${LABEL}/revoke`)
const ORDER = 'order'
const PASSED_OVER = 'orders_passed_over'
const ENROLMENT = 'enrolment'
const PROBE = 'probe'
const FOLDERS = ['.waymark-outbox', '.waymark-files']

/** `gone`: what was destroyed; null while something has yet to arrive. */
export type KeptOrder = {
  readonly deviceId: string
  readonly scope: Scope
  readonly gone: Scope | null
  /** Of its own accord, after too long without its service (see `locking`). */
  readonly byTime?: boolean
}

/** The bytes its signature covers: fixed widths, so nothing is ambiguous. */
export function revokeText(order: Revocation): Bytes {
  const [scope, kid] = [utf8(order.scope), utf8(order.kid)]
  return concat(
    LABEL_REVOKE,
    uuidBytes(order.device_id),
    uuidBytes(order.nonce),
    uint64(order.at),
    Uint8Array.of(scope.length),
    scope,
    Uint8Array.of(kid.length),
    kid,
  )
}

/** 'unknown_key' may be cured by fetching the key set; 'invalid' may not. */
export async function checkOrder(order: Revocation, keys: KeySet): Promise<'valid' | 'invalid' | 'unknown_key'> {
  const key = receiptKey(keys, order.kid)
  if (key === null) return 'unknown_key'
  return (await signatureValid(new Uint8Array(key.public), revokeText(order), new Uint8Array(order.sig))) ? 'valid' : 'invalid'
}

/** As the core is told. */
export async function told(order: Revocation | null | undefined): Promise<Order | null> {
  if (order === null || order === undefined) return null
  let found = await checkOrder(order, await keySetInUse())
  if (found === 'unknown_key' && (await refreshKeySet())) found = await checkOrder(order, await keySetInUse())
  return { deviceId: order.device_id, scope: order.scope, genuine: found === 'valid' }
}

/** That this device obeys. Null: it is in service, or has been set up anew since. */
export async function orderKept(): Promise<KeptOrder | null> {
  const [order, own] = [await setting<KeptOrder>(ORDER), await ownId()]
  return order !== undefined && order.deviceId === own ? order : null
}

export async function ownId(): Promise<string | null> {
  return (await setting<{ readonly deviceId: string }>(ENROLMENT))?.deviceId ?? null
}

/** What is left to be done. A report that was begun before the order, and saved after it, brings keys of its own. */
export async function leaving(): Promise<Scope | null> {
  const order = await orderKept()
  if (order === null) return null
  if (order.gone !== order.scope) return order.scope
  return (await keysRemain()) ? 'keys' : null
}

export async function keysRemain(): Promise<boolean> {
  const keys = await stores.read(['device_keys'], (store) => result(store('device_keys').getAllKeys()))
  return keys.some((id) => id !== PROBE)
}

/** Inside a transaction. */
export async function obey(store: Stores<StoreName>, deviceId: string, scope: Scope): Promise<void> {
  const known = await result<KeptOrder | undefined>(store('kv').get(ORDER))
  const same = known !== undefined && known.deviceId === deviceId
  if (same && !(known.scope === 'keys' && scope === 'all')) return
  const kept: KeptOrder = same ? { ...known, scope } : { deviceId, scope, gone: null }
  await result(store('kv').put(kept, ORDER))
}

/** As by an order, but nothing is waited for: what is sealed needs no key of this device to be sent. */
export async function wipeByTime(deviceId: string): Promise<void> {
  const order = await orderKept()
  if (order === null) await keepSetting(ORDER, { deviceId, scope: 'keys', gone: null, byTime: true } satisfies KeptOrder)
  if (order?.gone == null) await carryOut('keys')
}

/** Inside a transaction. */
export async function passOver(store: Stores<StoreName>): Promise<void> {
  const count = await result<number | undefined>(store('kv').get(PASSED_OVER))
  await result(store('kv').put((count ?? 0) + 1, PASSED_OVER))
}

/**
 * keys: every key, what they open, and what would lead to a feed. Sealed reports stay: they open to nobody here, and a
 * restored service may want them again. all: nothing stays but that this device is out of service.
 */
export async function carryOut(scope: Scope): Promise<void> {
  const order = await orderKept()
  if (order === null || (scope === 'all' && order.gone === 'all')) return
  if (scope === 'all' && !(await removeFolders())) return // open elsewhere: the next pass tries again
  await dropFeedKey() // first: a browser's database keeps for long what it deletes
  await stores.write(['parcels', 'receipts', 'device_keys', 'feed', 'kv', 'files'], async (store) => {
    await result(store('device_keys').clear())
    await result(store('feed').clear())
    await result(store('kv').delete('knocks'))
    await result(store('kv').delete(IDBKeyRange.bound('cursor:', 'cursor:\uffff')))
    if (scope === 'all') {
      for (const name of ['parcels', 'receipts', 'files', 'kv'] as const) await result(store(name).clear())
      await result(store('kv').put({ deviceId: order.deviceId, centreId: '', centreName: '' }, ENROLMENT))
    }
    await result(store('kv').put({ ...order, gone: order.gone === 'all' ? 'all' : scope } satisfies KeptOrder, ORDER))
  })
}

async function removeFolders(): Promise<boolean> {
  const root = await navigator.storage?.getDirectory?.().catch(() => null)
  if (root === null || root === undefined) return true
  const removed = await Promise.allSettled(FOLDERS.map((name) => root.removeEntry(name, { recursive: true })))
  return removed.every(({ status, ...of }) => status === 'fulfilled' || isGone('reason' in of ? of.reason : null))
}

function isGone(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError'
}
