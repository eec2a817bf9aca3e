/**
 * Finish a report: seal once, keep the bytes in both stores, read both back in new transactions and hash
 * them again. Only then may a screen say that the report is kept.
 */

import { randomHex, toBase64url, utf8 } from './bytes.ts'
import { type Enrolment, newKeys, publicBytes, usable } from './device.ts'
import { keysOf } from './feed.ts'
import { sealingKey } from './keyset.ts'
import { dropFiles, keepPictures, type KeptPicture } from './files-save.ts'
import { freshFile } from './files-store.ts'
import { call } from './outbox.ts'
import { type DeviceKeys, freshParcel, keepSetting, type Parcel, parcel as storedParcel, putParcel, setting, storeWorked } from './parcels.ts'
import { type Header, type ReportBody, SCHEMA_VERSION, type ServiceKey } from './protocol.generated.ts'
import { reference } from './reference.ts'
import { type DerivedReturn, returnKeys } from './return-code.ts'
import { intact, sealItem, TooLong } from './seal.ts'
import { SEQUENCE, type Sequence } from './sequence.ts'
import { settle } from './settle.ts'
import { keySetInUse } from './trust.ts'
import { type PreparedPicture, type DeviceIdentity, type DraftBody, type SavedReport, SaveFailed, type SaveFailedCode, type Stored } from './types.ts'
import { toMsgpack } from './wire.ts'

declare const __BUILD__: string
const FULL: ReadonlySet<string> = new Set(['QuotaExceededError', 'DataError'])
const PERSIST_MS_MAX = 1_000 // one browser asks the person first: the report must not wait for that

type Place = { readonly deviceId: string; readonly epoch: string; readonly seq: number }
type By = {
  readonly place: Place
  readonly keys: DeviceKeys
  readonly mode: 'visitor' | 'centre'
  readonly back: DerivedReturn | null
  readonly files: readonly KeptPicture[]
}
/** What a report is made of, besides who makes it. Files are sealed and on the disk already. */
type Made = { readonly draft: DraftBody; readonly back: DerivedReturn | null; readonly files: readonly KeptPicture[] }

/** What came of a save, and what the screens should know of the stores. */
export type Kept = { readonly saved: SavedReport; readonly opfs: boolean; readonly keysLast: boolean }

/** `back`: keys of the return code; without them the mailbox opens on this device alone. */
export async function save(
  draft: DraftBody,
  device: DeviceIdentity,
  back: DerivedReturn | null = null,
  pictures: readonly PreparedPicture[] = [],
): Promise<Kept> {
  const service = await serviceKey(draft.centre_id)
  // First of all: a report must never name a file that is not safely here.
  const files = await keepPictures(pictures)
  const made = { draft, back, files }
  try {
    const kept = await (device.mode === 'visitor' ? saveForVisitor(made, service) : saveForCentre(made, service, device))
    for (const file of files) file.letGo()
    return kept
  } catch (error) {
    await dropFiles(files)
    // Perhaps it was the photos that took the room.
    if (files.length > 0 && error instanceof SaveFailed && error.code === 'storage_full') fail('pictures_full', error)
    throw error
  }
}

/** centreId: of a report, whose centre may have a key of its own. */
export async function serviceKey(centreId = ''): Promise<ServiceKey> {
  if (globalThis.crypto?.subtle === undefined) throw new SaveFailed('no_crypto')
  const key = await keySetInUse().then((keys) => sealingKey(keys, centreId), () => null)
  if (key === null) throw new SaveFailed('no_service_key')
  return key
}

/** A visitor's ids and keys are made for this one report: nothing ties two reports together. */
async function saveForVisitor({ draft, back, files }: Made, service: ServiceKey): Promise<Kept> {
  const place = { deviceId: crypto.randomUUID(), epoch: randomHex(8), seq: 1 }
  const made = await newKeys(place.deviceId).catch((cause: unknown) => fail('no_crypto', cause))
  const keys = back === null ? made : { ...made, reply: back.reply }
  const sealed = await sealParcel(draft, service, { place, keys, mode: 'visitor', back, files })
  return keepBoth(sealed, keys, { returnable: back !== null, files })
}

/** The lock is held from allotting the number to storing the bytes: numbers have no gaps. */
async function saveForCentre({ draft, back, files }: Made, service: ServiceKey, centre: Enrolment): Promise<Kept> {
  const keys = await keysOf(centre.deviceId).catch(() => undefined)
  if (keys === undefined) throw new SaveFailed('device_keys_lost')
  return navigator.locks.request('sequence', async () => {
    const last = await lastSequence(centre.deviceId)
    const place = { deviceId: centre.deviceId, epoch: last.epoch, seq: last.maxSeq + 1 }
    const sealed = await sealParcel(draft, service, { place, keys, mode: 'centre', back, files })
    const kept = await keepBoth(sealed, null, { returnable: back !== null, files })
    await keepSetting(SEQUENCE + centre.deviceId, { epoch: place.epoch, maxSeq: place.seq } satisfies Sequence)
    return kept
  })
}

