/** Files on their way: what a device makes of every answer. `fetch` and the disk are ours; the store is real. */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Bytes, sha256, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { newKeys } from '../../src/sync/device.ts'
import type { KeptFile, ParcelState } from '../../src/sync/parcels.ts'
import { AttachmentService, TRUST } from './attachment-service.ts'
import { Disk } from './disk.ts'

const NOW = Date.parse('2026-01-02T03:04:05.678Z')
const KIB = 1_024
const [ONE, TWO] = ['0a6c8f60-809f-42f7-afad-49a6af95eb6c', '138cca30-ac33-4b64-90d7-f02e88decd85']
const [REPORT, OTHER] = ['8401d7b9-08d7-4e03-b0fe-195e8a80dc8b', '339cb2f9-2ab8-49ce-944c-3fcea7be33de']

let service: AttachmentService
let disk: Disk
let parcels: typeof import('../../src/sync/parcels.ts')
let store: typeof import('../../src/sync/files-store.ts')
let sending: typeof import('../../src/sync/files-send.ts')

beforeEach(async () => {
  ;[service, disk] = [new AttachmentService(), new Disk()]
  vi.stubGlobal('__TRUST__', TRUST)
  vi.stubGlobal('fetch', service.fetch)
  vi.stubGlobal('navigator', { storage: disk.storage })
  vi.useFakeTimers({ now: NOW, toFake: ['Date', 'performance'] })
  vi.resetModules() // how large a piece may be is remembered
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  parcels = await import('../../src/sync/parcels.ts')
  store = await import('../../src/sync/files-store.ts')
  sending = await import('../../src/sync/files-send.ts')
  await parcels.stores.write(['kv'], async (at) => void at('kv').put(service.incarnation, 'incarnation'))
})

afterEach(() => parcels.stores.close())

async function report(itemId: string, files: readonly KeptFile[], state: ParcelState = 'receipted'): Promise<void> {
  const item = { header: utf8('header'), sealed: utf8('sealed'), sha256: await sha256(utf8(itemId)), sig: new Uint8Array(64) }
  const facts = { itemId, reference: 'X', deviceId: itemId, epoch: '0'.repeat(16), seq: 1, kid: 's1' }
  const parcel = parcels.freshParcel(item, { ...facts, mode: 'visitor', createdAt: '2026-01-02T03:00:00.000Z' })
  await parcels.putParcel({ ...parcel, state }, await newKeys(itemId), files)
}

/** On the disk, and listed at the service. */
async function photo(attId: string, size: number, itemId = REPORT, number = 0): Promise<KeptFile> {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) % 251)
  disk.put(attId, bytes)
  const listed = { size, sha256: await sha256(bytes) }
  service.listed.set(attId, listed)
  return store.freshFile(itemId, number, { att_id: attId, ...listed })
}

async function one(size = 900 * KIB): Promise<Bytes> {
  await report(REPORT, [await photo(ONE, size)])
  return disk.files.get(ONE)?.bytes ?? new Uint8Array()
}

async function row(attId = ONE): Promise<KeptFile> {
  const found = await store.fileRow(attId)
  if (found === undefined) throw new Error('no row')
  return found
}

const send = (more: Partial<import('../../src/sync/files-send.ts').SendOptions> = {}) => sending.sendFiles({ force: true, ...more })
const arrived = async (attId = ONE) => toBase64url(await sha256(service.held.get(attId) ?? new Uint8Array()))
/** Of the next PATCH alone. */
const oncePatched = (answer: (asked: { offset: number }) => Response) => {
  let done = false
  return (asked: { method: string; offset: number }) => (asked.method !== 'PATCH' || done ? null : ((done = true), answer(asked)))
}
const lose = (): never => {
  throw new TypeError('no network')
}

