import { decode } from '@msgpack/msgpack'
import { expect, test } from 'vitest'
import { concat } from '../../src/sync/bytes.ts'
import { structuralFault } from '../../src/sync/fault.ts'
import { Fields } from '../../src/sync/wire.ts'
import { bytes, vectors } from './vectors.ts'

type Packed = { bytes: string } | { before: string; zeros: number; after: string }
type Case = { name: string; item: Packed; result: { verdict: string; reason: string | null } }

const FOUND: ReadonlySet<string | null> = new Set([null, 'too_large', 'hash_wrong', 'version_unknown', 'header_unreadable'])
const cases = vectors<{ items: Case[] }>('refusals').items.filter(({ result }) => FOUND.has(result.reason))
const unpacked = (item: Packed) =>
  'bytes' in item ? bytes(item.bytes) : concat(bytes(item.before), new Uint8Array(item.zeros), bytes(item.after))

test.each(cases)('$name: we find what the service finds', async ({ item, result }) => {
  const fields = new Fields(decode(unpacked(item)), '$')
  const sealed = { header: fields.bytes('header'), sealed: fields.bytes('sealed'), sha256: fields.bytes('sha256'), sig: fields.bytes('sig') }

  expect(await structuralFault(sealed)).toBe(result.reason)
})

test('there are cases of every kind', () => {
  expect(new Set(cases.map(({ result }) => result.reason))).toEqual(FOUND)
})
