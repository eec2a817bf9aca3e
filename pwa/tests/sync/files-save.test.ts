/** A report with photos is kept with all of them, or not at all. The disk is ours, and so is the thread's post. */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Bytes, concat, fromBase64url, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import * as ahead from '../../src/sync/files-ahead.ts'
import { keepFile } from '../../src/sync/files-keep.ts'
import { sealedChunks } from '../../src/sync/files-seal.ts'
import { allFiles } from '../../src/sync/files-store.ts'
import { allParcels, stores } from '../../src/sync/parcels.ts'
import type { ReportBody } from '../../src/sync/protocol.generated.ts'
import { save } from '../../src/sync/save.ts'
import * as seal from '../../src/sync/seal.ts'
import type { DraftBody, PreparedPicture } from '../../src/sync/types.ts'
import { Disk } from './disk.ts'
import { vectors } from './vectors.ts'

const post = vi.hoisted(() => ({ sealed: 0, full: false }))
vi.mock('../../src/sync/outbox.ts', () => {
  class OutboxUnavailable extends Error {}
  const answer = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    if (name === 'keepFile') return (post.sealed++, keepFile(...(args as Parameters<typeof keepFile>)))
    if (name === 'add' && post.full) throw new DOMException('', 'QuotaExceededError')
    return name === 'add' ? args[0] : null
  }
  const told = (error: Error) => Promise.reject(new OutboxUnavailable(`${error.name}: ${error.message}`))
  return { OutboxUnavailable, call: (name: string, ...args: readonly unknown[]) => answer(name, args).catch(told) }
})

const trust = vectors<{ root: string; keyset: unknown }>('push_answers')
vi.stubGlobal('__TRUST__', { root: trust.root, keyset: trust.keyset })

const draft = { answers: { narrative_original: 'They shouted.' } } as unknown as DraftBody
const content = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251)
const picture = (change: Partial<PreparedPicture> = {}): PreparedPicture => ({
  content: content.slice(),
  mediaType: 'image/jpeg',
  caption: 'a door',
  hiddenDetails: 'removed',
  preview: null,
  ...change,
})

let disk: Disk
let held: Set<string>

beforeEach(async () => {
  ;[disk, held] = [new Disk(), new Set()]
  Object.assign(post, { sealed: 0, full: false })
  const request = async (name: string, work: () => Promise<void>) => {
    held.add(name)
    await work()
    held.delete(name)
  }
  vi.stubGlobal('navigator', { storage: disk.storage, locks: { request } })
  await ahead.dropAllSealed()
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
})

afterEach(() => stores.close())

const saveWith = (...pictures: readonly PreparedPicture[]) => save(draft, { mode: 'visitor' }, null, pictures)

/** What the report says inside, as it goes to be sealed. */
async function bodyOf(saving: () => Promise<unknown>): Promise<ReportBody> {
  const sealing = vi.spyOn(seal, 'sealItem')
  await saving()
  return JSON.parse(new TextDecoder().decode(sealing.mock.calls[0]?.[1])) as ReportBody
}

