/** Rows of the SQLite outbox, by the statements that Python's outbox uses too. */

import type { BindableValue, Database, SqlValue } from '@sqlite.org/sqlite-wasm'
import { type Bytes, own } from './bytes.ts'
import { MIGRATIONS, statement } from './outbox-statements.ts'
import type { Parcel } from './parcels.ts'

const PRAGMAS = 'PRAGMA journal_mode = truncate; PRAGMA synchronous = full; PRAGMA secure_delete = on'

export type RowState = 'queued' | 'receipted' | 'quarantined' | 'tombstone'

/** What the outbox knows of a report without its bytes. */
export type OutboxRow = {
  readonly itemId: string
  readonly state: RowState
  readonly incarnation: string | null
  readonly lastError: string | null
  /** msgpack of ReceiptBody. */
  readonly receipt: Bytes | null
}

export type OutboxParcel = Pick<
  Parcel,
  'itemId' | 'deviceId' | 'epoch' | 'seq' | 'createdAt' | 'header' | 'sealed' | 'sha256' | 'sig'
>

export type LastSequence = { readonly epoch: string; readonly maxSeq: number }

export type ReceiptRow = {
  readonly itemId: string
  readonly sha256: Bytes
  readonly incarnation: string
  readonly pos: number
  /** msgpack of ReceiptBody. */
  readonly receipt: Bytes
}

type Row = Readonly<Record<string, SqlValue>>
type Values = Readonly<Record<string, BindableValue>>

/** Settings and schema; needed at every opening. */
export function prepare(db: Database): void {
  db.exec(PRAGMAS)
  if (MIGRATIONS.every(({ version }) => version <= versionOf(db))) return
  db.transaction('IMMEDIATE', () => {
    for (const { version, script } of MIGRATIONS)
      if (version > versionOf(db)) db.exec(`${script}; PRAGMA user_version = ${version}`)
  })
}

/** A fresh report takes the next number of its epoch, or is not taken: numbers have no gaps. */
export function add(db: Database, parcel: OutboxParcel): void {
  const next = natural(db.selectValue(statement('next_seq'), bound({ device_id: parcel.deviceId, epoch: parcel.epoch })))
  if (next !== parcel.seq) throw new RangeError('not the next number')
  restore(db, parcel)
  keepEpoch(db, parcel)
}

/** A report that the parcels hold and this store has lost: it comes back under its own number. */
export function restore(db: Database, parcel: OutboxParcel): void {
  run(db, 'add', {
    item_id: parcel.itemId,
    device_id: parcel.deviceId,
    epoch: parcel.epoch,
    seq: parcel.seq,
    created_at: parcel.createdAt,
    header: parcel.header,
    sealed: parcel.sealed,
    sha256: parcel.sha256,
    sig: parcel.sig,
  })
}

export function read(db: Database, itemId: string): OutboxParcel | null {
  const [row] = db.selectObjects(statement('item'), bound({ item_id: itemId }))
  if (row === undefined || row['sealed'] === null) return null
  return {
    itemId,
    deviceId: text(row['device_id']),
    epoch: text(row['epoch']),
    seq: natural(row['seq']),
    createdAt: text(row['created_at']),
    header: bytes(row['header']),
    sealed: bytes(row['sealed']),
    sha256: bytes(row['sha256']),
    sig: bytes(row['sig']),
  }
}

export function list(db: Database): readonly OutboxRow[] {
  return db.selectObjects(statement('items')).map((row: Row) => ({
    itemId: text(row['item_id']),
    state: state(row['state']),
    incarnation: optional(row['incarnation'], text),
    lastError: optional(row['last_error'], text),
    receipt: optional(row['receipt'], bytes),
  }))
}

/** Where a device stands in its current epoch; null when this store does not know the device. */
export function sequence(db: Database, deviceId: string): LastSequence | null {
  const epoch = db.selectValue(statement('state'), bound({ key: epochKey(deviceId) }))
  if (typeof epoch !== 'string') return null
  return { epoch, maxSeq: natural(db.selectValue(statement('next_seq'), bound({ device_id: deviceId, epoch }))) - 1 }
}

export function recordReceipt(db: Database, kept: ReceiptRow): void {
  run(db, 'record_receipt', {
    item_id: kept.itemId,
    sha256: kept.sha256,
    receipt: kept.receipt,
    incarnation: kept.incarnation,
    pos: kept.pos,
  })
}

export function quarantine(db: Database, itemId: string, sha256: Bytes, lastError: string): void {
  run(db, 'quarantine', { item_id: itemId, sha256, last_error: lastError })
}

/** The sealed bytes go; that there was a report, and its receipt, stay. */
export function letGo(db: Database, of: Omit<ReceiptRow, 'receipt'>): void {
  run(db, 'let_go', { item_id: of.itemId, sha256: of.sha256, incarnation: of.incarnation, pos: of.pos })
}

/** The service has nothing like it, whatever its receipt says. */
export function offerAgain(db: Database, of: Pick<ReceiptRow, 'itemId' | 'sha256' | 'pos'>): void {
  run(db, 'offer_again', { item_id: of.itemId, sha256: of.sha256, pos: of.pos })
}

export function requeueAll(db: Database, incarnation: string): void {
  run(db, 'requeue_all', { incarnation })
}

function keepEpoch(db: Database, parcel: OutboxParcel): void {
  run(db, 'keep_state', { key: epochKey(parcel.deviceId), value: parcel.epoch })
}

function epochKey(deviceId: string): string {
  return `epoch:${deviceId}`
}

function run(db: Database, name: string, values: Values): void {
  db.exec({ sql: statement(name), bind: bound(values) })
}

function bound(values: Values): Record<string, BindableValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]))
}

function versionOf(db: Database): number {
  return natural(db.selectValue('PRAGMA user_version'))
}

function optional<T>(value: SqlValue | undefined, parse: (value: SqlValue | undefined) => T): T | null {
  return value === null || value === undefined ? null : parse(value)
}

function text(value: SqlValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError('not text')
  return value
}

function natural(value: SqlValue | undefined): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError('not a natural number')
  return number
}

function bytes(value: SqlValue | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw new TypeError('not bytes')
  return own(value)
}

function state(value: SqlValue | undefined): RowState {
  if (value === 'queued' || value === 'receipted' || value === 'quarantined' || value === 'tombstone') return value
  throw new TypeError('not a state')
}
