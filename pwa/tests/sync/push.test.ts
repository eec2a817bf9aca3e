/** What a pass makes of every answer of the vectors. Only `fetch` is ours; the store is real. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { allParcels, freshParcel, type Parcel, putParcel, setting, stores } from '../../src/sync/parcels.ts'
import { drain, type Passed } from '../../src/sync/pass.ts'
import { toMsgpack } from '../../src/sync/wire.ts'
import type { Bytes } from '../../src/sync/bytes.ts'
import { bytes, vectors } from './vectors.ts'

type Item = { item_id: string; header: string; sealed: string; sha256: string; sig: string }
type Case = {
  name: string
  status: number
  headers: Record<string, string>
  body: string
  then: string[]
  answer: 'understood' | 'network_error'
  batch: 'keep' | 'halve'
  floor_s: number
  item_floor_s?: Record<string, number>
  backoff_s?: number
  incarnation?: string
  damaged?: string[]
  blamed?: string[]
}
type Answers = { device_id: string; incarnation_seen: string; root: string; keyset: unknown; items: Item[]; cases: Case[] }

const answers = vectors<Answers>('push_answers')
const NOW = Date.parse('2026-01-02T03:04:05.678Z')
vi.stubGlobal('navigator', {}) // no locks: two drainers at once are harmless
vi.stubGlobal('__TRUST__', { root: answers.root, keyset: answers.keyset })

const queued: readonly Parcel[] = answers.items.map((item, index) =>
  freshParcel(
    { header: bytes(item.header), sealed: bytes(item.sealed), sha256: bytes(item.sha256), sig: bytes(item.sig) },
    {
      itemId: item.item_id,
      reference: 'XXXX-XXXX-X',
      deviceId: answers.device_id,
      epoch: '00112233445566ff',
      seq: index + 1,
      kid: 's1',
      mode: 'centre',
      createdAt: '2026-01-02T03:00:00.000Z',
    },
  ),
)

beforeEach(async () => {
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  await stores.write(['kv'], async (store) => void store('kv').put(answers.incarnation_seen, 'incarnation'))
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] })
})

/** `damaged`: the last sealed byte of these has changed in the store. Returns all, as the store has them. */
async function hold(damaged: readonly string[] = []): Promise<readonly Parcel[]> {
  const held = queued.map((parcel) => (damaged.includes(parcel.itemId) ? { ...parcel, sealed: flipped(parcel.sealed) } : parcel))
  for (const parcel of held) await putParcel(parcel, null)
  return held
}

function flipped(sealed: Bytes): Bytes {
  return sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte))
}

/** The first answer is the vector's; whoever asks again (for keys) meets silence. */
function answerWith(vector: Case): void {
  const first = new Response(vector.body === '' ? null : bytes(vector.body), { status: vector.status, headers: vector.headers })
  vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(first).mockRejectedValue(new TypeError('no network')))
}

/** One pass. Whatever follows the first answer meets silence. */
async function pass(): Promise<Passed> {
  const passed = await drain({ reason: 'asked', heartbeat: null, feeds: async () => [] }, { sending: () => undefined })
  if (passed === null) throw new Error('nobody else is at it')
  return passed
}

async function afterPush(): Promise<readonly Parcel[]> {
  const kept = new Map((await allParcels()).map((parcel): [string, Parcel] => [parcel.itemId, parcel]))
  return answers.items.map((item) => kept.get(item.item_id) as Parcel)
}

describe('an answer to a push', () => {
  test.each(answers.cases)('$name', async (vector) => {
    await hold(vector.damaged)
    answerWith(vector)

    const passed = await pass()

    const after = await afterPush()
    expect(after.map((parcel) => parcel.state)).toEqual(vector.then)
    expect(after.filter((parcel) => parcel.soloFailures > 0).map((parcel) => parcel.itemId)).toEqual(vector.blamed ?? [])
    const { failure } = passed
    expect(failure?.kind === 'unreachable' && failure.reason !== 'no_connection').toBe(vector.answer === 'network_error')
    expect(after.some((parcel) => parcel.companions < queued.length)).toBe(vector.batch === 'halve')
    expect((await setting<number>('not_before')) ?? 0).toBeGreaterThanOrEqual(vector.backoff_s ? NOW + vector.backoff_s * 1_000 : 0)
    expect(await setting('incarnation')).toBe(vector.incarnation ?? answers.incarnation_seen)
    for (const parcel of after.filter((each) => each.state === 'queued')) {
      const floor = vector.item_floor_s?.[parcel.itemId] ?? vector.floor_s
      expect(parcel.nextTryAt ?? 0).toBeGreaterThanOrEqual(floor > 0 ? NOW + floor * 1_000 : 0)
    }
  })

  test("that refuses another item under our number is not for us", async () => {
    await hold()
    const other = { item_id: answers.items[1]?.item_id ?? '', index: 0, verdict: 'rejected', reason: 'hash_wrong' }
    const body = { incarnation: answers.incarnation_seen, server_time: 1, restore_floor: 0, downstream: false, challenge: 'c', results: [other] }
    vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(new Response(toMsgpack(body), { status: 200 })))

    await pass()

    expect((await afterPush()).map((parcel) => parcel.state)).toEqual(['queued', 'queued', 'queued'])
  })

  test('that refuses sound bytes five times: suspect, and never set aside', async () => {
    const item = answers.items[0]
    const refusal = { item_id: item?.item_id, index: 0, verdict: 'rejected', reason: 'hash_wrong' }
    const body = { incarnation: answers.incarnation_seen, server_time: 1, restore_floor: 0, downstream: false, challenge: 'c', results: [refusal] }
    vi.stubGlobal('fetch', vi.fn(async () => new Response(toMsgpack(body), { status: 200 })))
    await putParcel(queued[0] as Parcel, null)

    for (let time = 0; time < 5; time++) await pass()

    expect((await afterPush())[0]).toMatchObject({ state: 'queued', soloFailures: 5, lastError: 'suspect', companions: 64 })
  })

  test('that comes twice, to two drainers, changes nothing the second time', async () => {
    const stored = answers.cases.find((vector) => vector.name === 'all stored') as Case
    await hold()
    answerWith(stored)
    await pass()
    const first = await afterPush()

    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no network')))
    await pass()

    expect(await afterPush()).toEqual(first)
  })
})