/** The further of both stores' memories. A device that remembers nothing starts a new epoch. */
async function lastSequence(deviceId: string): Promise<Sequence> {
  const inOutbox = await call('sequence', deviceId).catch(() => null)
  const inParcels = (await setting<Sequence>(SEQUENCE + deviceId).catch(() => undefined)) ?? null
  if (inOutbox === null || inParcels === null) return inOutbox ?? inParcels ?? { epoch: randomHex(8), maxSeq: 0 }
  if (inOutbox.epoch !== inParcels.epoch || inOutbox.maxSeq >= inParcels.maxSeq) return inOutbox
  // Saved while SQLite would not work: it must know those before it can take the next.
  await settle().catch(() => undefined)
  return inParcels
}

async function sealParcel(
  draft: DraftBody,
  service: ServiceKey,
  by: By,
): Promise<Parcel> {
  const itemId = crypto.randomUUID()
  const header = toMsgpack(await headerOf(itemId, service.kid, by))
  const keys = { service: service.public, signing: by.keys.signing.privateKey }
  const sealed = await sealItem(header, bodyBytes(draft, itemId, by), keys).catch((cause: unknown) =>
    fail(cause instanceof TooLong ? 'too_long' : 'no_crypto', cause),
  )
  return freshParcel(sealed, {
    ...by.place,
    itemId,
    reference: await reference(itemId),
    kid: service.kid,
    mode: by.mode,
    createdAt: new Date().toISOString(),
  })
}

/** Keys in the order of the Struct, so that both sides write the same header for the same report. */
async function headerOf(
  itemId: string,
  kid: string,
  by: By,
): Promise<Required<Header>> {
  const visitor = by.mode === 'visitor'
  const reply = by.back?.reply ?? (visitor ? by.keys.reply : null)
  return {
    v: 1,
    suite: 1,
    kid,
    device_id: by.place.deviceId,
    epoch: by.place.epoch,
    seq: by.place.seq,
    item_id: itemId,
    kind: 'report',
    schema_v: SCHEMA_VERSION,
    att: by.files.map((file) => file.listed),
    reply_key: reply === null ? null : await publicBytes(reply),
    public_key: visitor ? await publicBytes(by.keys.signing) : null,
    return_keys: by.back === null ? null : await returnKeys(by.back),
  }
}

function bodyBytes(draft: DraftBody, itemId: string, { mode, files }: By): Uint8Array {
  const body: ReportBody = {
    item_id: itemId,
    ...draft,
    app_build: __BUILD__,
    capture: { channel: mode === 'visitor' ? 'self_phone' : 'centre_tablet' },
    ...(files.length > 0 && { attachments: files.map((file) => file.opening) }),
  }
  return utf8(JSON.stringify(body))
}

type Along = { readonly returnable: boolean; readonly files: readonly KeptPicture[] }

/** Both stores, read back. Raises SaveFailed when neither holds it. */
export async function keepBoth(
  parcel: Parcel,
  keys: DeviceKeys | null,
  { returnable, files }: Along = { returnable: false, files: [] },
): Promise<Kept> {
  const durable = persisted()
  const [outbox, store] = await Promise.allSettled([keepInOutbox(parcel), keepInParcels(parcel, keys, files)])
  const [inOutbox, inParcels] = [outbox.status === 'fulfilled', store.status === 'fulfilled']
  if (!inOutbox && !inParcels) fail(codeOf(store), store.status === 'rejected' ? store.reason : undefined)
  const stored: Stored = inOutbox && inParcels ? 'both' : inParcels ? 'parcel-only' : 'outbox-only'
  const keysLast = keys === null || (inParcels && (await usable(await keysOf(keys.deviceId))))
  const { itemId, reference } = parcel
  return { saved: { itemId, reference, stored, durable: await durable, returnable }, opfs: inOutbox, keysLast }
}

async function keepInOutbox(parcel: Parcel): Promise<void> {
  const read = await call('add', parcel)
  if (read === null || !(await intact(read)) || !same(read, parcel)) throw new SaveFailed('read_back_differs')
}

async function keepInParcels(parcel: Parcel, keys: DeviceKeys | null, files: readonly KeptPicture[]): Promise<void> {
  await putParcel(parcel, keys, files.map((file, number) => freshFile(parcel.itemId, number, file.listed)))
  const read = await storedParcel(parcel.itemId)
  if (read === undefined || !(await intact(read)) || !same(read, parcel)) throw new SaveFailed('read_back_differs')
}

function same(read: Pick<Parcel, 'sha256' | 'sig'>, parcel: Parcel): boolean {
  return toBase64url(read.sha256) === toBase64url(parcel.sha256) && toBase64url(read.sig) === toBase64url(parcel.sig)
}

/** A full disk has no error of its own: Chromium says DataError, and then cannot open what it could open before. */
function codeOf(failed: PromiseSettledResult<void>): SaveFailedCode {
  const reason: unknown = failed.status === 'rejected' ? failed.reason : null
  if (reason instanceof SaveFailed) return reason.code
  const full = reason instanceof DOMException && FULL.has(reason.name)
  return full || storeWorked() ? 'storage_full' : 'no_storage'
}

function fail(code: SaveFailedCode, cause: unknown): never {
  throw new SaveFailed(code, { cause })
}

/** Ask the browser to keep this site's storage, and say whether it will. */
export async function persisted(): Promise<boolean> {
  const storage = navigator.storage
  if (storage?.persist === undefined) return false
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), PERSIST_MS_MAX))
  await Promise.race([storage.persist().catch(() => false), late])
  return storage.persisted().catch(() => false)
}
