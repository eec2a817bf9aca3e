/** A report that the service has erased: what is left of it on the device that made it. */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { applyAll, readQueue } from '../../src/sync/apply.ts'
import { utf8 } from '../../src/sync/bytes.ts'
import { isUnanswered, readCards } from '../../src/sync/cards.ts'
import { readCustody } from '../../src/sync/custody.ts'
import { dueFiles } from '../../src/sync/files-send.ts'
import * as store from '../../src/sync/files-store.ts'
import * as parcels from '../../src/sync/parcels.ts'
import { toMsgpack } from '../../src/sync/wire.ts'
import { Disk } from './disk.ts'

const HERE = 'bd2ceedb-65d8-43d2-82d3-d2cce5cc36f1'
const RESTORED = 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4'
const [ERASED, KEPT] = ['8401d7b9-08d7-4e03-b0fe-195e8a80dc8b', '339cb2f9-2ab8-49ce-944c-3fcea7be33de'] as const
const FILES: Readonly<Record<string, string>> = { [ERASED]: '0a6c8f60-809f-42f7-afad-49a6af95eb6c', [KEPT]: '138cca30-ac33-4b64-90d7-f02e88decd85' }
const NOW = Date.parse('2026-01-02T03:04:05.678Z')
let disk: Disk

beforeEach(async () => {
  disk = new Disk()
  vi.stubGlobal('navigator', { storage: disk.storage, locks: { query: async () => ({ held: [] }) } })
  await parcels.stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  await parcels.keepSetting('incarnation', HERE)
  for (const [seq, itemId] of [ERASED, KEPT].entries()) await report(itemId, seq + 1)
  await store.restoreFiles()
})

afterEach(() => parcels.stores.close())

async function report(itemId: string, seq: number): Promise<void> {
  const att = [{ att_id: FILES[itemId], size: 3, sha256: new Uint8Array(32) }]
  const item = { header: toMsgpack({ v: 1, att }), sealed: utf8('sealed'), sha256: new Uint8Array(32), sig: new Uint8Array(64) }
  const facts = { itemId, reference: 'X', deviceId: HERE, epoch: '0'.repeat(16), seq, kid: 's1', mode: 'centre' } as const
  await parcels.putParcel(parcels.freshParcel(item, { ...facts, createdAt: '2026-01-02T03:00:00.000Z' }), null)
  disk.put(FILES[itemId] ?? '', Uint8Array.of(1, 2, 3), NOW)
}

/** As the core has it settled: an answer that the service has signed. */
async function answered(itemId: string, pos: number, gone: boolean, incarnation = HERE): Promise<void> {
  const result = { item_id: itemId, index: 0, verdict: 'duplicate', pos, leaf: { index: 0, size: 1, path: [] }, ...(gone ? { gone } : {}) }
  const receipt = { incarnation, restore_floor: 0, at: 1, kid: 'r1', root: new Uint8Array(32), sig: new Uint8Array(64) }
  const sha256 = new Uint8Array(32)
  const take = { type: 'take_receipt', body: { item_id: itemId, result, receipt }, sha256 } as const
  const letGo = gone ? [{ type: 'let_go', itemId, sha256, incarnation, pos } as const] : []
  await applyAll({ type: 'apply', number: 1, writes: [take, ...letGo], incarnation, seen: HERE })
}

const erase = async () => {
  await answered(ERASED, 1, true)
  await answered(KEPT, 2, false)
}
const card = async (itemId: string) => (await readCards(new Set())).find((each) => each.itemId === itemId)

test('says that it was erased, and asks nobody after it', async () => {
  await erase()

  const [erased, kept] = [await card(ERASED), await card(KEPT)]
  expect([erased?.state, kept?.state]).toEqual(['erased', 'sent'])
  expect([erased?.files.total, kept?.files.total]).toEqual([0, 1])
  expect(erased !== undefined && isUnanswered(erased)).toBe(false)
})

test('lets its files go with it, and those of no other report', async () => {
  await erase()
  await store.sweepFiles(NOW)

  expect(disk.names()).toEqual([FILES[KEPT]])
  expect((await dueFiles(true)).map((each) => each.itemId)).toEqual([KEPT])
  expect((await readQueue()).draining).toBe(true)
})

test('keeps the bytes when the folder was busy, and takes them out at the next look', async () => {
  await erase()
  disk.locked = true
  await store.sweepFiles(NOW)
  expect(disk.names()).toHaveLength(2)
  disk.locked = false
  await store.sweepFiles(NOW)

  expect(disk.names()).toEqual([FILES[KEPT]])
})

test('never offers its files again: not to a restored service, not when its rows were lost, not by a late answer', async () => {
  await erase()
  await parcels.adoptIncarnation(RESTORED)
  expect((await store.fileRow(FILES[ERASED] ?? ''))?.state).toBe('gone')
  const proof = { pos: 9, leaf: { index: 0, size: 1, path: [] }, receipt: (await parcels.allReceipts())[0]!.receipt }
  await store.completeFile(FILES[ERASED] ?? '', proof)
  expect((await store.fileRow(FILES[ERASED] ?? ''))?.state).toBe('gone')
  await parcels.stores.write(['files'], async (open) => void open('files').clear())
  await store.restoreFiles()

  expect((await dueFiles(true)).map((each) => each.itemId)).not.toContain(ERASED)
  expect((await store.fileRow(FILES[ERASED] ?? ''))?.state).toBe('gone')
})

test('is counted apart from what every backup holds, and asks for nobody', async () => {
  await erase()

  const custody = await readCustody(await readCards(new Set()))
  expect([custody.erased, custody.safe, custody.items.map((each) => each.itemId)]).toEqual([1, 0, [KEPT]])
})

test('that is only refused keeps all that it has', async () => {
  await answered(ERASED, 1, false)
  await store.sweepFiles(NOW)

  expect(disk.names()).toHaveLength(2)
  expect((await card(ERASED))?.state).toBe('sent')
})
