/** What a visitor's phone solves, and that a push never fails for it. */

import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { push } from '../../src/sync/push.ts'
import { fromMsgpack, toMsgpack } from '../../src/sync/wire.ts'
import { solve, workFor } from '../../src/sync/work.ts'
import { bytes, vectors } from './vectors.ts'

type Solved = { name: string; challenge: string; sha256: string[]; work: string | null }
const file = vectors<{ solve: Solved[] }>('work')
const first = file.solve[0]?.challenge ?? ''
const ID = '00000000-0000-4000-8000-000000000001'
const ROW = {
  itemId: ID, deviceId: ID, header: Uint8Array.of(0x80), sealed: Uint8Array.of(2),
  sha256: new Uint8Array(32), sig: new Uint8Array(64),
}

describe('a proof of work', () => {
  it.each(file.solve.map((one) => [one.name, one] as const))('is what Python finds, too: %s', async (_, one) => {
    const found = await solve(bytes(one.challenge), one.sha256.map((digest) => bytes(digest)))

    expect(found).toEqual(one.work === null ? null : bytes(one.work))
  })

  it('is empty when there is no time left', async () => {
    vi.spyOn(Date, 'now').mockReturnValueOnce(0).mockReturnValue(1e9)

    expect(await workFor(bytes(first), [new Uint8Array(32)])).toEqual(new Uint8Array())
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function answering(verdict: object, more: object = {}) {
  const told = { item_id: ID, index: 0, ...verdict }
  return new Response(toMsgpack({
    incarnation: ID, server_time: 1, restore_floor: 0, downstream: false, challenge: 'c', results: [told], receipt: null, ...more,
  }))
}

describe('a push that is asked to work', () => {
  const challenge = bytes(first)
  const later = { verdict: 'retry', retry_after_s: 9 }

  async function pushed(...answers: Response[]) {
    vi.stubGlobal('__BUILD__', 'test')
    vi.stubGlobal('navigator', {})
    const fetch = vi.fn<typeof globalThis.fetch>()
    for (const answer of answers) fetch.mockResolvedValueOnce(answer)
    vi.stubGlobal('fetch', fetch)
    const answer = await push(ID, { type: 'send_push', number: 1, seen: null, rows: [ROW] } as unknown as Parameters<typeof push>[1])
    const works = fetch.mock.calls.map(([, init]) =>
      fromMsgpack(new Uint8Array(init?.body as Uint8Array), (fields) => (fields.has('work') ? fields.bytes('work') : null)),
    )
    return { answer, works }
  }

  it('comes again with its proof, once', async () => {
    const asked = { verdict: 'retry', reason: 'work', retry_after_s: 1 }

    const { answer, works } = await pushed(answering(asked, { work: challenge }), answering(later))

    expect(works).toEqual([null, await solve(challenge, [ROW.sha256])])
    expect(answer).toMatchObject({ response: { results: [{ verdict: 'retry', retry_after_s: 9 }] } })
  })

  it('comes again without one that is too hard', async () => {
    const hard = Uint8Array.from(challenge)
    hard[8] = 17

    const { works } = await pushed(answering({ verdict: 'retry', reason: 'work' }, { work: hard }), answering(later))

    expect(works).toEqual([null, new Uint8Array()])
  })

  it.each([
    ['for another reason', answering(later, { work: challenge })],
    ['without a challenge', answering({ verdict: 'retry', reason: 'work' })],
  ])('only waits when it is put off %s', async (_, answer) => {
    expect((await pushed(answer)).works).toEqual([null])
  })
})
