import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/sync/files-digest.ts'

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 262_143, 262_144, 262_145, 600_000])('%i bytes', async (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >>> 8)) & 0xff)

  const digest = await digestOf(new Blob([bytes]))

  expect(Buffer.from(digest).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
})
