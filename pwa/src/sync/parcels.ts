/**
 * What this device keeps in IndexedDB: sealed reports on their way out, their receipts, the keys of each
 * feed, and the feed as it came. The only store that a service worker can read too.
 *
 * Bytes are frozen when they are put in. Nothing here can be read by whom it is stored for: reports are
 * sealed to the service, messages to keys that cannot be exported.
 */

import type { Bytes } from './bytes.ts'
import { result, Store, type Stores } from './indexed-db.ts'
import type { ItemResult, Leaf, Receipt } from './protocol.generated.ts'
import type { SealedItem } from './seal.ts'

/** `tombstone`: every backup holds it, so the sealed bytes were let go of. */
export type ParcelState = 'queued' | 'receipted' | 'quarantined' | 'tombstone'

export type Parcel = SealedItem & {
  readonly itemId: string
  readonly reference: string
  readonly deviceId: string
  readonly epoch: string
  readonly seq: number
  readonly kid: string
  readonly mode: 'visitor' | 'centre'
  /** Only reports have a card. */
  readonly kind: 'report' | 'message'
  readonly createdAt: string
  readonly state: ParcelState
  readonly attempts: number
  readonly companions: number
  readonly soloFailures: number
  readonly nextTryAt: number | null
  readonly lastError: string | null
  readonly receiptedAt: string | null
  readonly verdict: string | null
  /** The person has left this phone: the report is still looked after, but no longer listed. */
  readonly hidden: boolean
}

/** A sealed file that follows a report. Its bytes lie in a folder (`files-folder.ts`); this row outlives them. */
export type KeptFile = {
  readonly attId: string
  readonly itemId: string
  /** Its place among the files of its report. */
  readonly number: number
  /** Of the sealed bytes, as in the report's header. */
  readonly size: number
  readonly sha256: Bytes
  /** `lost`: not on this device any more, and never proved to have arrived. `gone`: its report was erased. */
  readonly state: 'queued' | 'complete' | 'lost' | 'gone'
  readonly attempts: number
  readonly nextTryAt: number | null
  readonly lastError: string | null
  readonly proof: FileProof | null
}

/** Proof that a file arrived as a whole. */
export type FileProof = { readonly pos: number; readonly leaf: Leaf; readonly receipt: Receipt }

/** Kept for ever, also when the bytes are gone: proof that the report was handed in. */
export type KeptReceipt = {
  readonly itemId: string
  readonly sha256: Bytes
  readonly result: ItemResult
  readonly receipt: Receipt
}

/** Signs the pull of a feed and opens what comes. A visitor's exists once per report. */
export type DeviceKeys = {
  readonly deviceId: string
  readonly signing: CryptoKeyPair
  readonly reply: CryptoKeyPair
}

export type FeedEntry = {
  readonly feedId: string
  readonly id: string
  readonly pos: number
  readonly kind: string
  /** As it came; with `iv`, under the key of `feed-key.ts` as well. */
  readonly sealed: Bytes
  readonly iv?: Bytes
  /** A `receipt` that has been taken over into its parcel. */
  readonly applied: boolean
}

export type StoreName = 'parcels' | 'receipts' | 'device_keys' | 'feed' | 'kv' | 'files'
export const COMPANIONS_MAX = 64

/** Versions only add: a tab of the version before lets go of its connection when a newer one asks (`Store`). */
export const stores = new Store<StoreName>('waymark', 2, (db, from) => {
  if (from < 1) {
    db.createObjectStore('parcels', { keyPath: 'itemId' })
    db.createObjectStore('receipts', { keyPath: 'itemId' })
    db.createObjectStore('device_keys', { keyPath: 'deviceId' })
    db.createObjectStore('feed', { keyPath: ['feedId', 'id'] })
    db.createObjectStore('kv')
  }
  if (from < 2) db.createObjectStore('files', { keyPath: 'attId' })
})

export function freshParcel(
  sealed: SealedItem,
  facts: Pick<Parcel, 'itemId' | 'reference' | 'deviceId' | 'epoch' | 'seq' | 'kid' | 'mode' | 'createdAt'> & Partial<Pick<Parcel, 'kind'>>,
): Parcel {
  return {
    ...sealed,
    kind: 'report',
    ...facts,
    state: 'queued',
    attempts: 0,
    companions: COMPANIONS_MAX,
    soloFailures: 0,
    nextTryAt: null,
    lastError: null,
    receiptedAt: null,
    verdict: null,
    hidden: false,
  }
}

/** The sealed bytes, what follows them and, for a visitor, the keys that will open the answer: all or nothing. */
export function putParcel(parcel: Parcel, keys: DeviceKeys | null, files: readonly KeptFile[] = []): Promise<void> {
  return stores.write(['parcels', 'device_keys', 'files'], async (store) => {
    await result(store('parcels').add(parcel))
    if (keys !== null) await result(store('device_keys').put(keys))
    for (const file of files) await result(store('files').put(file))
  })
}

