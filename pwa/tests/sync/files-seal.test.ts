import { describe, expect, test } from 'vitest'
import { type Bytes, concat, sha256, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { provedComplete } from '../../src/sync/files-proof.ts'
import { newFileKey, PLAIN_BYTES_MAX, sealedChunks, sealedSize } from '../../src/sync/files-seal.ts'
import { ATT_BYTES_MAX, type KeySet } from '../../src/sync/protocol.generated.ts'
import * as wire from '../../src/sync/wire.ts'
import { bytes, vectors } from './vectors.ts'

type SealedText = { plain_size: number; key: string; att_id: string; sealed_size: number; sealed_sha256: string; sealed?: string }
type State = { name: string; state: unknown }
const file = vectors<{
  files: SealedText[]
  sizes: { plain: number; sealed: number }[]
  keys: unknown
  complete: { att_id: string; sha256: string; state: unknown; invalid: State[] }
}>('attachment')

const plainOf = (size: number): Bytes => Uint8Array.from({ length: size }, (_, at) => at % 251)

async function sealed(plain: Bytes | Blob, key: Bytes, attId: string): Promise<Bytes> {
  const chunks: Bytes[] = []
  for await (const chunk of sealedChunks(plain, key, attId)) chunks.push(chunk)
  return concat(...chunks)
}

describe('a file of the vectors', () => {
  test.each(file.files)('of $plain_size bytes seals to the same bytes as at the service', async (vector) => {
    const made = await sealed(plainOf(vector.plain_size), bytes(vector.key), vector.att_id)

    expect(made.length).toBe(vector.sealed_size)
    expect(toBase64url(await sha256(made))).toBe(vector.sealed_sha256)
    if (vector.sealed !== undefined) expect(toBase64url(made)).toBe(vector.sealed)
  })

  test.each(file.files)('of $plain_size bytes seals the same when it is read from a disk', async (vector) => {
    const made = await sealed(new Blob([plainOf(vector.plain_size)]), bytes(vector.key), vector.att_id)

    expect(toBase64url(await sha256(made))).toBe(vector.sealed_sha256)
  })

  test.each(file.sizes)('of $plain bytes takes $sealed', ({ plain, sealed: expected }) => {
    expect(sealedSize(plain)).toBe(expected)
  })
})

test('the largest file that may go is the largest that the service takes', () => {
  expect(sealedSize(PLAIN_BYTES_MAX)).toBe(ATT_BYTES_MAX)
})

test('no two files have a key in common', () => {
  expect(toBase64url(newFileKey())).not.toBe(toBase64url(newFileKey()))
})

const parse = <T>(value: unknown, shape: (fields: wire.Fields) => T) => wire.fromJson(utf8(JSON.stringify(value)), shape)
const keys: KeySet = parse(file.keys, wire.keySet)
const own = { attId: file.complete.att_id, sha256: bytes(file.complete.sha256) }

describe('that a file has arrived', () => {
  test('is believed of a receipt over its own id and hash', async () => {
    const state = parse(file.complete.state, wire.attState)

    expect(await provedComplete(state, own, keys)).toMatchObject({ type: 'proved', proof: { pos: 41, receipt: { kid: 'r1' } } })
  })

  test.each(file.complete.invalid)('is not believed: $name', async ({ state }) => {
    expect((await provedComplete(parse(state, wire.attState), own, keys)).type).toBe('unproved')
  })

  test('under a key we do not know may be cured by newer keys', async () => {
    const state = parse(file.complete.state, wire.attState)

    expect(await provedComplete(state, own, { ...keys, keys: [] })).toEqual({ type: 'unknown_key' })
  })

  test('is not believed of a path that cannot be', async () => {
    const state = parse(file.complete.state, wire.attState)

    expect((await provedComplete({ ...state, leaf: { index: 1, size: 1, path: [] } }, own, keys)).type).toBe('unproved')
  })
})
