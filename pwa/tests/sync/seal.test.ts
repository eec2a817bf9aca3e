import { describe, expect, test } from 'vitest'
import { concat, equal, sha256, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { signatureValid } from '../../src/sync/keyset.ts'
import { pullText } from '../../src/sync/pull.ts'
import { reference } from '../../src/sync/reference.ts'
import { CannotOpen, intact, open, openMessage, pad, sealItem, TooLong, unpad } from '../../src/sync/seal.ts'
import { bytes, type KeyText, openingKeys, vectors } from './vectors.ts'

type Envelope = { name: string; signer: string; header: string; sealed: string; sha256: string; sig: string; body: string }
type Named = { name: string; header: string; sealed: string }

const envelopes = vectors<{ service_key: KeyText; envelopes: Envelope[]; must_not_open: Named[] }>('envelope')
const infoOf = (header: Uint8Array) => concat(utf8('waymark-sync/1'), header)

describe('an envelope of the vectors', () => {
  test.each(envelopes.envelopes)('$name: opens, and hash and signature hold', async (vector) => {
    const [header, sealed] = [bytes(vector.header), bytes(vector.sealed)]

    const body = unpad(await open(sealed, await openingKeys(envelopes.service_key), infoOf(header)))

    expect(new TextDecoder().decode(body)).toBe(vector.body)
    expect(toBase64url(await sha256(header, sealed))).toBe(vector.sha256)
    const signed = concat(utf8('waymark-sync/1/item'), bytes(vector.sha256))
    expect(await signatureValid(bytes(vector.signer), signed, bytes(vector.sig))).toBe(true)
  })

  test.each(envelopes.must_not_open)('$name: does not open', async ({ header, sealed }) => {
    const keys = await openingKeys(envelopes.service_key)

    const opening = open(bytes(sealed), keys, infoOf(bytes(header))).then(unpad)

    await expect(opening).rejects.toThrow(CannotOpen)
  })
})

test('what this device seals opens at the service, and is signed', async () => {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const header = utf8('any header')

  const item = await sealItem(header, utf8('a story'), {
    service: bytes(envelopes.service_key.public),
    signing: signing.privateKey,
  })

  const opened = await open(item.sealed, await openingKeys(envelopes.service_key), infoOf(header))
  expect(new TextDecoder().decode(unpad(opened))).toBe('a story')
  expect(item.sealed.length).toBe(4_096 + 81)
  expect(await intact(item)).toBe(true)
  expect(await intact({ ...item, header: utf8('any headeR') })).toBe(false)
})

type Message = { feed_id?: string; id: string; kind: string; sealed: string; body?: string; name?: string }
const messages = vectors<{ feed_id: string; feed_key: KeyText; messages: Message[]; must_not_open: Message[] }>('message')

describe('a message of the feed', () => {
  test.each(messages.messages)('$kind: opens', async ({ id, kind, sealed, body }) => {
    const keys = await openingKeys(messages.feed_key)

    const opened = await openMessage(bytes(sealed), keys, { feedId: messages.feed_id, messageId: id, kind })

    expect(JSON.parse(new TextDecoder().decode(opened))).toEqual(JSON.parse(body ?? ''))
  })

  test.each(messages.must_not_open)('$name: does not open', async ({ feed_id, id, kind, sealed }) => {
    const keys = await openingKeys(messages.feed_key)

    const opening = openMessage(bytes(sealed), keys, { feedId: feed_id ?? messages.feed_id, messageId: id, kind })

    await expect(opening).rejects.toThrow(CannotOpen)
  })
})

type Padding = {
  padded: { length: number; total: number; sha256: string }[]
  too_long: number[]
  must_not_unpad: { name: string; start: string; total: number }[]
  ends_in_a_mark: { plain: string; padded_start: string; total: number }
}
const padding = vectors<Padding>('padding')
const filled = (start: Uint8Array, total: number) => concat(start, new Uint8Array(Math.max(0, total - start.length)))

describe('padding', () => {
  test.each(padding.padded)('of $length bytes', async ({ length, total, sha256: expected }) => {
    const plain = new Uint8Array(length).fill(0x61)

    const padded = pad(plain)

    expect(padded.length).toBe(total)
    expect(toBase64url(await sha256(padded))).toBe(expected)
    expect(equal(unpad(padded), plain)).toBe(true)
  })

  test.each(padding.too_long)('refuses %i bytes', (length) => {
    expect(() => pad(new Uint8Array(length))).toThrow(TooLong)
  })

  test.each(padding.must_not_unpad)('$name: is refused', ({ start, total }) => {
    expect(() => unpad(filled(bytes(start), total))).toThrow(CannotOpen)
  })

  test('of a text that ends like padding', () => {
    const { plain, padded_start, total } = padding.ends_in_a_mark

    expect(equal(pad(bytes(plain)), filled(bytes(padded_start), total))).toBe(true)
    expect(equal(unpad(pad(bytes(plain))), bytes(plain))).toBe(true)
  })
})

type Signed = { name: string; text: string; sig: string; public?: string }
const signatures = vectors<{
  public: string
  parts: { pull: { device_id: string; challenge: string; cursor: string; limit: number } }
  valid: Signed[]
  invalid: Signed[]
}>('signature')

describe('a signature', () => {
  test.each(signatures.valid)('over the $name text holds', async ({ text, sig }) => {
    expect(await signatureValid(bytes(signatures.public), bytes(text), bytes(sig))).toBe(true)
  })

  test.each(signatures.invalid)('$name does not', async ({ text, sig, public: key }) => {
    expect(await signatureValid(bytes(key ?? signatures.public), bytes(text), bytes(sig))).toBe(false)
  })

  test('of a pull covers what the vectors say', () => {
    const { device_id, ...rest } = signatures.parts.pull

    expect(toBase64url(pullText({ deviceId: device_id, ...rest }))).toBe(signatures.valid.find((each) => each.name === 'pull')?.text)
  })
})

const references = vectors<{ references: { item_id: string; reference: string }[] }>('reference').references

test.each(references)('reference of $item_id', async ({ item_id, reference: expected }) => {
  expect(await reference(item_id)).toBe(expected)
})