describe('a file', () => {
  test('goes in pieces that grow on a quick link, and is proved', async () => {
    const bytes = await one()

    expect(await send()).toEqual({ completed: 1, interrupted: false })

    expect(service.pieces).toEqual([[0, 256 * KIB], [256 * KIB, 512 * KIB], [768 * KIB, 132 * KIB]])
    expect(await arrived()).toBe(toBase64url(await sha256(bytes)))
    expect(await row()).toMatchObject({ state: 'complete', nextTryAt: null, lastError: null, proof: { pos: 41 } })
  })

  test('goes in no larger pieces on a slow one', async () => {
    await one()
    service.after = () => (vi.advanceTimersByTime(5_000), null)

    await send()

    expect(service.pieces.map(([, length]) => length)).toEqual([256, 256, 256, 132].map((kib) => kib * KIB))
  })

  test('goes on where the service stands', async () => {
    const bytes = await one()
    service.held.set(ONE, bytes.slice(0, 300_000))

    await send()

    expect(service.pieces[0]?.[0]).toBe(300_000)
    expect(await arrived()).toBe(toBase64url(await sha256(bytes)))
  })

  test('whose answer was lost is not sent twice, and goes on in smaller pieces', async () => {
    const bytes = await one()
    service.after = oncePatched(lose)

    expect(await send()).toEqual({ completed: 0, interrupted: false })
    expect(await row()).toMatchObject({ state: 'queued', attempts: 1, lastError: 'no_connection' })
    await send()

    expect(service.pieces.slice(0, 2)).toEqual([[0, 256 * KIB], [256 * KIB, 128 * KIB]])
    expect(await arrived()).toBe(toBase64url(await sha256(bytes)))
    expect((await row()).state).toBe('complete')
  })

  test('that is there already costs one question', async () => {
    service.held.set(ONE, await one())

    await send()

    expect(service.asked.map(({ method }) => method)).toEqual(['POST'])
    expect((await row()).state).toBe('complete')
  })

  test('goes where the service has moved to', async () => {
    const bytes = await one()
    service.before = oncePatched(() => (service.held.set(ONE, bytes.slice(0, 1_000)), service.moved(1_000)))

    await send()

    expect(service.pieces.map(([offset]) => offset).slice(0, 2)).toEqual([0, 1_000])
    expect((await row()).state).toBe('complete')
  })

  test('that the service moves for ever is left for later', async () => {
    await one()
    service.before = ({ method }) => (method === 'PATCH' ? service.moved(0) : null)

    await send()

    expect(service.pieces).toHaveLength(4)
    expect(await row()).toMatchObject({ state: 'queued', lastError: 'moved' })
  })

  test('that another sender has taken over is left to that one', async () => {
    await one()
    service.before = oncePatched(() => new Response(null, { status: 409 }))

    await send()

    expect(service.pieces).toHaveLength(1)
    expect(await row()).toMatchObject({ state: 'queued', lastError: 'superseded' })
  })

  test('is stored once though two senders are at it', async () => {
    const bytes = await one()

    await Promise.all([send(), send()])
    await send()

    expect(await arrived()).toBe(toBase64url(await sha256(bytes)))
    expect((await row()).state).toBe('complete')
  })
})

