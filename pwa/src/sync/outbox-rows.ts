/** Rows of the SQLite outbox, by the statements that Python's outbox uses too. */

import type { BindingSpec, Database, SqlValue } from '@sqlite.org/sqlite-wasm'
import { type Bytes, own } from './bytes.ts'
import { SCHEMA, STATEMENTS } from './outbox-statements.ts'
import type { Parcel, ParcelState } from './parcels.ts'

const PRAGMAS = 'PRAGMA journal_mode = truncate; PRAGMA synchronous = full; PRAGMA secure_delete = on; PRAGMA trusted_schema = off;'

export type OutboxRow = {
  readonly itemId: string
  readonly state: ParcelState
  readonly incarnation: string | null
  readonly receipt: Bytes | null
}

export type OutboxParcel = Pick<
  Parcel,
  'itemId' | 'reference' | 'deviceId' | 'epoch' | 'seq' | 'kid' | 'mode' | 'createdAt' | 'header' | 'sealed' | 'sha256' | 'sig'
>

export type LastSequence = { readonly epoch: string; readonly maxSeq: number }

export type ReceiptRow = {
  readonly itemId: string
  readonly incarnation: string
  readonly pos: number
  readonly verdict: string
  readonly receipt: Uint8Array
}

type Row = Readonly<Record<string, SqlValue>>

export function prepare(db: Database): void {
  db.exec(PRAGMAS)
  db.exec(SCHEMA)
}

export function insert(db: Database, parcel: OutboxParcel): void {
  run(db, STATEMENTS.insert, {
    ':item_id': parcel.itemId,
    ':device_id': parcel.deviceId,
    ':epoch': parcel.epoch,
    ':seq': parcel.seq,
    ':kid': parcel.kid,
    ':mode': parcel.mode,
    ':reference': parcel.reference,
    ':created_at': parcel.createdAt,
    ':header': parcel.header,
    ':sealed': parcel.sealed,
    ':sha256': parcel.sha256,
    ':sig': parcel.sig,
  })
}

export function read(db: Database, itemId: string): OutboxParcel | null {
  const [row] = select(db, STATEMENTS.read, { ':item_id': itemId })
  if (row === undefined) return null
  return {
    itemId,
    reference: text(row['reference']),
    deviceId: text(row['device_id']),
    epoch: text(row['epoch']),
    seq: natural(row['seq']),
    kid: text(row['kid']),
    mode: row['mode'] === 'centre' ? 'centre' : 'visitor',
    createdAt: text(row['created_at']),
    header: bytes(row['header']),
    sealed: bytes(row['sealed']),
    sha256: bytes(row['sha256']),
    sig: bytes(row['sig']),
  }
}

export function list(db: Database): readonly OutboxRow[] {
  return select(db, STATEMENTS.list, {}).map((row) => ({
    itemId: text(row['item_id']),
    state: state(row['state']),
    incarnation: row['incarnation'] === null ? null : text(row['incarnation']),
    receipt: row['receipt'] instanceof Uint8Array ? own(row['receipt']) : null,
  }))
}

export function sequence(db: Database, deviceId: string): LastSequence | null {
  const [row] = select(db, STATEMENTS.sequence, { ':device_id': deviceId })
  return row === undefined ? null : { epoch: text(row['epoch']), maxSeq: natural(row['max_seq']) }
}

export function receipted(db: Database, kept: ReceiptRow): void {
  run(db, STATEMENTS.receipted, {
    ':item_id': kept.itemId,
    ':incarnation': kept.incarnation,
    ':pos': kept.pos,
    ':verdict': kept.verdict,
    ':receipt': kept.receipt,
  })
}

export function quarantined(db: Database, itemId: string, reason: string): void {
  run(db, STATEMENTS.quarantined, { ':item_id': itemId, ':reason': reason })
}

export function requeued(db: Database, itemId: string): void {
  run(db, STATEMENTS.requeued, { ':item_id': itemId })
}

function run(db: Database, sql: string, bind: BindingSpec): void {
  db.exec({ sql, bind })
}

function select(db: Database, sql: string, bind: BindingSpec): readonly Row[] {
  return Object.keys(bind ?? {}).length === 0 ? db.selectObjects(sql) : db.selectObjects(sql, bind)
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

function state(value: SqlValue | undefined): ParcelState {
  if (value === 'queued' || value === 'receipted' || value === 'quarantined') return value
  throw new TypeError('not a state')
}
