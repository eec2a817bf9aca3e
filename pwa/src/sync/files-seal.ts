/**
 * A file is sealed in chunks, one at a time, so that a large one never lies in memory as a whole. The vectors
 * (`attachment.json`) hold this and Python together.
 */

import { type Bytes, concat, utf8, uuidBytes } from './bytes.ts'
import { ATT_BYTES_MAX, ATT_CHUNK_BYTES, ATT_TAG_BYTES, LABEL_ATT } from './protocol.generated.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
export const SEALED_CHUNK_BYTES = ATT_CHUNK_BYTES + ATT_TAG_BYTES
/** The largest file whose sealed bytes the service takes. */
export const PLAIN_BYTES_MAX = ATT_BYTES_MAX - ATT_TAG_BYTES * Math.ceil(ATT_BYTES_MAX / SEALED_CHUNK_BYTES)

/** In memory, or a file of the person's own that is read a piece at a time. */
export type Plain = Bytes | Blob

export function newFileKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES))
}

/** An empty file is one empty chunk. */
export function sealedSize(plainSize: number): number {
  return plainSize + ATT_TAG_BYTES * Math.max(1, Math.ceil(plainSize / ATT_CHUNK_BYTES))
}

/** Sealed chunks in order. A key seals one file, once: the nonces are counted. */
export async function* sealedChunks(plain: Plain, key: Uint8Array<ArrayBuffer>, attId: string): AsyncGenerator<Bytes> {
  const cipher = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])
  const additionalData = concat(utf8(LABEL_ATT), uuidBytes(attId))
  const size = sizeOf(plain)
  const count = Math.max(1, Math.ceil(size / ATT_CHUNK_BYTES))
  for (let number = 0; number < count; number++) {
    const from = number * ATT_CHUNK_BYTES
    const chunk = await partOf(plain, from, Math.min(size, from + ATT_CHUNK_BYTES))
    const how = { name: 'AES-GCM', iv: nonce(number, number === count - 1), additionalData }
    yield new Uint8Array(await crypto.subtle.encrypt(how, cipher, chunk))
  }
}

export function sizeOf(plain: Plain): number {
  return plain instanceof Uint8Array ? plain.length : plain.size
}

/** The number in eleven bytes, big-endian, and whether this chunk is the last. */
function nonce(number: number, last: boolean): Bytes {
  const bytes = new Uint8Array(NONCE_BYTES)
  new DataView(bytes.buffer).setUint32(NONCE_BYTES - 5, number)
  bytes[NONCE_BYTES - 1] = last ? 1 : 0
  return bytes
}

async function partOf(plain: Plain, from: number, to: number): Promise<Bytes> {
  if (plain instanceof Uint8Array) return plain.subarray(from, to)
  return new Uint8Array(await plain.slice(from, to).arrayBuffer())
}
