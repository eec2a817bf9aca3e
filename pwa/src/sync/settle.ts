/**
 * Make the two stores agree. A report that either has lost comes back from the other; receipts move from
 * the parcels into the SQLite outbox, which is the custody record.
 */

import { call } from './outbox.ts'
import { allParcels, allReceipts, freshParcel, keepReceipt, type KeptReceipt, type Parcel, restoreParcels, setting } from './parcels.ts'
import { fromMsgpack, itemResult, receipt as parseReceipt, toMsgpack } from './wire.ts'
import type { OutboxRow, ReceiptRow } from './outbox-rows.ts'

/** Raises OutboxUnavailable where there is no OPFS; the parcels then stand alone. */
export async function settle(): Promise<void> {
  const rows = await call('list')
  const [parcels, receipts, incarnation] = await Promise.all([allParcels(), allReceipts(), setting<string>('incarnation')])
  const known = new Map(rows.map((row): [string, OutboxRow] => [row.itemId, row]))
  await restore(rows, new Set(parcels.map((each) => each.itemId)))
  for (const parcel of parcels) if (!known.has(parcel.itemId)) await call('insert', parcel)
  await handOver(parcels, receipts, known, incarnation ?? null)
}

async function restore(rows: readonly OutboxRow[], here: ReadonlySet<string>): Promise<void> {
  const lost: Parcel[] = []
  const receipts: KeptReceipt[] = []
  for (const row of rows.filter((each) => !here.has(each.itemId))) {
    const full = await call('read', row.itemId)
    if (full === null) continue
    lost.push(freshParcel(full, full))
    if (row.receipt !== null) receipts.push({ itemId: row.itemId, sha256: full.sha256, ...unpackReceipt(row.receipt) })
  }
  if (lost.length === 0) return
  await restoreParcels(lost)
  for (const kept of receipts) await keepReceipt(kept, new Date(kept.receipt.at).toISOString())
}

async function handOver(
  parcels: readonly Parcel[],
  receipts: readonly KeptReceipt[],
  rows: ReadonlyMap<string, OutboxRow>,
  incarnation: string | null,
): Promise<void> {
  const byItem = new Map(receipts.map((each): [string, KeptReceipt] => [each.itemId, each]))
  for (const parcel of parcels) {
    const kept = byItem.get(parcel.itemId)
    const row = rows.get(parcel.itemId)
    if (parcel.state === 'receipted' && kept !== undefined && row?.incarnation !== kept.receipt.incarnation)
      await call('receipted', receiptRow(kept))
    if (parcel.state === 'quarantined' && row?.state !== 'quarantined')
      await call('quarantined', parcel.itemId, parcel.lastError ?? 'rejected')
    if (parcel.state === 'queued' && row !== undefined && row.state !== 'queued' && row.incarnation !== incarnation)
      await call('requeued', parcel.itemId)
  }
}

/** A receipt as the outbox keeps it: whole, in msgpack, with what is needed to check it again. */
function receiptRow(kept: KeptReceipt): ReceiptRow {
  return {
    itemId: kept.itemId,
    incarnation: kept.receipt.incarnation,
    pos: kept.result.pos ?? 0,
    verdict: kept.result.verdict,
    receipt: toMsgpack({ result: kept.result, receipt: kept.receipt }),
  }
}

function unpackReceipt(raw: Uint8Array): Pick<KeptReceipt, 'result' | 'receipt'> {
  return fromMsgpack(raw, (fields) => ({
    result: fields.one('result', itemResult),
    receipt: fields.one('receipt', parseReceipt),
  }))
}
