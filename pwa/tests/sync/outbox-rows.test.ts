/** The statements of outbox.sql in the browser's SQLite: the same build, in memory. */

import sqlite3InitModule, { type Database } from '@sqlite.org/sqlite-wasm'
import { beforeEach, expect, test } from 'vitest'
import { sha256, utf8 } from '../../src/sync/bytes.ts'
import * as rows from '../../src/sync/outbox-rows.ts'
import { statement } from '../../src/sync/outbox-statements.ts'

const DEVICE = '263a4dbe-4148-4fb8-b214-b0032339dbb9'
const EPOCH = '00112233445566ff'
const INCARNATION = 'bd2ceedb-65d8-43d2-82d3-d2cce5cc36f1'
const sqlite3 = await sqlite3InitModule()
let db: Database

beforeEach(() => {
  db = new sqlite3.oo1.DB(':memory:')
  rows.prepare(db)
})

async function report(seq: number, change: Partial<rows.OutboxParcel> = {}): Promise<rows.OutboxParcel> {
  const [header, sealed] = [utf8(`header ${seq}`), utf8('sealed')]
  return {
    itemId: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    deviceId: DEVICE,
    epoch: EPOCH,
    seq,
    createdAt: `2026-01-02T03:04:0${seq}.678Z`,
    header,
    sealed,
    sha256: await sha256(header, sealed),
    sig: new Uint8Array(64),
    ...change,
  }
}

function receiptOf(parcel: rows.OutboxParcel): rows.ReceiptRow {
  return { itemId: parcel.itemId, sha256: parcel.sha256, incarnation: INCARNATION, pos: 41, receipt: utf8('receipt') }
}

test('what is read back is what was written', async () => {
  const first = await report(1)

  rows.add(db, first)

  expect(rows.read(db, first.itemId)).toEqual(first)
  expect(rows.sequence(db, DEVICE)).toEqual({ epoch: EPOCH, maxSeq: 1 })
})

test('preparing again leaves everything in place', async () => {
  rows.add(db, await report(1))

  rows.prepare(db)

  expect(rows.list(db)).toHaveLength(1)
})

test('a number is neither skipped nor used twice', async () => {
  rows.add(db, await report(1))
  const other = await report(1, { itemId: '00000000-0000-4000-8000-0000000000ff', header: utf8('other') })

  expect(() => db.transaction('IMMEDIATE', () => rows.add(db, other))).toThrow()
  await expect(report(3).then((third) => rows.add(db, third))).rejects.toThrow(RangeError)
  expect(rows.list(db)).toHaveLength(1)
})

test('a lost report comes back under its own number, and once', async () => {
  const third = await report(3)

  rows.restore(db, third)
  rows.restore(db, third)

  expect(rows.list(db)).toHaveLength(1)
  expect(rows.read(db, third.itemId)).toEqual(third)
})

test('a receipt is recorded for these very bytes only', async () => {
  const first = await report(1)
  rows.add(db, first)

  rows.recordReceipt(db, { ...receiptOf(first), sha256: new Uint8Array(32) })
  expect(rows.list(db)).toMatchObject([{ state: 'queued', receipt: null }])

  rows.recordReceipt(db, receiptOf(first))
  expect(rows.list(db)).toMatchObject([{ state: 'receipted', incarnation: INCARNATION, receipt: utf8('receipt') }])
})

test('a restored service has everything queued again, the bytes still held', async () => {
  const first = await report(1)
  rows.add(db, first)
  rows.recordReceipt(db, receiptOf(first))

  rows.requeueAll(db, 'eb00bf0a-ba49-4c62-8ddf-47bf68068be4')

  expect(rows.list(db)).toMatchObject([{ state: 'queued' }])
  expect(rows.read(db, first.itemId)).toEqual(first)
})

test('a refused report keeps its bytes and the reason', async () => {
  const first = await report(1)
  rows.add(db, first)

  rows.quarantine(db, first.itemId, first.sha256, 'hash_wrong')

  expect(rows.list(db)).toMatchObject([{ state: 'quarantined', lastError: 'hash_wrong' }])
  expect(rows.read(db, first.itemId)).toEqual(first)
})

test('a misspelt statement is an error, not an empty one', () => {
  expect(() => statement('no_such')).toThrow(RangeError)
})
