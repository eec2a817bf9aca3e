/** What a device says that it answers for, from the real stores. */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { applyAll } from '../../src/sync/apply.ts'
import { endOfLife, noteContact, reachedAt } from '../../src/sync/contact.ts'
import { custodyState, isUnsent, missing, readCustody } from '../../src/sync/custody.ts'
import { freshParcel, keepSetting, type Parcel, putParcel, stores } from '../../src/sync/parcels.ts'
import { pushResponse, fromMsgpack, toMsgpack } from '../../src/sync/wire.ts'
import type { OutboxCard } from '../../src/sync/types.ts'

vi.stubGlobal('__BUILD__', 'b2')
const DEVICE = '00000000-0000-4000-8000-00000000000d'
const HERE = '00000000-0000-4000-8000-000000000001'
const RESTORED = '00000000-0000-4000-8000-000000000002'
const EPOCH = '00112233445566ff'
const NO_FILES = { total: 0, arrived: 0, lost: 0, resting: 0 }

beforeEach(async () => {
  await stores.close()
  await new Promise((resolve) => (indexedDB.deleteDatabase('waymark').onsuccess = resolve))
  await keepSetting('incarnation', HERE)
  vi.stubGlobal('navigator', { storage: { estimate: async () => ({ quota: 500, usage: 120 }) } })
})

const id = (seq: number) => `00000000-0000-4000-8000-0000000000${seq}0`

async function made(seq: number, of: Partial<Parcel> = {}): Promise<void> {
  const sealed = { header: Uint8Array.of(1), sealed: Uint8Array.of(2), sha256: new Uint8Array(32), sig: new Uint8Array(64) }
  const facts = { itemId: id(seq), reference: `R-${seq}`, deviceId: DEVICE, epoch: EPOCH, seq, kid: 's1', mode: 'centre', createdAt: `2026-01-0${seq}T00:00:00.000Z` } as const
  await putParcel({ ...freshParcel(sealed, facts), ...of }, null)
}

async function received(seq: number): Promise<void> {
  const result = { item_id: id(seq), index: 0, verdict: 'accepted', pos: seq, leaf: { index: 0, size: 1, path: [] } }
  const receipt = { incarnation: HERE, restore_floor: 0, at: 1, kid: 'r1', root: new Uint8Array(32), sig: new Uint8Array(64) }
  await told({ type: 'take_receipt', body: { item_id: id(seq), result, receipt }, sha256: new Uint8Array(32) })
}

function told(...writes: Parameters<typeof applyAll>[0]['writes']) {
  return applyAll({ type: 'apply', number: 1, writes, incarnation: HERE, seen: HERE })
}

const card = (seq: number, of: Partial<OutboxCard>): OutboxCard => ({ itemId: id(seq), files: NO_FILES, state: 'sent', ...of }) as OutboxCard
const states = async (...cards: OutboxCard[]) =>
  Object.fromEntries((await readCustody(cards)).items.map((each) => [each.reference, each.state]))

describe('each report that is here', () => {
  test('waits, is kept, goes again, was answered, or needs a person', async () => {
    for (const seq of [1, 2, 3, 4, 5]) await made(seq)
    for (const seq of [2, 3, 4, 5]) await received(seq)
    await told({ type: 'offer_again', itemId: id(3), sha256: new Uint8Array(32), pos: 3 })

    const found = await states(card(4, { state: 'acknowledged' }), card(5, { state: 'attention' }))

    expect(found).toEqual({ 'R-1': 'waits', 'R-2': 'kept', 'R-3': 'again', 'R-4': 'answered', 'R-5': 'person' })
  })

  test('goes again after a restore, answered or not', async () => {
    await made(1)
    await received(1)
    await applyAll({ type: 'apply', number: 1, writes: [], incarnation: RESTORED, seen: HERE })

    expect(await states(card(1, { state: 'acknowledged' }))).toEqual({ 'R-1': 'again' })
  })

  test('is only counted once it was let go of, and not even that once its reporter has left', async () => {
    for (const seq of [1, 2, 3]) await made(seq)
    await made(4, { hidden: true })
    for (const seq of [1, 2]) {
      await received(seq)
      await told({ type: 'let_go', itemId: id(seq), sha256: new Uint8Array(32), incarnation: HERE, pos: seq })
    }

    const custody = await readCustody([])

    expect(custody.items.map((each) => each.reference)).toEqual(['R-3'])
    expect([custody.safe, custody.missing, custody.roomBytes]).toEqual([2, 0, 380])
  })

  test.each([
    [{ state: 'quarantined' }, null, 'person'],
    [{ state: 'queued', lastError: 'suspect' }, null, 'person'],
    [{ state: 'receipted', verdict: 'conflict' }, null, 'person'],
    [{ state: 'receipted' }, { lost: 1, total: 1 }, 'person'],
    [{ state: 'tombstone' }, { total: 2, arrived: 1 }, 'kept'],
    [{ state: 'tombstone' }, null, null],
  ] as const)('%o with %o', (parcel, files, state) => {
    const whole = files === null ? null : card(1, { files: { ...NO_FILES, ...files } })
    expect(custodyState({ verdict: null, lastError: null, ...parcel }, { receipted: false, card: whole })).toBe(state)
  })
})

test('the oldest is of those that nothing proves to have arrived', async () => {
  for (const seq of [1, 2, 3]) await made(seq)
  await received(1)

  expect((await readCustody([])).oldestAt).toBe('2026-01-02T00:00:00.000Z')
  expect(isUnsent({ state: 'person', sealedHere: false })).toBe(false)
})

test('a number that was given out and has nothing under it is missed', async () => {
  const at = (seq: number, epoch = 'e1') => ({ deviceId: 'd', epoch, seq })
  expect(missing([at(1), at(2), at(1, 'e2')], [])).toBe(0)
  expect(missing([at(1), at(4)], [])).toBe(2)
  expect(missing([at(1)], [{ deviceId: 'd', epoch: 'e1', maxSeq: 3 }])).toBe(2)

  await made(1)
  await keepSetting(`sequence:${DEVICE}`, { epoch: EPOCH, maxSeq: 2 })
  expect((await readCustody([])).missing).toBe(1)
})

describe('what the service says of a build', () => {
  const alert = { level: 'hard_eol', on: '2027-01-31', url: null } as const

  test('is kept for this build until it is taken back', async () => {
    await noteContact(5, alert)
    expect([await endOfLife(), await reachedAt()]).toEqual([{ level: 'hard_eol', on: '2027-01-31' }, 5])

    await noteContact(6, undefined)
    expect(await endOfLife()).not.toBeNull()
    vi.stubGlobal('__BUILD__', 'b3')
    expect(await endOfLife()).toBeNull()
    vi.stubGlobal('__BUILD__', 'b2')

    await noteContact(7, null)
    expect([await endOfLife(), await reachedAt()]).toEqual([null, 7])
  })

  test.each([{ on: '' }, { on: 'soon' }, { on: '31.1.2027' }, { level: 'later_level' }])('means nothing with %o', async (of) => {
    await noteContact(5, { ...alert, ...of })
    expect(await endOfLife()).toBeNull()
  })

  test.each([{ ...alert, level: 'later_level' }, alert, null])('is read, and condemns no answer: %o', (told) => {
    const answer = { incarnation: HERE, server_time: 1, restore_floor: 0, downstream: false, challenge: 'c', results: [], alert: told }
    expect(fromMsgpack(toMsgpack(answer), pushResponse).alert).toEqual(told)
  })
})
