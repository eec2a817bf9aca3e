/**
 * Seal once, open what comes back: HPKE (RFC 9180) base mode, padding, hash and signature of an item.
 * Refuses to know what it seals.
 */

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256, type KeyPair } from 'hpke'
import { type Bytes, concat, equal, sha256, utf8 } from './bytes.ts'
import { LABEL, sign } from './keyset.ts'

const LABEL_ITEM = utf8(`${LABEL}/item`)
const LABEL_MESSAGE = `${LABEL}/message`
export const PADDING_BUCKETS = [4_096, 16_384, 65_536, 262_144] as const
const ENCAPSULATED_BYTES = 65

const suite = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

/** One sealed item, as it lies in the stores and on the wire. */
export type SealedItem = {
  readonly header: Bytes
  readonly sealed: Bytes
  readonly sha256: Bytes
  readonly sig: Bytes
}

/** Wrong key, altered bytes or altered header: deliberately indistinguishable. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen'
}

/** Longer than the largest bucket. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** Append 0x80 and zeros up to the next bucket. Raises TooLong. */
export function pad(plaintext: Uint8Array): Bytes {
  const bucket = PADDING_BUCKETS.find((size) => plaintext.length < size)
  if (bucket === undefined) throw new TooLong()
  const padded = new Uint8Array(bucket)
  padded.set(plaintext)
  padded[plaintext.length] = 0x80
  return padded
}

/** Undo `pad`. Raises CannotOpen. */
export function unpad(padded: Uint8Array): Bytes {
  let end = padded.length
  while (end > 0 && padded[end - 1] === 0) end--
  if (!PADDING_BUCKETS.some((size) => size === padded.length) || padded[end - 1] !== 0x80) throw new CannotOpen()
  return padded.slice(0, end - 1)
}

/** RFC 9180 DeriveKeyPair: the same input gives the same keys anywhere. The private half cannot be exported. */
export async function deriveReplyKeys(ikm: Uint8Array): Promise<CryptoKeyPair> {
  const { publicKey, privateKey } = await suite.DeriveKeyPair(ikm, false)
  return { publicKey, privateKey }
}

export async function seal(plaintext: Uint8Array, publicKey: Uint8Array, info: Uint8Array): Promise<Bytes> {
  const key = await suite.DeserializePublicKey(publicKey)
  const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plaintext, { info })
  return concat(encapsulatedSecret, ciphertext)
}

/** Raises CannotOpen. `keys` may be non-extractable: its public half is used, never exported. */
export async function open(sealed: Uint8Array, keys: KeyPair<CryptoKey>, info: Uint8Array): Promise<Bytes> {
  const [encapsulated, ciphertext] = [sealed.slice(0, ENCAPSULATED_BYTES), sealed.slice(ENCAPSULATED_BYTES)]
  try {
    return new Uint8Array(await suite.Open(keys, encapsulated, ciphertext, { info }))
  } catch (cause) {
    throw new CannotOpen('', { cause })
  }
}

/** The one and only envelope of an item. Sealing again gives other bytes: a conflict, not a retry. */
export async function sealItem(
  header: Bytes,
  body: Uint8Array,
  keys: { readonly service: Uint8Array; readonly signing: CryptoKey },
): Promise<SealedItem> {
  const sealed = await seal(pad(body), keys.service, concat(utf8(LABEL), header))
  const digest = await sha256(header, sealed)
  return { header, sealed, sha256: digest, sig: await sign(keys.signing, concat(LABEL_ITEM, digest)) }
}

/** True when the bytes are still those that were sealed. */
export async function intact(item: SealedItem): Promise<boolean> {
  return equal(await sha256(item.header, item.sealed), item.sha256)
}

export async function openMessage(
  sealed: Uint8Array,
  keys: KeyPair<CryptoKey>,
  place: { readonly feedId: string; readonly messageId: string; readonly kind: string },
): Promise<Bytes> {
  const info = utf8([LABEL_MESSAGE, place.feedId, place.messageId, place.kind].join('\n'))
  return unpad(await open(sealed, keys, info))
}
