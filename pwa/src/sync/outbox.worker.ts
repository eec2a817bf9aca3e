/**
 * The outbox's own thread: the only one that may hold OPFS files. Every operation takes the lock, opens
 * the database, works in one transaction and lets go, so that any number of tabs can share it. It also
 * answers questions about the directory, which it reads as one file in memory, and does the heavy work on photos.
 */

import type { Database } from '@sqlite.org/sqlite-wasm'
import type { Bytes } from './bytes.ts'
import type { Query } from './directory.ts'
import { type KeptBytes, keepFile } from './files-keep.ts'
import type { Plain } from './files-seal.ts'
import { centreRows, directory, receivingCentreOf, servicesFor } from './directory-file.ts'
import * as rows from './outbox-rows.ts'
import { type Encoded, encodePicture } from './pictures-encode.ts'
import { sqlite, withFile } from './sqlite.ts'
import type { Centre, ReceivingCentre, Suggestion } from './types.ts'

const FILE = '/outbox.db'

const commands = {
  /** Load, open and close once: the first save then takes tens of milliseconds. */
  ready: async (): Promise<boolean> => {
    await withOutbox(() => true)
    return true
  },
  /** Take the next number and insert in one transaction; read back in another, from a database opened again. */
  add: async (parcel: rows.OutboxParcel): Promise<rows.OutboxParcel | null> => {
    await change((db) => rows.add(db, parcel))
    return withOutbox((db) => rows.read(db, parcel.itemId))
  },
  restore: (parcel: rows.OutboxParcel): Promise<void> => change((db) => rows.restore(db, parcel)),
  read: (itemId: string): Promise<rows.OutboxParcel | null> => withOutbox((db) => rows.read(db, itemId)),
  list: (): Promise<readonly rows.OutboxRow[]> => withOutbox(rows.list),
  sequence: (deviceId: string): Promise<rows.LastSequence | null> => withOutbox((db) => rows.sequence(db, deviceId)),
  recordReceipts: (kept: readonly rows.ReceiptRow[]): Promise<void> =>
    change((db) => kept.forEach((each) => rows.recordReceipt(db, each))),
  quarantine: (itemId: string, sha256: Bytes, lastError: string): Promise<void> =>
    change((db) => rows.quarantine(db, itemId, sha256, lastError)),
  requeueAll: (incarnation: string): Promise<void> => change((db) => rows.requeueAll(db, incarnation)),
  letGo: (itemId: string, sha256: Bytes, incarnation: string, pos: number): Promise<void> =>
    change((db) => rows.letGo(db, { itemId, sha256, incarnation, pos })),
  offerAgain: (itemId: string, sha256: Bytes, pos: number): Promise<void> =>
    change((db) => rows.offerAgain(db, { itemId, sha256, pos })),
  suggest: async (query: Query, postcode: string | null, at: Date): Promise<readonly Suggestion[]> =>
    servicesFor(await directory(), query, postcode, at),
  directoryVersion: async (): Promise<string> => (await directory()).version,
  centres: async (): Promise<readonly Centre[]> => centreRows(await directory()),
  receivingCentre: async (postcode: string | null): Promise<ReceivingCentre> =>
    receivingCentreOf(await directory(), postcode),
  encodePicture: (file: Blob): Promise<Encoded> => encodePicture(file),
  keepFile: (attId: string, plain: Plain): Promise<KeptBytes> => keepFile(attId, plain),
} as const

export type Commands = typeof commands
export type CommandName = keyof Commands

function change(work: (db: Database) => void): Promise<void> {
  return withOutbox((db) => db.transaction('IMMEDIATE', () => work(db)))
}

async function withOutbox<T>(work: (db: Database) => T): Promise<T> {
  await sqlite()
  return withFile(FILE, (db) => {
    rows.prepare(db)
    return work(db)
  })
}

type Question = { readonly n: number; readonly name: CommandName; readonly args: readonly unknown[] }

globalThis.onmessage = async (event: MessageEvent<Question>) => {
  const { n, name, args } = event.data
  try {
    const command = commands[name] as (...args: readonly unknown[]) => Promise<unknown>
    globalThis.postMessage({ n, ok: await command(...args) })
  } catch (error) {
    globalThis.postMessage({ n, error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' })
  }
}
