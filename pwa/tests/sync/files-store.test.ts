/** What becomes of sealed files on the device. The disk is ours; the store is real. */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sha256, utf8 } from '../../src/sync/bytes.ts'
import { filesOf } from '../../src/sync/cards.ts'
import { newKeys, usable } from '../../src/sync/device.ts'
import { keysOf } from '../../src/sync/feed.ts'
import * as store from '../../src/sync/files-store.ts'
import { leave } from '../../src/sync/leave.ts'
import * as parcels from '../../src/sync/parcels.ts'
import { toMsgpack } from '../../src/sync/wire.ts'
import { Disk } from './disk.ts'

const NOW = Date.parse('2026-01-02T03:04:05.678Z')
const [MINUTE, HOUR] = [60_000, 3_600_000]
const INCARNATION = 'bd2ceedb-65d8-43d2-82d3-d2cce5cc36f1'
const RESTORED = 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4'
const [REPORT, OTHER] = ['8401d7b9-08d7-4e03-b0fe-195e8a80dc8b', '339cb2f9-2ab8-49ce-944c-3fcea7be33de']
const [ONE, TWO] = ['0a6c8f60-809f-42f7-afad-49a6af95eb6c', '138cca30-ac33-4b64-90d7-f02e88decd85']

let disk: Disk
let held: readonly string[]

beforeEach(async () => {
  ;[disk, held] = [new Disk(), []]
  const locks = { query: async () => ({ held: held.map((attId) => ({ name: `file:${attId}` })) }) }
  vi.stubGlobal('navigator', { storage: disk.storage, locks })
  await fresh()
  await parcels.keepSetting('incarnation', INCARNATION)
})

afterEach(() => parcels.stores.close())

async function fresh(): Promise<void> {
  await parcels.stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
}

async function parcelOf(itemId: string, attIds: readonly string[]): Promise<parcels.Parcel> {
  const att = attIds.map((att_id) => ({ att_id, size: 3, sha256: new Uint8Array(32) }))
  const item = { header: toMsgpack({ v: 1, att }), sealed: utf8('sealed'), sha256: await sha256(utf8(itemId)), sig: new Uint8Array(64) }
  const facts = { itemId, reference: 'X', deviceId: `device of ${itemId}`, epoch: '0'.repeat(16), seq: 1, kid: 's1' }
  return parcels.freshParcel(item, { ...facts, mode: 'visitor', createdAt: '2026-01-02T03:00:00.000Z' })
}

/** A report with its files, on the disk as well. */
async function report(itemId: string, attIds: readonly string[], state: parcels.ParcelState = 'receipted'): Promise<void> {
  const parcel = await parcelOf(itemId, attIds)
  await parcels.putParcel({ ...parcel, state }, await newKeys(parcel.deviceId))
  await store.restoreFiles()
  for (const attId of attIds) disk.put(attId, Uint8Array.of(1, 2, 3), NOW)
}

function proof(pos: number, floor = 0, incarnation = INCARNATION): parcels.FileProof {
  const receipt = { incarnation, restore_floor: floor, at: 1, kid: 'r1', root: new Uint8Array(32), sig: new Uint8Array(64) }
  return { pos, leaf: { index: 0, size: 1, path: [] }, receipt }
}

describe('a row', () => {
  test('that was lost comes back from the header of its report, and one that is there stays', async () => {
    await report(REPORT, [ONE, TWO])
    await store.completeFile(ONE, proof(1))
    await parcels.stores.write(['files'], async (at) => void at('files').delete(TWO))

    await store.restoreFiles()

    expect(await store.allFiles()).toMatchObject([
      { attId: ONE, itemId: REPORT, number: 0, state: 'complete' },
      { attId: TWO, itemId: REPORT, number: 1, size: 3, state: 'queued', proof: null },
    ])
  })

  test('of a file that is proved is changed by no slower sender', async () => {
    await report(REPORT, [ONE])
    await store.completeFile(ONE, proof(1))

    expect(await store.changeFile(ONE, (now) => now.state === 'queued', { attempts: 9 })).toBe(false)
    expect(await store.completeFile(ONE, proof(2))).toBe(false)
    expect(await store.fileRow(ONE)).toMatchObject({ attempts: 0, proof: { pos: 1 } })
  })

  test('of every file is queued again for a restored service', async () => {
    await report(REPORT, [ONE])
    await store.completeFile(ONE, proof(1))

    await parcels.adoptIncarnation(RESTORED)

    expect(await store.fileRow(ONE)).toMatchObject({ state: 'queued', attempts: 0, nextTryAt: null })
  })

  test('counts for its report', () => {
    const states = (['complete', 'queued', 'lost', 'complete'] as const).map((state) => ({ state, lastError: state === 'queued' ? 'waits_for_wifi' : null }))

    expect(filesOf(states)).toEqual({ total: 4, arrived: 2, lost: 1, resting: 1 })
  })
})

