/** Messages lie under a key in a file of its own: without that file, what a database has kept stays closed. */

import 'fake-indexeddb/auto'
import { beforeEach, expect, test, vi } from 'vitest'
import { utf8 } from '../../src/sync/bytes.ts'
import { allEntries, entriesOf, fetchAgainWhatIsClosed, storePage } from '../../src/sync/feed.ts'
import { asItCame, dropFeedKey, hasFeedKey } from '../../src/sync/feed-key.ts'
import { leave } from '../../src/sync/leave.ts'
import { setting, stores } from '../../src/sync/parcels.ts'
import type { PullResponse } from '../../src/sync/protocol.generated.ts'
import { CannotOpen } from '../../src/sync/seal.ts'

const FEED = '00000000-0000-4000-8000-0000000000a1'
const SEALED = utf8('sealed to this device, as it came')
const PAGE = {
  incarnation: FEED,
  cursor: 'c-1',
  more: false,
  challenge: 'x',
  messages: [1, 2].map((pos) => ({ id: `00000000-0000-4000-8000-00000000000${pos}`, pos, kind: 'ack', sealed: SEALED, kid: 'r1', sig: new Uint8Array(64) })),
} satisfies PullResponse

let files: Map<string, Uint8Array>
let writes: number

/** Folders and files of a page, as far as a key needs them. */
function storage(): unknown {
  const missing = () => Promise.reject(new DOMException('none', 'NotFoundError'))
  const handle = (path: string) => ({
    getFile: async () => ({ arrayBuffer: async () => (files.get(path) ?? new Uint8Array()).slice().buffer }),
    createWritable: async () => {
      let bytes = new Uint8Array()
      writes++
      return { write: async (given: Uint8Array<ArrayBuffer>) => void (bytes = given), close: async () => void files.set(path, bytes) }
    },
  })
  const folder = (name: string) => ({
    getFileHandle: async (file: string, { create = false } = {}) => (create || files.has(`${name}/${file}`) ? handle(`${name}/${file}`) : missing()),
  })
  const root = {
    getDirectoryHandle: async (name: string) => folder(name),
    removeEntry: async (name: string) => void [...files.keys()].filter((path) => path.startsWith(name)).forEach((path) => files.delete(path)),
  }
  return { getDirectory: async () => root }
}

let turn: Promise<unknown> = Promise.resolve()
const locks = { request: (_: string, work: () => Promise<unknown>) => (turn = turn.then(work)) }

beforeEach(async () => {
  ;[files, writes] = [new Map(), 0]
  vi.stubGlobal('navigator', { storage: storage(), locks })
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
})

test('what came is not in the database as it came, and opens again', async () => {
  await storePage(FEED, PAGE)

  const entries = await allEntries()
  expect(entries).toHaveLength(2)
  for (const entry of entries) {
    expect(new TextDecoder('latin1').decode(entry.sealed)).not.toContain('as it came')
    expect(await asItCame(entry)).toEqual(SEALED)
  }
  expect(new Set(entries.map((entry) => String(entry.iv))).size).toBe(2)
})

test('once the file is gone nothing opens, whatever the database has kept', async () => {
  await storePage(FEED, PAGE)
  const [kept] = await allEntries()
  await dropFeedKey()
  await storePage(FEED, { ...PAGE, messages: [] })

  expect(await hasFeedKey()).toBe(false)
  await expect(asItCame(kept!)).rejects.toBeInstanceOf(CannotOpen)
  await entriesOf(FEED, PAGE) // another key
  await expect(asItCame(kept!)).rejects.toBeInstanceOf(CannotOpen)
})

test('a key that was lost by accident has the messages fetched again', async () => {
  await storePage(FEED, PAGE)
  await fetchAgainWhatIsClosed()
  expect(await setting(`cursor:${FEED}`)).toBe('c-1')
  files.clear()

  await fetchAgainWhatIsClosed()

  expect([await allEntries(), await setting(`cursor:${FEED}`)]).toEqual([[], undefined])
  await storePage(FEED, PAGE)
  expect(await asItCame((await allEntries())[0]!)).toEqual(SEALED)
})

test('two that come at once make one key', async () => {
  await Promise.all([storePage(FEED, PAGE), storePage(FEED.replace('a1', 'a2'), PAGE)])

  expect(writes).toBe(1)
  for (const entry of await allEntries()) expect(await asItCame(entry)).toEqual(SEALED)
})

test.each([
  ['no folder', () => vi.stubGlobal('navigator', { locks })],
  ['no locks', () => vi.stubGlobal('navigator', { storage: storage() })],
])('where there is %s messages are kept as they came', async (_, without) => {
  without()
  await storePage(FEED, PAGE)
  await fetchAgainWhatIsClosed()

  expect((await allEntries()).map(({ sealed, iv }) => [sealed, iv])).toEqual([[SEALED, undefined], [SEALED, undefined]])
  expect(await asItCame((await allEntries())[0]!)).toEqual(SEALED)
})

test('leaving takes the key when nothing is left that it opens', async () => {
  await storePage(FEED, PAGE)
  await leave()
  expect(await hasFeedKey()).toBe(true)
  await stores.write(['feed'], async (store) => void store('feed').clear())
  await leave()

  expect(await hasFeedKey()).toBe(false)
})