export function parcel(itemId: string): Promise<Parcel | undefined> {
  return stores.read(['parcels'], (store) => result<Parcel | undefined>(store('parcels').get(itemId)))
}

export function allParcels(): Promise<readonly Parcel[]> {
  return stores.read(['parcels'], (store) => result<Parcel[]>(store('parcels').getAll()))
}

export function allReceipts(): Promise<readonly KeptReceipt[]> {
  return stores.read(['receipts'], (store) => result<KeptReceipt[]>(store('receipts').getAll()))
}

/** Put back parcels that this store has lost. Those still here stay as they are. */
export function restoreParcels(lost: readonly Parcel[]): Promise<void> {
  return stores.write(['parcels'], async (store) => {
    for (const each of lost) {
      const known = await result<Parcel | undefined>(store('parcels').get(each.itemId))
      if (known === undefined) await result(store('parcels').put(each))
    }
  })
}

/** Compare and set: true when the parcel was still what `expected` says, and now carries `change`. */
export function changeParcel(
  itemId: string,
  expected: (now: Parcel) => boolean,
  change: Partial<Omit<Parcel, keyof SealedItem | 'itemId'>>,
): Promise<boolean> {
  return stores.write(['parcels'], async (store) => {
    const now = await result<Parcel | undefined>(store('parcels').get(itemId))
    if (now === undefined || !expected(now)) return false
    await result(store('parcels').put({ ...now, ...change }))
    return true
  })
}

/** The receipt and the parcel's new state in one transaction. A second drainer changes nothing. */
export function keepReceipt(kept: KeptReceipt, receiptedAt: string): Promise<void> {
  return stores.write(['parcels', 'receipts'], (store) => putReceipt(store, kept, receiptedAt))
}

/** Inside a transaction. */
export async function putReceipt(store: Stores<StoreName>, kept: KeptReceipt, receiptedAt: string): Promise<void> {
  const now = await result<Parcel | undefined>(store('parcels').get(kept.itemId))
  const earlier = await result<KeptReceipt | undefined>(store('receipts').get(kept.itemId))
  const waited = now !== undefined && !hasArrived(now)
  // A duplicate's receipt under the same lineage proves nothing new: the first one stays, unless it was sent again.
  if (waited || earlier?.receipt.incarnation !== kept.receipt.incarnation) await result(store('receipts').put(kept))
  if (!waited) return
  await result(
    store('parcels').put({
      ...now,
      state: 'receipted',
      verdict: kept.result.verdict,
      receiptedAt: now.receiptedAt ?? receiptedAt,
      lastError: null,
      nextTryAt: null,
    } satisfies Parcel),
  )
}

/** By a receipt that covers it: the service has erased what it said, and so does this device. */
export function isErased(kept: KeptReceipt | null | undefined): boolean {
  return kept?.result.gone === true
}

/** The service has it, by a receipt. */
export function hasArrived(parcel: Pick<Parcel, 'state'>): boolean {
  return parcel.state === 'receipted' || parcel.state === 'tombstone'
}

/** A new lineage of the service's database: everything retained is sent again, feeds start again. */
export function adoptIncarnation(incarnation: string): Promise<boolean> {
  return stores.write(['parcels', 'kv', 'files'], (store) => adopt(store, incarnation))
}

/** Inside a transaction. */
export async function adopt(store: Stores<StoreName>, incarnation: string): Promise<boolean> {
  const known = await result<string | undefined>(store('kv').get('incarnation'))
  if (known === incarnation) return false
  await result(store('kv').put(incarnation, 'incarnation'))
  if (known === undefined) return false
  for (const each of await result<Parcel[]>(store('parcels').getAll()))
    if (each.state === 'receipted')
      await result(store('parcels').put({ ...each, state: 'queued', attempts: 0, companions: COMPANIONS_MAX, soloFailures: 0, nextTryAt: null } satisfies Parcel))
  for (const file of await result<KeptFile[]>(store('files').getAll()))
    if (file.state !== 'gone') await result(store('files').put({ ...file, state: 'queued', attempts: 0, nextTryAt: null } satisfies KeptFile))
  await result(store('kv').delete(IDBKeyRange.bound('cursor:', 'cursor:\uffff')))
  return true
}

export function setting<T>(key: string): Promise<T | undefined> {
  return stores.read(['kv'], (store) => result<T | undefined>(store('kv').get(key)))
}

/** See `Store.worked`. */
export function storeWorked(): boolean {
  return stores.worked
}

export async function keepSetting(key: string, value: unknown): Promise<void> {
  await stores.write(['kv'], (store) => result(store('kv').put(value, key)))
}
