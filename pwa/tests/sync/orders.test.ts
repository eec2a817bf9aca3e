/** A tablet that is taken out of service: which order binds it, and what is left of it afterwards. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { applyAll, readQueue } from '../../src/sync/apply.ts'
import { toBase64url, utf8 } from '../../src/sync/bytes.ts'
import type { Scope } from '../../src/sync/core-parts.ts'
import { heed } from '../../src/sync/core-settle.ts'
import { identity, newKeys } from '../../src/sync/device.ts'
import { allEntries, allKeys } from '../../src/sync/feed.ts'
import { carryOut, checkOrder, leaving, obey, orderKept, revokeText } from '../../src/sync/orders.ts'
import { allParcels, freshParcel, keepSetting, putParcel, setting, stores } from '../../src/sync/parcels.ts'
import { drain } from '../../src/sync/pass.ts'
import type { KeySet } from '../../src/sync/protocol.generated.ts'
import * as wire from '../../src/sync/wire.ts'
import { bytes, vectors } from './vectors.ts'

type Case = { name: string; order: unknown; text: string; signed: boolean; obeyed: boolean }
type File = { keys: unknown; device_id: string; header: { order: unknown; 'waymark-revoke': string }; cases: Case[] }
const file = vectors<File>('revocation')
const trust = vectors<{ root: string; keyset: { payload: string; sig: string } }>('manifest')
vi.stubGlobal('__TRUST__', { root: vectors<{ root: string }>('push_answers').root, keyset: trust.keyset })
const parse = <T>(value: unknown, shape: (fields: wire.Fields) => T) => wire.fromJson(utf8(JSON.stringify(value)), shape)
const keys: KeySet = parse(file.keys, wire.keySet)
const genuine = parse(file.cases[0]?.order, wire.revocation)
const DEVICE = file.device_id
const HERE = '00000000-0000-4000-8000-000000000001'

beforeEach(async () => {
  vi.stubGlobal('navigator', {})
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  await keepSetting('enrolment', { deviceId: DEVICE, centreId: 'c', centreName: 'Harbour' })
  await keepSetting('incarnation', HERE)
  const made = await newKeys(DEVICE)
  const entry = { feedId: DEVICE, id: HERE, pos: 1, kind: 'ack', sealed: Uint8Array.of(1), applied: false }
  await stores.write(['device_keys', 'feed', 'kv'], async (store) => {
    store('device_keys').put(made)
    store('feed').put(entry)
    store('kv').put('c', `cursor:${DEVICE}`)
  })
})

const ID = '00000000-0000-4000-8000-0000000000a1'

async function made(): Promise<void> {
  const sealed = { header: Uint8Array.of(0x80), sealed: Uint8Array.of(2), sha256: new Uint8Array(32), sig: new Uint8Array(64) }
  const facts = { itemId: ID, reference: 'R', deviceId: DEVICE, epoch: '00112233445566ff', seq: 1, kid: 's1', mode: 'centre', createdAt: '2026-01-01T00:00:00.000Z' } as const
  await putParcel(freshParcel(sealed, facts), null)
}

function told(...writes: Parameters<typeof applyAll>[0]['writes']) {
  return applyAll({ type: 'apply', number: 1, writes, incarnation: HERE, seen: HERE })
}

async function received(floor = 0): Promise<void> {
  const result = { item_id: ID, index: 0, verdict: 'accepted', pos: 1, leaf: { index: 0, size: 1, path: [] } }
  const receipt = { incarnation: HERE, restore_floor: floor, at: 1, kid: 'r1', root: new Uint8Array(32), sig: new Uint8Array(64) }
  await told({ type: 'take_receipt', body: { item_id: ID, result, receipt }, sha256: new Uint8Array(32) })
}

const obeying = (scope: Scope, deviceId = DEVICE) => told({ type: 'obey', deviceId, scope })
const quiet = { reason: 'timer', heartbeat: null, feeds: async () => [] } as const
const pass = () => drain(quiet, { sending: () => undefined })

describe('an order', () => {
  test.each(file.cases)('$name', async ({ order, text, signed, obeyed }) => {
    const parsed = parse(order, wire.revocation)
    expect(toBase64url(revokeText(parsed))).toBe(text)
    const found = await checkOrder(parsed, keys)
    expect(found === 'valid').toBe(signed)

    const brought = { order: { deviceId: parsed.device_id, scope: parsed.scope, genuine: found === 'valid' }, ownId: DEVICE }
    const [write] = heed(brought as unknown as Parameters<typeof heed>[0])
    expect(write?.type).toBe(obeyed ? 'obey' : 'pass_over')
  })

  test('lies in the header of a refusal', () => {
    const inside = wire.fromMsgpack(bytes(file.header['waymark-revoke']), wire.revocation)
    expect(inside).toEqual(parse(file.header.order, wire.revocation))
  })

  test('is kept when a push brings it, and when a refused pull does', async () => {
    const answer = { incarnation: HERE, server_time: 1, restore_floor: 0, downstream: false, challenge: 'c', results: [], revoke: genuine }
    vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(new Response(wire.toMsgpack(answer))).mockRejectedValue(new TypeError()))
    await drain({ ...quiet, heartbeat: DEVICE }, { sending: () => undefined })
    expect((await orderKept())?.gone).toBe('keys')

    await stores.write(['kv'], async (store) => void store('kv').delete('order'))
    const again = await newKeys(DEVICE)
    await stores.write(['device_keys'], async (store) => void store('device_keys').put(again))
    const headers = { 'waymark-revoke': file.header['waymark-revoke'] }
    vi.stubGlobal('fetch', vi.fn(async () => new Response(null, { status: 401, headers })))
    await drain({ ...quiet, feeds: async () => [DEVICE] }, { sending: () => undefined })
    expect((await orderKept())?.gone).toBe('keys')
  })

  test('that binds nobody here is counted and changes nothing', async () => {
    await told({ type: 'pass_over' }, { type: 'pass_over' })

    expect([await orderKept(), await setting('orders_passed_over')]).toEqual([null, 2])
    expect(await identity()).toMatchObject({ mode: 'centre', outOfService: null })
  })

  test('follows a narrower one, never a wider one', async () => {
    await obeying('keys')
    await carryOut('keys')
    await obeying('keys')
    expect(await orderKept()).toEqual({ deviceId: DEVICE, scope: 'keys', gone: 'keys' })
    await obeying('all')
    expect(await orderKept()).toEqual({ deviceId: DEVICE, scope: 'all', gone: 'keys' })
    await obeying('keys')
    expect(await leaving()).toBe('all')
  })

  test('binds no tablet that was set up anew', async () => {
    await obeying('keys')
    await keepSetting('enrolment', { deviceId: HERE, centreId: 'c', centreName: 'Quay' })

    expect([await orderKept(), (await readQueue()).leaving]).toEqual([null, null])
    await carryOut('keys')
    expect(await allKeys()).toHaveLength(1)
  })
})

describe('a pass', () => {
  beforeEach(() => vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no network'))))

  test('keeps the keys while a report or a file has yet to arrive', async () => {
    await made()
    await obeying('keys')
    await pass()
    expect([(await orderKept())?.gone, (await allKeys()).length]).toEqual([null, 1])
    expect(await identity()).toMatchObject({ outOfService: 'sending' })

    await received()
    const row = { attId: HERE, itemId: ID, number: 0, size: 1, sha256: new Uint8Array(32), state: 'queued', attempts: 0, nextTryAt: null, lastError: null, proof: null }
    await stores.write(['files'], async (store) => void store('files').put(row))
    await pass()
    expect((await orderKept())?.gone).toBeNull()
  })

  test('destroys keys and answers when all has arrived, and keeps what it had sealed', async () => {
    await made()
    await received()
    await obeying('keys')

    await pass() // as the next one does after a kill: the order is enough
    await pass()

    expect([await allKeys(), await allEntries(), await setting(`cursor:${DEVICE}`)]).toEqual([[], [], undefined])
    expect((await allParcels()).map((each) => [each.state, each.sealed.length])).toEqual([['receipted', 1]])
    expect(await identity()).toMatchObject({ mode: 'centre', centreName: 'Harbour', outOfService: 'done' })
  })

  test('destroys the keys of a report that was finished after that, too', async () => {
    await obeying('keys')
    await pass()
    expect(await leaving()).toBeNull()
    const [later, probe] = [await newKeys(HERE), await newKeys('probe')]
    await stores.write(['device_keys'], async (store) => void (store('device_keys').put(later), store('device_keys').put(probe)))

    expect(await leaving()).toBe('keys')
    await pass()

    expect([await allKeys(), await leaving()]).toEqual([[], null])
  })

  test('does not wait for what fails again and again, all alone', async () => {
    await made()
    await stores.write(['parcels'], async (store) => {
      const [one] = await new Promise<object[]>((resolve) => {
        const asked = store('parcels').getAll()
        asked.onsuccess = () => resolve(asked.result as object[])
      })
      store('parcels').put({ ...one, soloFailures: 5, nextTryAt: Date.now() + 9e6 })
    })
    await obeying('all')
    await pass()

    expect([(await orderKept())?.gone, (await allParcels()).length]).toEqual(['keys', 1])
  })

  test('empties the device once no backup lacks any of it', async () => {
    await made()
    await received(1)
    await obeying('all')
    await pass()
    expect([(await orderKept())?.gone, (await allParcels()).length]).toEqual(['keys', 1])

    await told({ type: 'let_go', itemId: ID, sha256: new Uint8Array(32), incarnation: HERE, pos: 1 })
    await pass()

    expect([await allParcels(), await setting('incarnation')]).toEqual([[], undefined])
    expect(await identity()).toMatchObject({ mode: 'centre', centreName: '', outOfService: 'done' })
    await pass()
  })
})

test('obeying is one of an answer’s changes, and undone with them', async () => {
  const half = stores.write(['kv'], async (store) => {
    await obey(store, DEVICE, 'keys')
    throw new Error('cut')
  })
  await expect(half).rejects.toThrow('cut')
  expect(await orderKept()).toBeNull()
})
