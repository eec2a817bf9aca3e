/**
 * Make the two stores agree. A report that either has lost comes back from the other; receipts move from
 * the parcels into the SQLite outbox, which is the custody record.
 */

import { restoreFiles, sweepFiles } from './files-store.ts'
import { call } from './outbox.ts'
import type { OutboxParcel, OutboxRow, ReceiptRow } from './outbox-rows.ts'
import { allParcels, allReceipts, freshParcel, hasArrived, keepReceipt, type KeptReceipt, type Parcel, restoreParcels, setting } from './parcels.ts'
import type { ReceiptBody } from './protocol.generated.ts'
import { reference } from './reference.ts'
import { fromMsgpack, receiptBody, toMsgpack } from './wire.ts'

/** Raises OutboxUnavailable where there is no OPFS; the parcels then stand alone. */
export async function settle(): Promise<void> {
  const rows = await call('list')
  const [parcels, receipts] = await Promise.all([allParcels(), allReceipts()])
  await restoreLostParcels(rows, new Set(parcels.map((each) => each.itemId)))
  const known = new Map(rows.map((row): [string, OutboxRow] => [row.itemId, row]))
  for (const parcel of parcels) if (!known.has(parcel.itemId) && parcel.state !== 'tombstone') await call('restore', parcel)
  await requeueOutdated(rows)
  await handOver(parcels, receipts, known)
  await letGo(parcels, receipts, known)
  await restoreFiles()
  await sweepFiles(Date.now())
}

async function restoreLostParcels(rows: readonly OutboxRow[], here: ReadonlySet<string>): Promise<void> {
  for (const row of rows.filter((each) => !here.has(each.itemId))) {
    const held = await call('read', row.itemId)
    if (held === null) continue
    await restoreParcels([await parcelOf(held)])
    if (row.receipt !== null) await restoreReceipt(row.receipt, held)
  }
}

/** All that the clear header tells; the rest starts afresh. */
async function parcelOf(held: OutboxParcel): Promise<Parcel> {
  const { kid, kind, visitor } = fromMsgpack(held.header, (fields) => ({
    kid: fields.text('kid'),
    kind: fields.has('kind') && fields.text('kind') === 'message' ? ('message' as const) : ('report' as const),
    visitor: fields.has('public_key'),
  }))
  return freshParcel(held, { ...held, kid, kind, mode: visitor ? 'visitor' : 'centre', reference: await reference(held.itemId) })
}

async function restoreReceipt(raw: Uint8Array, held: OutboxParcel): Promise<void> {
  const { result, receipt } = fromMsgpack(raw, receiptBody)
  const current = (await setting<string>('incarnation')) ?? receipt.incarnation
  // A receipt of another lineage proves what was, not what is: the report is sent again.
  if (receipt.incarnation !== current) return
  await keepReceipt({ itemId: held.itemId, sha256: held.sha256, result, receipt }, new Date(receipt.at).toISOString())
}

async function requeueOutdated(rows: readonly OutboxRow[]): Promise<void> {
  const incarnation = await setting<string>('incarnation')
  const outdated = rows.some((row) => row.state === 'receipted' && row.incarnation !== incarnation)
  if (incarnation !== undefined && outdated) await call('requeueAll', incarnation)
}

async function handOver(
  parcels: readonly Parcel[],
  receipts: readonly KeptReceipt[],
  rows: ReadonlyMap<string, OutboxRow>,
): Promise<void> {
  const receipted = new Set(parcels.filter(hasArrived).map((each) => each.itemId))
  const fresh = receipts.filter(
    (kept) => receipted.has(kept.itemId) && !isSame(rows.get(kept.itemId)?.receipt, kept),
  )
  await offerAgain(parcels, fresh, rows)
  if (fresh.length > 0) await call('recordReceipts', fresh.map(receiptRow))
  for (const parcel of parcels)
    if (parcel.state === 'quarantined' && rows.get(parcel.itemId)?.state === 'queued')
      await call('quarantine', parcel.itemId, parcel.sha256, parcel.lastError ?? 'rejected')
}

/** Receipts that hold no longer: the service lacks the report, or has it at another position. */
async function offerAgain(
  parcels: readonly Parcel[],
  fresh: readonly KeptReceipt[],
  rows: ReadonlyMap<string, OutboxRow>,
): Promise<void> {
  const outdated = new Set(fresh.map((kept) => kept.itemId))
  for (const { itemId, sha256, state } of parcels) {
    const row = rows.get(itemId)
    if (row?.state !== 'receipted' || row.receipt === null || (state !== 'queued' && !outdated.has(itemId))) continue
    await call('offerAgain', itemId, sha256, fromMsgpack(row.receipt, receiptBody).result.pos ?? 0)
  }
}

async function letGo(parcels: readonly Parcel[], receipts: readonly KeptReceipt[], rows: ReadonlyMap<string, OutboxRow>): Promise<void> {
  const gone = new Set(parcels.filter((each) => each.state === 'tombstone').map((each) => each.itemId))
  for (const { itemId, sha256, receipt, result } of receipts)
    if (gone.has(itemId) && rows.has(itemId) && rows.get(itemId)?.state !== 'tombstone')
      await call('letGo', itemId, sha256, receipt.incarnation, result.pos ?? 0)
}

function isSame(held: Uint8Array | null | undefined, kept: KeptReceipt): boolean {
  if (held === null || held === undefined) return false
  const { receipt, result } = fromMsgpack(held, receiptBody)
  return receipt.incarnation === kept.receipt.incarnation && result.pos === kept.result.pos
}

function receiptRow(kept: KeptReceipt): ReceiptRow {
  const body: ReceiptBody = { item_id: kept.itemId, result: kept.result, receipt: kept.receipt }
  return {
    itemId: kept.itemId,
    sha256: kept.sha256,
    incarnation: kept.receipt.incarnation,
    pos: kept.result.pos ?? 0,
    receipt: toMsgpack(body),
  }
}
