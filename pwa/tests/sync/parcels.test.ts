import 'fake-indexeddb/auto'
import { beforeEach, expect, test, vi } from 'vitest'
import { newKeys, usable } from '../../src/sync/device.ts'
import { allEntries, keysOf, storePage } from '../../src/sync/feed.ts'
import { leave } from '../../src/sync/leave.ts'
import * as parcels from '../../src/sync/parcels.ts'
import { sha256, utf8 } from '../../src/sync/bytes.ts'

const INCARNATION = 'bd2ceedb-65d8-43d2-82d3-d2cce5cc36f1'
const RESTORED = 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4'

vi.stubGlobal('navigator', {})

beforeEach(async () => {
  await parcels.stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
})

async function queuedParcel(itemId: string): Promise<parcels.Parcel> {
  const [header, sealed] = [utf8(`header of ${itemId}`), utf8('sealed')]
  const item = { header, sealed, sha256: await sha256(header, sealed), sig: new Uint8Array(64) }
  const created = '2026-01-02T03:04:05.678Z'
  const facts = { itemId, reference: 'X', deviceId: `device of ${itemId}`, epoch: '0'.repeat(16), seq: 1, kid: 's1' }
  return parcels.freshParcel(item, { ...facts, mode: 'visitor', createdAt: created })
}

function receiptFor(parcel: parcels.Parcel, incarnation: string): parcels.KeptReceipt {
  const result = { item_id: parcel.itemId, index: 0, verdict: 'accepted', pos: 7, leaf: { index: 0, size: 1, path: [] } }
  const receipt = { incarnation, restore_floor: 0, at: 1, kid: 'r1', root: new Uint8Array(32), sig: new Uint8Array(64) }
  return { itemId: parcel.itemId, sha256: parcel.sha256, result, receipt }
}

async function sent(itemId: string): Promise<parcels.Parcel> {
  const parcel = await queuedParcel(itemId)
  await parcels.putParcel(parcel, await newKeys(parcel.deviceId))
  await parcels.keepReceipt(receiptFor(parcel, INCARNATION), '2026-01-02T04:00:00.000Z')
  return parcel
}

test('keys outlive the connection, sign, and cannot be exported', async () => {
  const parcel = await queuedParcel('one')
  await parcels.putParcel(parcel, await newKeys(parcel.deviceId))
  await parcels.stores.close()

  const kept = await keysOf(parcel.deviceId)

  expect(await usable(kept)).toBe(true)
  expect(kept?.signing.privateKey.extractable).toBe(false)
  expect(kept?.reply.privateKey.extractable).toBe(false)
})

test('a receipted parcel stays receipted whatever a slower drainer reports', async () => {
  const parcel = await sent('one')

  const changed = await parcels.changeParcel(parcel.itemId, (now) => now.state === 'queued', { attempts: 9 })

  expect(changed).toBe(false)
  expect(await parcels.parcel('one')).toMatchObject({ state: 'receipted', attempts: 0, receiptedAt: '2026-01-02T04:00:00.000Z' })
})

test('a restored service is sent everything again, and its feeds are read from the start', async () => {
  await parcels.adoptIncarnation(INCARNATION)
  await sent('one')
  await storePage('device of one', { incarnation: INCARNATION, cursor: 'c-9', more: false, messages: [], challenge: 'x' })

  const requeued = await parcels.adoptIncarnation(RESTORED)

  expect(requeued).toBe(true)
  expect(await parcels.parcel('one')).toMatchObject({ state: 'queued', attempts: 0 })
  expect(await parcels.setting('cursor:device of one')).toBeUndefined()
  expect(await parcels.adoptIncarnation(RESTORED)).toBe(false)
})

test('the receipt of the new lineage replaces the old one', async () => {
  const parcel = await sent('one')
  await parcels.adoptIncarnation(INCARNATION)
  await parcels.adoptIncarnation(RESTORED)

  await parcels.keepReceipt(receiptFor(parcel, RESTORED), '2026-02-02T04:00:00.000Z')

  const [kept] = await parcels.allReceipts()
  expect(kept?.receipt.incarnation).toBe(RESTORED)
  expect(await parcels.parcel('one')).toMatchObject({ state: 'receipted', receiptedAt: '2026-01-02T04:00:00.000Z' })
})

test('a message that comes again is stored once, and an unknown kind is kept as it came', async () => {
  const message = { id: 'm-1', pos: 1, kind: 'song', sealed: Uint8Array.of(1, 2, 3), kid: 'r1', sig: new Uint8Array(64) }
  const page = { incarnation: INCARNATION, cursor: 'c-1', more: false, messages: [message], challenge: 'x' }
  await storePage('feed', page)

  const fresh = await storePage('feed', { ...page, cursor: 'c-2', reset: true })

  expect(fresh).toBe(0)
  expect(await allEntries()).toMatchObject([{ id: 'm-1', kind: 'song', sealed: Uint8Array.of(1, 2, 3) }])
  expect(await parcels.setting('cursor:feed')).toBe('c-2')
})

test('leaving wipes keys and feed of what was sent, and nothing of what was not', async () => {
  const unsent = await queuedParcel('unsent')
  await parcels.putParcel(unsent, await newKeys(unsent.deviceId))
  const done = await sent('sent')
  const message = { id: 'm-1', pos: 1, kind: 'ack', sealed: Uint8Array.of(1), kid: 'r1', sig: new Uint8Array(64) }
  await storePage(done.deviceId, { incarnation: INCARNATION, cursor: 'c', more: false, messages: [message], challenge: 'x' })

  await leave()

  expect(await keysOf(done.deviceId)).toBeUndefined()
  expect(await allEntries()).toEqual([])
  expect(await parcels.parcel('sent')).toMatchObject({ hidden: true, sealed: done.sealed })
  expect(await parcels.parcel('unsent')).toEqual(unsent)
  expect(await usable(await keysOf(unsent.deviceId))).toBe(true)
})

test('a lost parcel comes back, and one that is here is left alone', async () => {
  const here = await sent('here')
  const lost = await queuedParcel('lost')

  await parcels.restoreParcels([lost, { ...here, state: 'queued' }])

  expect(await parcels.parcel('lost')).toEqual(lost)
  expect(await parcels.parcel('here')).toMatchObject({ state: 'receipted' })
})
