/** A tablet without contact for long: when it locks itself, what opens it, and what is destroyed in the end. */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fromBase64url, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { forgetOpened, readCards } from '../../src/sync/cards.ts'
import { identity, newKeys } from '../../src/sync/device.ts'
import { allEntries, allKeys } from '../../src/sync/feed.ts'
import { lockAfter } from '../../src/sync/lock.ts'
import { checkWord, heard, inServiceText, lockNow } from '../../src/sync/locking.ts'
import { allParcels, freshParcel, keepSetting, putParcel, stores } from '../../src/sync/parcels.ts'
import type { ContactClock, Lock } from '../../src/sync/protocol.generated.ts'
import * as wire from '../../src/sync/wire.ts'
import { type KeyText, openingKeys, vectors } from './vectors.ts'

type Look = { now: number; word_at: number | null; lock: Lock }
type Word = { name: string; word: unknown; text: string; signed: boolean; counts: boolean }
type Answer = { id: string; pos: number; kind: string; sealed: string; body: string }
const file = vectors<{ keys: unknown; device_id: string; words: Word[]; stories: { name: string; looks: Look[] }[] }>('lock')
const told = vectors<{ feed_id: string; feed_key: KeyText; messages: Answer[] }>('message')
const trust = vectors<{ keyset: { payload: string; sig: string } }>('manifest')
vi.stubGlobal('__TRUST__', { root: vectors<{ root: string }>('push_answers').root, keyset: trust.keyset })
const parse = <T>(value: unknown, shape: (fields: wire.Fields) => T) => wire.fromJson(utf8(JSON.stringify(value)), shape)
const keys = parse(file.keys, wire.keySet)
const genuine = parse(file.words[0]?.word, wire.inService)
const DAY = 86_400_000

describe('the rule', () => {
  test.each(file.stories)('$name', ({ looks }) => {
    let clock: ContactClock | null = null
    for (const { now, word_at, lock } of looks) {
      const found: Lock = lockAfter(clock, { nowMs: now, wordAt: word_at })
      expect(found).toEqual(lock)
      clock = found.clock
    }
  })
})

describe('a word', () => {
  test.each(file.words)('$name', async ({ word, text, signed, counts }) => {
    const parsed = parse(word, wire.inService)
    expect(toBase64url(inServiceText(parsed))).toBe(text)
    expect((await checkWord(parsed, keys)) === 'valid').toBe(signed)
    expect(signed && parsed.device_id === file.device_id).toBe(counts)
  })

  test.each(file.words)('opens the tablet, or not: $name', async ({ word, counts }) => {
    await enrolled(file.device_id)
    await lockNow(genuine.at - 40 * DAY)
    at(31)
    await heard(parse(word, wire.inService))
    expect((await lockNow()).state).toBe(counts ? 'open' : 'locked')
  })
})

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  at(0)
  vi.stubGlobal('navigator', {})
  forgetOpened()
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
})

afterEach(() => void vi.useRealTimers())

function at(days: number): void {
  vi.setSystemTime(genuine.at + days * DAY)
}

async function enrolled(deviceId: string): Promise<void> {
  await keepSetting('enrolment', { deviceId, centreId: 'c', centreName: 'Harbour' })
}

/** A tablet with one report that waits, and one that was answered. */
async function used(): Promise<void> {
  await enrolled(told.feed_id)
  const made = { ...(await newKeys(told.feed_id)), reply: await openingKeys(told.feed_key) }
  for (const [seq, itemId] of [ANSWERED, WAITING].entries()) {
    const sealed = { header: Uint8Array.of(0x80), sealed: Uint8Array.of(2), sha256: new Uint8Array(32), sig: new Uint8Array(64) }
    const createdAt = '2026-01-01T00:00:00.000Z'
    const facts = { itemId, reference: 'R', deviceId: told.feed_id, epoch: '00112233445566ff', seq: seq + 1, kid: 's1', mode: 'centre', createdAt } as const
    await putParcel(freshParcel(sealed, facts), null)
  }
  await stores.write(['device_keys', 'feed'], async (store) => {
    store('device_keys').put(made)
    for (const { id, pos, kind, sealed } of told.messages)
      store('feed').put({ feedId: told.feed_id, id, pos, kind, sealed: fromBase64url(sealed), applied: false })
  })
  await lockNow(genuine.at)
}

const ANSWERED = JSON.parse(told.messages[0]?.body ?? '{}').item_id as string
const WAITING = '00000000-0000-4000-8000-0000000000a1'
const words = async () => (await readCards(new Set())).flatMap((card) => card.messages.map((each) => each.text))

describe('a tablet', () => {
  test('shows what came while it is in touch, and says when it would lock', async () => {
    await used()
    expect(await words()).toContain('Thank you.')
    expect(await identity()).toMatchObject({ lock: 'open', locksAt: genuine.at + 30 * DAY })
    at(23)
    expect(await identity()).toMatchObject({ lock: 'warned', locksAt: genuine.at + 30 * DAY })
  })

  test('opens nothing once locked, also what it had opened before, and keeps it for when it is unlocked', async () => {
    await used()
    await words()
    at(30)
    expect(await words()).toEqual([])
    expect(await identity()).toMatchObject({ lock: 'locked', outOfService: null })
    at(1)
    expect(await words()).toEqual([])
    await lockNow(genuine.at + 30 * DAY)
    expect(await words()).toContain('Thank you.')
  })

  test('destroys its keys and what came after ninety days, and keeps what is sealed', async () => {
    await used()
    at(45)
    await lockNow()
    at(90)
    expect(await identity()).toMatchObject({ outOfService: 'by_time' })
    expect([await allKeys(), await allEntries(), await words()]).toEqual([[], [], []])
    expect((await allParcels()).map((each) => each.state)).toEqual(['queued', 'queued'])
    await lockNow(genuine.at + 90 * DAY)
    expect(await identity()).toMatchObject({ outOfService: 'by_time' })
  })

  test('that is enrolled anew begins anew', async () => {
    await used()
    at(45)
    await lockNow()
    at(90)
    await lockNow()
    await enrolled(WAITING)
    expect(await identity()).toMatchObject({ lock: 'open', outOfService: null, locksAt: null })
  })

  test('of nobody is never locked', async () => {
    expect((await lockNow(genuine.at)).clock).toBe(null)
    at(900)
    expect(await identity()).toEqual({ mode: 'visitor' })
  })
})
