/** A mailbox opened with its code: only what the service has signed is believed, and closing forgets it. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { bytes as own, vectors } from './vectors.ts'
import { toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { closeReturn, lookAgain, openReturn } from '../../src/sync/return-mailbox.ts'
import { checkWith, proofText, readProof } from '../../src/sync/proof.ts'
import type { KeySet } from '../../src/sync/protocol.generated.ts'
import { reference } from '../../src/sync/reference.ts'
import type { DerivedReturn } from '../../src/sync/return-code.ts'
import { stretch } from '../../src/sync/stretch.ts'
import * as wire from '../../src/sync/wire.ts'

type Json = Readonly<Record<string, unknown>>
const file = vectors<{
  instance: string
  derived: { code: string; locator: string; authenticator: string }[]
  keys: Json
  answer: { json: { feed_id: string; proof: Json; page: { messages: Json[] } }; msgpack: string; body: string }
}>('return_code')
const [vector] = file.derived
const keys: KeySet = parse(file.keys, wire.keySet)

vi.mock('../../src/sync/trusted-urls.ts', () => ({ RETURN_CODE_WORKER: '', OUTBOX_WORKER: '', scriptAddress: String }))
vi.mock('../../src/sync/trust.ts', () => ({
  instanceId: () => own(file.instance),
  keySetInUse: () => Promise.resolve(keys),
  refreshKeySet: () => Promise.resolve(false),
}))
vi.mock('../../src/sync/return-code.ts', async (original) => {
  const real = await original<typeof import('../../src/sync/return-code.ts')>()
  return { ...real, deriveReturn: (code: string): Promise<DerivedReturn> => real.deriveReturn(code, stretch) }
})

function parse<T>(value: unknown, shape: (fields: wire.Fields) => T): T {
  return wire.fromJson(utf8(JSON.stringify(value)), shape)
}

function serve(status: number, body: Uint8Array<ArrayBuffer> | null, headers: Record<string, string> = {}): void {
  vi.stubGlobal('fetch', vi.fn(async () => new Response(body, { status, headers })))
}

function changed(change: (answer: Record<string, Json>) => unknown): Uint8Array<ArrayBuffer> {
  return wire.toMsgpack(change(parse(file.answer.json, wire.returnResponse) as unknown as Record<string, Json>))
}

beforeEach(() => closeReturn())

describe('the mailbox', () => {
  test('of the vectors opens: report, time, message', async () => {
    serve(200, own(file.answer.msgpack))

    const mailbox = await openReturn(vector?.code ?? '')

    const proof = parse(file.answer.json.proof, wire.proof)
    const body = JSON.parse(file.answer.body) as { text: string; at: string; from_name: string }
    expect(mailbox).toMatchObject({ itemId: proof.item_id, reference: await reference(proof.item_id), receivedAt: proof.receipt.at })
    expect(mailbox.messages).toMatchObject([{ kind: 'message', text: body.text, at: body.at, fromName: body.from_name }])
  })

  test('is asked for by headers alone', async () => {
    serve(200, own(file.answer.msgpack))

    await openReturn(vector?.code ?? '')

    const [url, init] = vi.mocked(fetch).mock.calls[0] ?? []
    expect(String(url)).toBe('/sync/v1/return?cursor=')
    expect(init?.headers).toMatchObject({
      'waymark-locator': vector?.locator,
      'waymark-authenticator': vector?.authenticator,
    })
  })

  test.each([
    ['unknown', 404, 0],
    ['limited', 429, 30],
    ['busy', 503, 30],
    ['not_the_service', 403, 30],
  ] as const)('says why it stays closed: %s', async (code, status, afterS) => {
    serve(status, null, status === 404 ? {} : { 'retry-after': '30' })

    await expect(openReturn(vector?.code ?? '')).rejects.toMatchObject({ code, afterS })
  })

  test('says that there is no network', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('no network'))))

    await expect(openReturn(vector?.code ?? '')).rejects.toMatchObject({ code: 'no_connection' })
  })

  test.each([
    ['a message of another feed', changed((answer) => ({ ...answer, feed_id: '11111111-1111-4111-8111-111111111111' }))],
    ['a proof of another report', changed((answer) => ({ ...answer, proof: { ...answer['proof'], item_id: '11111111-1111-4111-8111-111111111111' } }))],
    ['a proof of other bytes', changed((answer) => ({ ...answer, proof: { ...answer['proof'], sha256: new Uint8Array(32) } }))],
    ['a page of a captive network', utf8('<html></html>')],
  ])('with %s is not believed', async (_, body) => {
    serve(200, body)

    await expect(openReturn(vector?.code ?? '')).rejects.toMatchObject({ code: 'not_the_service' })
  })

  test('once closed is not read again', async () => {
    serve(200, own(file.answer.msgpack))
    await openReturn(vector?.code ?? '')

    expect((await lookAgain()).messages).toHaveLength(1)
    closeReturn()
    await expect(lookAgain()).rejects.toMatchObject({ code: 'unknown' })
  })
})

describe('a proof', () => {
  const proof = parse(file.answer.json.proof, wire.proof)

  test('survives its file', async () => {
    const read = readProof(proofText(proof))

    expect(read).toEqual(proof)
    expect(JSON.parse(proofText(proof))).toEqual(file.answer.json.proof)
    expect(read === null ? null : await checkWith(read, keys)).toBe('valid')
  })

  test.each([
    ['another report', { ...proof, item_id: '11111111-1111-4111-8111-111111111111' }, 'invalid'],
    ['another time', { ...proof, receipt: { ...proof.receipt, at: proof.receipt.at + 1 } }, 'invalid'],
    ['other bytes', { ...proof, sha256: new Uint8Array(32) }, 'invalid'],
    ['a key that nobody knows', { ...proof, receipt: { ...proof.receipt, kid: 'r9' } }, 'unknown_key'],
  ])('of %s does not hold', async (_, altered, found) => {
    expect(await checkWith(altered, keys)).toBe(found)
  })

  test.each(['', 'hello', '{}', '[]', toBase64url(utf8('x'))])('is not made of %j', (text) => {
    expect(readProof(text)).toBeNull()
  })
})