describe('a sweep', () => {
  test('takes what no report names, unless it is young or an open page holds it', async () => {
    for (const [attId, age] of [['old', 11], ['young', 9], ['held', 600]] as const) disk.put(attId, Uint8Array.of(1), NOW - age * MINUTE)
    held = ['held']

    await store.sweepFiles(NOW)

    expect(disk.names()).toEqual(['held', 'young'])
  })

  test('waits a day where pages cannot say what they hold', async () => {
    vi.stubGlobal('navigator', { storage: disk.storage })
    for (const [attId, age] of [['old', 25], ['younger', 23]] as const) disk.put(attId, Uint8Array.of(1), NOW - age * HOUR)

    await store.sweepFiles(NOW)

    expect(disk.names()).toEqual(['younger'])
  })

  test.each([
    ['has not arrived', null],
    ['is beyond what a restore would bring back', proof(8, 7)],
    ['is vouched for by another lineage alone', proof(8, 9, RESTORED)],
  ] as const)('never takes a file that %s', async (_, proved) => {
    await report(REPORT, [ONE])
    if (proved !== null) await store.completeFile(ONE, proved)

    await store.sweepFiles(NOW + 1_000 * HOUR)

    expect(disk.names()).toEqual([ONE])
  })

  test('takes a file that every backup holds, by whatever receipt says so', async () => {
    await report(REPORT, [ONE])
    await report(OTHER, [TWO])
    await store.completeFile(ONE, proof(8))
    await store.sweepFiles(NOW)
    const before = disk.names()

    await store.completeFile(TWO, proof(9, 8))
    await store.sweepFiles(NOW)

    expect([before, disk.names()]).toEqual([[ONE, TWO], [TWO]])
    expect((await store.fileRow(ONE))?.state).toBe('complete')
  })

  test('tries again with a file that cannot go now', async () => {
    disk.put('old', Uint8Array.of(1), NOW - HOUR)
    disk.locked = true
    await expect(store.sweepFiles(NOW)).resolves.toBeUndefined()

    disk.locked = false
    await store.sweepFiles(NOW)

    expect(disk.names()).toEqual([])
  })
})

test('leaving takes the files that have arrived, and no other', async () => {
  await report(REPORT, [ONE, TWO])
  await report(OTHER, ['unsent'], 'queued')
  await store.completeFile(ONE, proof(1))

  await leave()

  expect(disk.names()).toEqual([TWO, 'unsent'])
})

test('a device of the version before keeps all that it has', async () => {
  await fresh()
  const parcel = await parcelOf(REPORT, [ONE])
  await versionOne(parcel, await newKeys(parcel.deviceId))

  await store.restoreFiles()

  expect(await parcels.parcel(REPORT)).toEqual(parcel)
  expect(await usable(await keysOf(parcel.deviceId))).toBe(true)
  expect(await parcels.setting('incarnation')).toBe(INCARNATION)
  expect(await store.allFiles()).toMatchObject([{ attId: ONE, state: 'queued' }])
})

/** As the first version of this store made it. */
function versionOne(parcel: parcels.Parcel, keys: parcels.DeviceKeys): Promise<void> {
  const opening = indexedDB.open('waymark', 1)
  opening.onupgradeneeded = () => {
    const db = opening.result
    db.createObjectStore('parcels', { keyPath: 'itemId' }).put(parcel)
    db.createObjectStore('receipts', { keyPath: 'itemId' })
    db.createObjectStore('device_keys', { keyPath: 'deviceId' }).put(keys)
    db.createObjectStore('feed', { keyPath: ['feedId', 'id'] })
    db.createObjectStore('kv').put(INCARNATION, 'incarnation')
  }
  return new Promise((resolve) => {
    opening.onsuccess = () => {
      opening.result.close()
      resolve()
    }
  })
}