describe('an answer', () => {
  test('404: the feed is asked whether the service was restored; then the report goes first', async () => {
    await one()
    service.listed.clear()
    service.incarnation = 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4'

    await send()

    expect(service.asked.map(({ path }) => path.split('?')[0])).toEqual(['/sync/v1/att', '/sync/v1/pull'])
    expect(await parcels.parcel(REPORT)).toMatchObject({ state: 'queued' })
    expect(await row()).toMatchObject({ state: 'queued' })
    expect(await sending.dueFiles(true)).toEqual([])
  })

  test('413: the file is kept, and asked after on another day in smaller pieces', async () => {
    await one()
    service.before = oncePatched(() => new Response(null, { status: 413 }))

    await send()
    expect(await row()).toMatchObject({ state: 'queued', lastError: 'too_large' })
    expect((await row()).nextTryAt).toBeGreaterThanOrEqual(NOW + 86_400_000)
    await send({ force: false })
    expect(service.pieces).toHaveLength(1)
    await send()

    expect(service.pieces[1]).toEqual([0, 128 * KIB])
  })

  test('507: nothing more is sent in this pass, nor before the time that was told', async () => {
    await report(REPORT, [await photo(ONE, 10), await photo(TWO, 10, REPORT, 1)])
    service.before = oncePatched(() => new Response(null, { status: 507, headers: { 'retry-after': '120' } }))

    await send()

    expect(service.pieces).toHaveLength(1)
    expect((await row()).nextTryAt).toBeGreaterThanOrEqual(NOW + 120_000)
    expect(await sending.dueFiles(false)).toMatchObject([{ attId: TWO }])
    vi.setSystemTime(NOW + 150_000)
    expect(await sending.dueFiles(false)).toHaveLength(2)
  })

  test.each([
    ['a page of a captive network', 'not_the_service', () => new Response('<html></html>', { status: 200 })],
    ['of another file', 'not_the_service', async () => new Response(await bodyOf({ att_id: TWO }), { status: 200 })],
    ['past the end', 'not_the_service', async () => new Response(await bodyOf({ offset: 10_000_000 }), { status: 200 })],
    ['complete, without a receipt', 'no_valid_receipt', async () => new Response(await bodyOf({ offset: 900 * KIB, complete: true }), { status: 200 })],
  ] as const)('200, %s: ends nothing, and nothing is sent', async (_, lastError, answer) => {
    await one()
    const made = await answer()
    service.before = () => made.clone()

    await send()

    expect(await row()).toMatchObject({ state: 'queued', proof: null, lastError })
    expect([disk.names(), service.pieces]).toEqual([[ONE], []])
  })

  test('complete, under the receipt of another lineage: the feed is asked, and the file is not believed to be there', async () => {
    service.held.set(ONE, await one())
    service.incarnation = 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4'

    await send()

    expect(await row()).toMatchObject({ state: 'queued', proof: null })
    expect(await parcels.parcel(REPORT)).toMatchObject({ state: 'queued' })
  })

  test('that the whole differs: sent again while our own copy is sound', async () => {
    await one(1_000)
    service.after = oncePatched(() => (service.held.set(ONE, new Uint8Array()), service.moved(0)))

    await send()

    expect(service.pieces).toEqual([[0, 1_000], [0, 1_000]])
    expect((await row()).state).toBe('complete')
  })

  test('that the whole differs: lost when it is our own copy that has changed', async () => {
    const bytes = await one(1_000)
    bytes[10] = (bytes[10] ?? 0) ^ 1

    await send()

    expect(await row()).toMatchObject({ state: 'lost', lastError: 'file_lost' })
  })
})

async function bodyOf(change: object): Promise<Bytes> {
  const { toMsgpack } = await import('../../src/sync/wire.ts')
  return toMsgpack({ att_id: ONE, offset: 0, size: 900 * KIB, ...change })
}

describe('of several files', () => {
  test('only those whose report has its receipt go', async () => {
    await report(REPORT, [await photo(ONE, 10)], 'queued')
    await report(OTHER, [await photo(TWO, 10, OTHER)])

    await send()

    expect(service.asked.every(({ path, body }) => !path.includes(ONE) && !includes(body, ONE))).toBe(true)
    expect([(await row(ONE)).state, (await row(TWO)).state]).toEqual(['queued', 'complete'])
  })

  test.each([
    ['gone', () => disk.files.delete(ONE)],
    ['shorter than it was', () => disk.put(ONE, new Uint8Array(5))],
  ] as const)('one that is %s is told as lost, and the next goes', async (_, harm) => {
    await report(REPORT, [await photo(ONE, 10), await photo(TWO, 10, REPORT, 1)])
    harm()

    expect(await send()).toEqual({ completed: 1, interrupted: false })

    expect([(await row(ONE)).state, (await row(TWO)).state]).toEqual(['lost', 'complete'])
    expect(await arrived(TWO)).toBe(toBase64url((await row(TWO)).sha256))
  })

  test('each waits between two pieces for what is more urgent', async () => {
    await one()
    let asked = 0

    expect(await send({ yields: () => ++asked > 2 })).toEqual({ completed: 0, interrupted: true })

    expect(service.pieces).toHaveLength(1)
    expect(await row()).toMatchObject({ state: 'queued', attempts: 0, nextTryAt: null })
  })
})

function includes(body: Bytes, text: string): boolean {
  return new TextDecoder().decode(body).includes(text)
}
