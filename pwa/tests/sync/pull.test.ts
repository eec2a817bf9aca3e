/** What a device believes of its feed. Only `fetch` is ours; the store is real. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Bytes, concat, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { allEntries } from '../../src/sync/feed.ts'
import { checkMessage, messageText } from '../../src/sync/genuine.ts'
import { sign } from '../../src/sync/keyset.ts'
import { setting, stores } from '../../src/sync/parcels.ts'
import type { Message, PullResponse } from '../../src/sync/protocol.generated.ts'
import { pullFeed } from '../../src/sync/pull.ts'
import * as wire from '../../src/sync/wire.ts'
import { bytes, type KeyText, openingKeys, vectors } from './vectors.ts'

type Signed = { name?: string; feed_id?: string; text?: string; id: string }
const file = vectors<{
  feed_id: string
  feed_key: KeyText
  keys: unknown
  messages: Signed[]
  retired_key: Signed
  must_not_verify: Signed[]
}>('message')
const trust = vectors<{ root: string; keyset: { payload: string; sig: string } }>('push_answers')
const parse = <T>(value: unknown, shape: (fields: wire.Fields) => T) => wire.fromJson(utf8(JSON.stringify(value)), shape)
const keys = parse(file.keys, wire.keySet)
const genuine: readonly Message[] = file.messages.map((message) => parse(message, wire.message))
const INCARNATION = '6f1c8f0e-6d0b-4a53-8a8e-2f3f5b9f0a11'

vi.stubGlobal('__TRUST__', { root: trust.root, keyset: trust.keyset })

vi.stubGlobal('navigator', {})

beforeEach(async () => {
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const kept = { deviceId: file.feed_id, signing, reply: await openingKeys(file.feed_key) }
  await stores.write(['device_keys'], async (store) => void store('device_keys').put(kept))
})

/** The service answers a pull with this page; whoever asks for keys gets what is told here, or silence. */
function serve(messages: readonly Message[], keySet: { payload: string; sig: string } | null = null): void {
  const page: PullResponse = { incarnation: INCARNATION, cursor: 'c-1', more: false, messages, challenge: 'x' }
  const answer = async (url: string) => {
    if (url.startsWith('/sync/v1/pull')) return new Response(wire.toMsgpack(page), { status: 200 })
    if (keySet === null) throw new TypeError('no network')
    return new Response(wire.toMsgpack({ payload: bytes(keySet.payload), sig: bytes(keySet.sig) }), { status: 200 })
  }
  vi.stubGlobal('fetch', vi.fn(answer))
}

describe('a message of the vectors', () => {
  test.each(file.messages)('$id is signed over the text of the vectors', async ({ text, ...message }) => {
    const parsed = parse(message, wire.message)

    expect(toBase64url(await messageText(file.feed_id, parsed))).toBe(text)
    expect(await checkMessage(file.feed_id, parsed, keys)).toBe('valid')
  })

  test('by a retired key is still valid', async () => {
    expect(await checkMessage(file.feed_id, parse(file.retired_key, wire.message), keys)).toBe('valid')
  })

  test.each(file.must_not_verify)('$name: is not the service\'s word', async ({ feed_id, ...message }) => {
    expect(await checkMessage(feed_id ?? '', parse(message, wire.message), keys)).not.toBe('valid')
  })
})

describe('a page', () => {
  test('of genuine messages is kept with its cursor', async () => {
    serve(genuine)

    expect(await pullFeed(file.feed_id)).toMatchObject({ type: 'answered', fresh: genuine.length })
    expect(await setting(`cursor:${file.feed_id}`)).toBe('c-1')
  })

  const same = file.must_not_verify.filter(({ feed_id }) => feed_id === file.feed_id)
  test.each(same)('with one message, $name: is no answer, and moves nothing', async (forged) => {
    serve([...genuine, parse(forged, wire.message)])

    const pulled = await pullFeed(file.feed_id)

    expect(pulled).toEqual({ type: 'failed', failure: { type: 'unreachable', reason: 'not_the_service' } })
    expect(await allEntries()).toEqual([])
    expect(await setting(`cursor:${file.feed_id}`)).toBeUndefined()
    expect(await setting('incarnation')).toBeUndefined()
  })

  test('of another feed is no answer', async () => {
    const other = '11111111-1111-4111-8111-111111111111'
    const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const kept = { deviceId: other, signing, reply: await openingKeys(file.feed_key) }
    await stores.write(['device_keys'], async (store) => void store('device_keys').put(kept))
    serve(genuine)

    expect((await pullFeed(other)).type).toBe('failed')
    expect(await allEntries()).toEqual([])
  })

  test('signed by a key we do not know makes us ask for the keys, once', async () => {
    serve([{ ...(genuine[0] as Message), kid: 'r9' }], trust.keyset)

    expect((await pullFeed(file.feed_id)).type).toBe('failed')
    const asked = vi.mocked(fetch).mock.calls.map(([url]) => String(url))
    expect(asked.filter((url) => url === '/sync/v1/keys')).toHaveLength(1)
  })

  test('signed by a newer key is believed once the root has signed that key', async () => {
    const [root, service] = [await signingKeys(), await signingKeys()]
    const newer = { issued_at: 2, keys: [{ kid: 'r2', use: 'receipt', suite: 1, public: service.point, state: 'current' }] }
    const sets = await Promise.all([{ issued_at: 1, keys: [] }, newer].map((set) => signedBy(root.pair, set)))
    vi.stubGlobal('__TRUST__', { root: toBase64url(root.point), keyset: sets[0] })
    vi.resetModules()
    const fresh = await import('../../src/sync/genuine.ts')
    const message = { ...(genuine[0] as Message), kid: 'r2' }
    const sig = await sign(service.pair.privateKey, await messageText(file.feed_id, message))
    serve([], sets[1])

    expect(await fresh.allGenuine(file.feed_id, [{ ...message, sig }])).toBe(true)
    expect(await fresh.allGenuine(file.feed_id, [{ ...message, sig, pos: message.pos + 1 }])).toBe(false)
  })
})

async function signingKeys(): Promise<{ pair: CryptoKeyPair; point: Bytes }> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  return { pair, point: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
}

async function signedBy(root: CryptoKeyPair, set: unknown): Promise<{ payload: string; sig: string }> {
  const payload = wire.toMsgpack(set)
  const sig = await sign(root.privateKey, concat(utf8('waymark-sync/1/keys'), payload))
  return { payload: toBase64url(payload), sig: toBase64url(sig) }
}
