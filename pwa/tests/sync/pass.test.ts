/** Letting go, offering again and starting anew, in the real store. Only `fetch` is ours. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { applyAll, readQueue, readRetained } from '../../src/sync/apply.ts'
import { NOT_THE_SERVICE, type Write } from '../../src/sync/core-parts.ts'
import { newKeys } from '../../src/sync/device.ts'
import { allParcels, allReceipts, freshParcel, type Parcel, putParcel, setting, stores } from '../../src/sync/parcels.ts'
import { drain } from '../../src/sync/pass.ts'
import { toMsgpack } from '../../src/sync/wire.ts'
import { bytes, vectors } from './vectors.ts'

type Retained = { id: string; sha256: string; pos: number }
type Answer = { name: string; answer: { incarnation: string; missing?: string[]; receipt?: Record<string, unknown> }; believed: boolean; again: string[]; let_go: string[] }
const file = vectors<{ keyset: { payload: string; sig: string }; request: { device_id: string; incarnation_seen: string; retained: Retained[] }; answers: Answer[] }>('manifest')
const trust = vectors<{ root: string }>('push_answers')
const OLD = file.request.incarnation_seen
const NEW = '00000000-0000-4000-8000-000000000002'
vi.stubGlobal('__TRUST__', { root: trust.root, keyset: file.keyset })
vi.stubGlobal('navigator', {})

beforeEach(async () => {
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  await stores.write(['kv'], async (store) => void store('kv').put(OLD, 'incarnation'))
  for (const one of file.request.retained) await hold(one)
})

/** A report for which the service has given a receipt. */
async function hold(one: Retained): Promise<void> {
  const sealed = { header: bytes('AAAA'), sealed: bytes('AAAA'), sha256: bytes(one.sha256), sig: bytes('AAAA') }
  const facts = { itemId: one.id, reference: 'XXXX-XXXX-X', deviceId: file.request.device_id, epoch: '00112233445566ff', seq: one.pos, kid: 's1' }
  await putParcel(freshParcel(sealed, { ...facts, mode: 'visitor', createdAt: '2026-01-02T03:00:00.000Z' }), null)
  await write({ type: 'take_receipt', body: body(one, OLD), sha256: sealed.sha256 })
}

function body(one: Retained, incarnation: string) {
  const result = { item_id: one.id, index: 0, verdict: 'accepted', pos: one.pos, leaf: { index: 0, size: 1, path: [] } }
  return { item_id: one.id, result, receipt: { incarnation, restore_floor: 0, at: 1, kid: 'r1', root: bytes('AAAA'), sig: bytes('AAAA') } }
}

function write(...writes: Write[]) {
  return applyAll({ type: 'apply', number: 1, writes, incarnation: OLD, seen: OLD })
}

async function states(): Promise<Record<string, Parcel['state']>> {
  return Object.fromEntries((await allParcels()).map((each) => [each.itemId, each.state]))
}

function serve(answer: Answer['answer']): void {
  const receipt = answer.receipt && { ...answer.receipt, root: bytes(String(answer.receipt['root'])), sig: bytes(String(answer.receipt['sig'])) }
  const told = new Response(toMsgpack({ ...answer, receipt: receipt ?? null }), { status: 200 })
  vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(told).mockRejectedValue(new TypeError('no network')))
}

const quiet = { reason: 'online', heartbeat: null, feeds: async () => [] } as const
const nobody = { sending: () => undefined }

describe('when the queue is empty it is asked what is missing', () => {
  // The vectors ask in another order than a device that reads its own store does; the receipt says so.
  const ordered = [...file.request.retained].sort((a, b) => (a.id < b.id ? -1 : 1)).map((each) => each.id)
  const inOrder = ordered.join() === file.request.retained.map((each) => each.id).join()

  test.each(file.answers.filter((each) => inOrder || each.answer.receipt === undefined || !each.believed))('$name', async (vector) => {
    serve(vector.answer)

    const passed = await drain(quiet, nobody)

    const asked = vi.mocked(fetch).mock.calls.map(([url]) => String(url))
    expect(asked[0]).toBe('/sync/v1/manifest')
    expect(passed?.failure?.reason === NOT_THE_SERVICE.reason).toBe(!vector.believed)
    const after = await states()
    expect(Object.keys(after).filter((id) => after[id] === 'queued').sort()).toEqual([...vector.again].sort())
    expect(Object.keys(after).filter((id) => after[id] === 'tombstone').sort()).toEqual([...vector.let_go].sort())
    expect(passed?.wakeAtMs).not.toBeNull()
  })

  test('but not again a moment later', async () => {
    await stores.write(['kv'], async (store) => void store('kv').put(Date.now() - 1_000, 'asked_at'))

    expect((await readRetained({ deviceId: '', itemId: '' }, false)).held).toEqual([])
    expect((await readRetained({ deviceId: '', itemId: '' }, true)).held).toHaveLength(3)
  })

  test('unless somebody asks for it, however short ago it was', async () => {
    await stores.write(['kv'], async (store) => void store('kv').put(Date.now() - 1_000, 'asked_at'))
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no network')))

    await drain(quiet, nobody)
    expect(fetch).not.toHaveBeenCalled()

    await drain({ ...quiet, byHand: true }, nobody)
    expect(vi.mocked(fetch).mock.calls.map(([url]) => url)).toEqual(['/sync/v1/manifest'])
  })

  test('and after the clock was set back', async () => {
    await stores.write(['kv'], async (store) => void store('kv').put(Date.now() + 1_000_000, 'asked_at'))

    expect((await readRetained({ deviceId: '', itemId: '' }, false)).held).toHaveLength(3)
  })
})

