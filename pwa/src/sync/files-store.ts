/**
 * What this device knows of the files that follow its reports. A row says again what the report's header says, so
 * rows that are lost come back from there. No page is needed here.
 */

import { filesHere, removeFile } from './files-folder.ts'
import { filesHeld } from './files-held.ts'
import { result } from './indexed-db.ts'
import { allParcels, allReceipts, type FileProof, isErased, type KeptFile, type Parcel, setting, stores } from './parcels.ts'
import type { Attachment } from './protocol.generated.ts'
import { type Fields, fromMsgpack, WireError } from './wire.ts'

const ORPHAN_MS = 10 * 60_000
const UNTOLD_ORPHAN_MS = 24 * 3_600_000 // where pages cannot say what they hold: it may be of a report in progress

/** What becomes of a file whose report was erased. */
export const GONE = { state: 'gone', nextTryAt: null, lastError: null, proof: null } as const

export function freshFile(itemId: string, number: number, { att_id, size, sha256 }: Attachment): KeptFile {
  const fate = { state: 'queued', attempts: 0, nextTryAt: null, lastError: null, proof: null } as const
  return { attId: att_id, itemId, number, size, sha256, ...fate }
}

export function allFiles(): Promise<readonly KeptFile[]> {
  return stores.read(['files'], (store) => result<KeptFile[]>(store('files').getAll()))
}

export function fileRow(attId: string): Promise<KeptFile | undefined> {
  return stores.read(['files'], (store) => result<KeptFile | undefined>(store('files').get(attId)))
}

/** Compare and set: two senders, or a sender and the feed, may come here at once. */
export function changeFile(
  attId: string,
  expected: (now: KeptFile) => boolean,
  change: Partial<Omit<KeptFile, 'attId' | 'itemId' | 'number' | 'size' | 'sha256'>>,
): Promise<boolean> {
  return stores.write(['files'], async (store) => {
    const now = await result<KeptFile | undefined>(store('files').get(attId))
    if (now === undefined || !expected(now)) return false
    await result(store('files').put({ ...now, ...change }))
    return true
  })
}

/** `proof` must have been verified. */
export function completeFile(attId: string, proof: FileProof): Promise<boolean> {
  const settled = { state: 'complete', lastError: null, nextTryAt: null } as const
  return changeFile(attId, (now) => now.state !== 'complete' && now.state !== 'gone', { ...settled, proof })
}

/** Rows that the store has lost, or that came back with their report, from the headers of the reports. */
export async function restoreFiles(): Promise<void> {
  const [parcels, receipts] = await Promise.all([allParcels(), allReceipts()])
  const erased: ReadonlySet<string> = new Set(receipts.filter(isErased).map((each) => each.itemId))
  await stores.write(['files'], async (store) => {
    for (const row of parcels.flatMap(listed))
      if ((await result<unknown>(store('files').get(row.attId))) === undefined)
        await result(store('files').put(erased.has(row.itemId) ? { ...row, ...GONE } : row))
  })
}

function listed(parcel: Parcel): readonly KeptFile[] {
  try {
    const att = fromMsgpack(parcel.header, (fields) => (fields.has('att') ? fields.list('att', attachment) : []))
    return att.map((each, number) => freshFile(parcel.itemId, number, each))
  } catch (error) {
    if (error instanceof WireError) return []
    throw error
  }
}

function attachment(fields: Fields): Attachment {
  return { att_id: fields.uuid('att_id'), size: fields.natural('size'), sha256: fields.bytes('sha256') }
}

/**
 * Take out what nobody needs: files of reports that were never finished or were erased, and those that every backup
 * of the service holds. Call it when the stores agree: a report that only one of them knows must have come back first.
 */
export async function sweepFiles(now: number): Promise<void> {
  const here = await filesHere()
  if (here.length === 0) return
  // In this order: who has let go by now has written its row before.
  const held = await filesHeld()
  const [rows, floor] = [new Map((await allFiles()).map((row) => [row.attId, row])), await knownFloor()]
  for (const { attId, changedAt } of here) {
    const row = rows.get(attId)
    const unheld = now - changedAt > (held === null ? UNTOLD_ORPHAN_MS : ORPHAN_MS) && held?.has(attId) !== true
    const orphan = row === undefined && unheld
    if (orphan || (row !== undefined && mayGo(row, floor))) await removeFile(attId)
  }
}

function mayGo(row: KeptFile, floor: number): boolean {
  return row.state === 'gone' || (row.state === 'complete' && row.proof !== null && row.proof.pos <= floor)
}

/** The furthest that a verified receipt of the present lineage tells; 0 lets nothing go. */
async function knownFloor(): Promise<number> {
  const incarnation = await setting<string>('incarnation')
  const told = [...(await allReceipts()), ...(await allFiles()).flatMap(({ proof }) => (proof === null ? [] : [proof]))]
  return Math.max(0, ...told.map(({ receipt }) => (receipt.incarnation === incarnation ? receipt.restore_floor : 0)))
}

/** Somebody leaves this phone: what has arrived goes at once. What has not stays, sealed, like its report. */
export async function dropArrived(itemIds: ReadonlySet<string>): Promise<void> {
  for (const row of await allFiles())
    if (row.state === 'complete' && itemIds.has(row.itemId)) await removeFile(row.attId)
}
