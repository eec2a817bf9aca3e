import { describe, expect, test } from 'vitest'
import { toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { covers } from '../../src/sync/core-proof.ts'
import { newerOf, openKeySet, sealingKey } from '../../src/sync/keyset.ts'
import { leafBytes, merkleRoot, rootFromPath } from '../../src/sync/merkle.ts'
import type { KeySet, ServiceKey } from '../../src/sync/protocol.generated.ts'
import { checkReceipt, coversItem, receiptText } from '../../src/sync/receipt.ts'
import * as wire from '../../src/sync/wire.ts'
import { bytes, vectors } from './vectors.ts'

type Tree = { size: number; root: string; paths: string[][] }
type Impossible = { name: string; index: number; size: number; path: string[] }
type LeafText = { item_id: string; sha256: string; pos: number; verdict: string; sig: string; bytes: string }
const merkle = vectors<{ leaves: LeafText[]; trees: Tree[]; impossible: Impossible[] }>('merkle')
const leaves = merkle.leaves.map((leaf) => bytes(leaf.bytes))

test.each(merkle.leaves)('leaf of $item_id', ({ item_id, sha256, pos, verdict, sig, bytes: expected }) => {
  const facts = { itemId: item_id, sha256: bytes(sha256), pos, verdict, sig: bytes(sig) }
  expect(toBase64url(leafBytes(facts))).toBe(expected)
})

test.each(merkle.trees)('every path of a tree of $size leads to its root', async ({ size, root, paths }) => {
  expect(toBase64url(await merkleRoot(leaves.slice(0, size)))).toBe(root)
  for (const [index, path] of paths.entries()) {
    const leaf = leaves[index] ?? new Uint8Array()
    expect(toBase64url(await rootFromPath(leaf, { index, size, path: path.map(bytes) }))).toBe(root)
  }
})

test.each(merkle.impossible)('a path that is $name is refused', async ({ index, size, path }) => {
  const climbing = rootFromPath(leaves[0] ?? new Uint8Array(), { index, size, path: path.map(bytes) })

  await expect(climbing).rejects.toThrow(RangeError)
})

type Named = { name: string; receipt: unknown; text?: string }
type Covered = { name?: string; receipt: unknown; sha256: string; sig: string; result: unknown }
const receipts = vectors<{ keys: unknown; valid: Named[]; invalid: Named[]; covered: Covered[]; not_covered: Covered[] }>('receipt')
const parse = <T>(value: unknown, shape: (fields: wire.Fields) => T) => wire.fromJson(utf8(JSON.stringify(value)), shape)
const keys: KeySet = parse(receipts.keys, wire.keySet)

describe('a receipt', () => {
  test.each(receipts.valid)('for $name is valid', async ({ receipt, text }) => {
    const parsed = parse(receipt, wire.receipt)

    expect(toBase64url(receiptText(parsed))).toBe(text)
    expect(await checkReceipt(parsed, keys)).toBe('valid')
  })

  test.each(receipts.invalid)('with $name is not', async ({ receipt }) => {
    const judged = async () => checkReceipt(parse(receipt, wire.receipt), keys)

    expect(await judged().catch(() => 'invalid')).not.toBe('valid')
  })

  test.each(receipts.covered)('covers our own bytes', async ({ receipt, sha256, sig, result }) => {
    const told = [parse(receipt, wire.receipt), parse(result, wire.itemResult)] as const
    expect(await coversItem(...told, bytes(sha256), bytes(sig))).toBe(true)
    expect(covers(...told, { itemId: told[1].item_id, sha256: bytes(sha256), sig: bytes(sig) })).toBe(true)
  })

  test.each(receipts.not_covered)('$name: does not cover them', async ({ receipt, sha256, sig, result }) => {
    expect(await coversItem(parse(receipt, wire.receipt), parse(result, wire.itemResult), bytes(sha256), bytes(sig))).toBe(
      false,
    )
  })
})

type SignedText = { name?: string; payload: string; sig: string }
const sets = vectors<{ root: string; valid: SignedText; newer: SignedText; keys: unknown; invalid: SignedText[] }>('keyset')
const signed = ({ payload, sig }: SignedText) => ({ payload: bytes(payload), sig: bytes(sig) })

describe('a key set', () => {
  test('signed by the pinned root is believed', async () => {
    const opened = await openKeySet(signed(sets.valid), bytes(sets.root))

    expect(opened).toEqual(parse(sets.keys, wire.keySet))
    expect(sealingKey(opened)?.kid).toBe('s1')
  })

  test('offers a centre its own key, and every other the key of the service', async () => {
    const own = { ...(sealingKey(keys) as ServiceKey), kid: 'c1', centre_id: 'library' }
    const both = { ...keys, keys: [...keys.keys, own] }

    expect([sealingKey(both, 'library')?.kid, sealingKey(both, 'mosque')?.kid, sealingKey(both)?.kid]).toEqual([
      'c1',
      's1',
      's1',
    ])
    expect(sealingKey({ ...keys, keys: [own] })).toBeNull()
  })

  test.each(sets.invalid)('$name: is not', async (set) => {
    await expect(openKeySet(signed(set), bytes(sets.root))).rejects.toThrow()
  })

  test('replaces an older one, never a newer one', async () => {
    const older = await openKeySet(signed(sets.valid), bytes(sets.root))
    const newer = await openKeySet(signed(sets.newer), bytes(sets.root))

    expect(newerOf(older, newer)).toBe(newer)
    expect(newerOf(newer, older)).toBe(newer)
  })

  test('without a current key for sealing offers none', () => {
    const retired = { ...keys, keys: keys.keys.map((key) => ({ ...key, state: 'retired' as const })) }

    expect(sealingKey(retired)).toBeNull()
  })
})

type Message = { type: string; json: unknown; msgpack: string }
const shapes: Readonly<Record<string, (fields: wire.Fields) => unknown>> = {
  PushResponse: wire.pushResponse,
  PullResponse: wire.pullResponse,
  SignedKeySet: wire.signedKeySet,
  KeySet: wire.keySet,
}
const understood = vectors<{ messages: Message[] }>('codec').messages.filter((message) => message.type in shapes)

test.each(understood)('$type means the same in msgpack and in JSON', ({ type, json, msgpack }) => {
  const shape = shapes[type] ?? (() => null)

  expect(wire.fromMsgpack(bytes(msgpack), shape)).toEqual(parse(json, shape))
})