describe('a report with photos', () => {
  test('names them inside and out, and what it names lies on the disk', async () => {
    const body = await bodyOf(() => saveWith(picture(), picture({ caption: '', hiddenDetails: 'kept' })))

    const rows = [...(await allFiles())].sort((a, b) => a.number - b.number)
    expect(rows.map((row) => row.itemId)).toEqual([body.item_id, body.item_id])
    expect(disk.names()).toEqual(rows.map((row) => row.attId).sort())
    expect(body.attachments).toMatchObject([
      { att_id: rows[0]?.attId, media_type: 'image/jpeg', size: 300_000, caption: 'a door', hidden_details: 'removed' },
      { att_id: rows[1]?.attId, caption: '', hidden_details: 'kept' },
    ])
    const [first] = body.attachments ?? []
    const again: Bytes[] = []
    for await (const chunk of sealedChunks(content, fromBase64url(first?.key ?? ''), first?.att_id ?? '')) again.push(chunk)
    expect(toBase64url(concat(...again))).toBe(toBase64url(disk.files.get(first?.att_id ?? '')?.bytes ?? new Uint8Array()))
    expect(held.size).toBe(0)
  })

  test('keeps its key nowhere but inside', async () => {
    const body = await bodyOf(() => saveWith(picture()))

    const [parcel] = await allParcels()
    const key = fromBase64url(body.attachments?.[0]?.key ?? '')
    expect(key).toHaveLength(32)
    for (const kept of [parcel?.header, parcel?.sealed, ...[...disk.files.values()].map((file) => file.bytes)])
      expect(Buffer.from(kept ?? []).includes(Buffer.from(key))).toBe(false)
    const [row] = await allFiles()
    expect(Object.keys(row ?? {}).sort()).toEqual(['attId', 'attempts', 'itemId', 'lastError', 'nextTryAt', 'number', 'proof', 'sha256', 'size', 'state'])
  })

  test.each([
    ['no room', 'pictures_full', () => { disk.room = 300_100 }],
    ['a broken disk', 'pictures_not_kept', () => { disk.corrupts = true }],
  ] as const)('%s: nothing of it is kept, and the photos are said to be why', async (_, code, harm) => {
    const last = picture()
    await ahead.sealAhead(last.content)
    harm()

    await expect(saveWith(picture(), picture(), last)).rejects.toMatchObject({ code })

    expect([disk.names(), await allParcels(), await allFiles(), held.size]).toEqual([[], [], [], 0])
  })

  test('whose photo cannot be read any more is not kept', async () => {
    const arrayBuffer = (): Promise<ArrayBuffer> => Promise.reject(new DOMException('', 'NotReadableError'))
    const gone = { size: 10, slice: () => ({ arrayBuffer }) }

    await expect(saveWith(picture(), picture({ content: gone as unknown as File }))).rejects.toMatchObject({ code: 'pictures_unreadable' })

    expect([disk.names(), await allParcels()]).toEqual([[], []])
  })

  test('that finds no room itself says that the photos took it, and is kept without them', async () => {
    post.full = true
    const kept = vi.spyOn(stores, 'write').mockRejectedValue(new DOMException('', 'QuotaExceededError'))
    await expect(saveWith(picture())).rejects.toMatchObject({ code: 'pictures_full' })
    expect([disk.names(), held.size]).toEqual([[], 0])

    kept.mockRestore()
    await expect(saveWith()).resolves.toMatchObject({ saved: { stored: 'parcel-only' } })
  })

  test('that is too long takes its files away again', async () => {
    const long = { ...draft, answers: { narrative_original: 'x'.repeat(2_000_000) } } as unknown as DraftBody

    await expect(save(long, { mode: 'visitor' }, null, [picture()])).rejects.toMatchObject({ code: 'too_long' })

    expect([disk.names(), await allFiles(), held.size]).toEqual([[], [], 0])
  })
})

describe('a photo that was sealed when it was chosen', () => {
  test('is held until the report names it, and is not sealed again', async () => {
    const chosen = picture()
    await ahead.sealAhead(chosen.content)
    const before = held.size

    await saveWith({ ...chosen, caption: 'written later' })

    expect([before, held.size, post.sealed]).toEqual([1, 0, 1])
    expect((await allFiles()).map((row) => row.attId)).toEqual(disk.names())
  })

  test('is sealed under a key and an id of its own for each report', async () => {
    const chosen = picture()
    void ahead.sealAhead(chosen.content)

    await saveWith(chosen)
    await saveWith(chosen)

    const rows = await allFiles()
    expect(new Set(rows.map((row) => row.attId)).size).toBe(2)
    expect(new Set(rows.map((row) => toBase64url(row.sha256))).size).toBe(2)
  })

  test.each([
    ['taken away', () => disk.files.clear()],
    ['cut short', () => disk.names().forEach((name) => disk.put(name, utf8('short')))],
  ] as const)('and was %s since is sealed again', async (_, harm) => {
    const chosen = picture()
    await ahead.sealAhead(chosen.content)
    harm()

    await saveWith(chosen)

    const [row] = await allFiles()
    expect(disk.files.get(row?.attId ?? '')?.bytes.length).toBe(row?.size)
    expect(held.size).toBe(0)
  })

  test('and found no room is sealed again when there is', async () => {
    const chosen = picture()
    disk.room = 10
    await ahead.sealAhead(chosen.content)
    disk.room = Infinity

    await saveWith(chosen)

    expect(disk.names()).toHaveLength(1)
  })

  test.each([
    ['is taken out again', (chosen: PreparedPicture) => ahead.dropSealed(chosen.content)],
    ['is left by somebody who leaves', () => ahead.dropAllSealed()],
  ] as const)('and %s is gone at once', async (_, drop) => {
    const chosen = picture()
    void ahead.sealAhead(chosen.content)

    await drop(chosen)

    expect([disk.names(), held.size, post.sealed]).toEqual([[], 0, 1])
  })
})