describe('the store', () => {
  const [one] = file.request.retained as [Retained]

  test('lets go of the sealed bytes only under the receipt it holds, and keeps the receipt', async () => {
    await write({ type: 'let_go', itemId: one.id, sha256: bytes(one.sha256), incarnation: OLD, pos: one.pos + 1 })
    await write({ type: 'let_go', itemId: one.id, sha256: bytes(one.sha256), incarnation: NEW, pos: one.pos })
    await write({ type: 'let_go', itemId: one.id, sha256: new Uint8Array(32), incarnation: OLD, pos: one.pos })
    expect((await states())[one.id]).toBe('receipted')

    await write({ type: 'let_go', itemId: one.id, sha256: bytes(one.sha256), incarnation: OLD, pos: one.pos })

    const gone = (await allParcels()).find((each) => each.itemId === one.id)
    expect([gone?.state, gone?.sealed.length]).toEqual(['tombstone', 0])
    expect(await allReceipts()).toHaveLength(3)
  })

  test('queues all that it holds when the lineage is new, and not what it has let go of', async () => {
    await write({ type: 'let_go', itemId: one.id, sha256: bytes(one.sha256), incarnation: OLD, pos: one.pos })

    const settled = await applyAll({ type: 'apply', number: 1, writes: [], incarnation: NEW, seen: OLD })

    expect(settled).toEqual({ stale: false, requeued: true })
    expect(Object.values(await states()).sort()).toEqual(['queued', 'queued', 'tombstone'])
    expect((await readQueue()).nextTryMs).toBe(0)
  })

  test('takes nothing from a drainer that knows less', async () => {
    await applyAll({ type: 'apply', number: 1, writes: [], incarnation: NEW, seen: OLD })
    const before = await allParcels()

    const late: Write = { type: 'take_receipt', body: body(one, OLD), sha256: bytes(one.sha256) }
    const settled = await applyAll({ type: 'apply', number: 1, writes: [late], incarnation: OLD, seen: OLD })

    expect(settled).toEqual({ stale: true, requeued: false })
    expect(await allParcels()).toEqual(before)
    expect(await setting('incarnation')).toBe(NEW)
  })

  test('a report that is offered again has the receipt of its new position', async () => {
    await write({ type: 'offer_again', itemId: one.id, sha256: bytes(one.sha256), pos: one.pos })
    expect((await states())[one.id]).toBe('queued')

    await write({ type: 'take_receipt', body: body({ ...one, pos: 9 }, OLD), sha256: bytes(one.sha256) })

    expect((await allReceipts()).find((each) => each.itemId === one.id)?.result.pos).toBe(9)
  })
})

test('after a push without an answer the feed of that very report is asked, once', async () => {
  const [one] = file.request.retained as [Retained]
  await write({ type: 'offer_again', itemId: one.id, sha256: bytes(one.sha256), pos: one.pos })
  const keys = await newKeys(file.request.device_id)
  await stores.write(['device_keys'], async (store) => void store('device_keys').put(keys))
  vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no network')))
  const passes: string[] = []
  // Which feeds matter depends on what was sent: it must not be found out before.
  const feeds = async () => (passes.push('chosen'), vi.mocked(fetch).mock.calls.length > 0 ? [file.request.device_id] : [])

  const passed = await drain({ ...quiet, feeds }, nobody)

  const asked = vi.mocked(fetch).mock.calls.map(([url]) => String(url).split('?')[0])
  expect(asked).toEqual(['/sync/v1/push', '/sync/v1/pull'])
  expect([passed?.failure?.reason, passes]).toEqual(['no_connection', ['chosen']])
})
