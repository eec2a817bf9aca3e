/**
 * The outbox's own thread: the only one that may hold OPFS files. Every operation takes the lock, opens
 * the database, works in one transaction and lets go, so that any number of tabs can share it. It also
 * answers questions about the directory, which it reads as one file in memory.
 */

import type { Database } from '@sqlite.org/sqlite-wasm'
import { centreRows, directory, receivingCentreOf, servicesFor } from './directory-file.ts'
import * as rows from './outbox-rows.ts'
import type { Parcel } from './parcels.ts'
import { sqlite, withFile } from './sqlite.ts'
import type { Centre, ReceivingCentre, ServiceSuggestion, SuggestionQuery } from './types.ts'

const FILE = '/outbox.db'

export type { OutboxParcel, OutboxRow } from './outbox-rows.ts'

const commands = {
  /** Load, open and close once: the first save then takes tens of milliseconds. */
  ready: async (): Promise<boolean> => {
    await withOutbox(() => true)
    return true
  },
  /** Insert in one transaction; read back in another, from a database that was opened again. */
  insert: async (parcel: Parcel): Promise<rows.OutboxParcel> => {
    await withOutbox((db) => db.transaction('IMMEDIATE', () => rows.insert(db, parcel)))
    const read = await withOutbox((db) => rows.read(db, parcel.itemId))
    if (read === null) throw new Error('not_there')
    return read
  },
  read: (itemId: string): Promise<rows.OutboxParcel | null> => withOutbox((db) => rows.read(db, itemId)),
  list: (): Promise<readonly rows.OutboxRow[]> => withOutbox(rows.list),
  sequence: (deviceId: string): Promise<rows.LastSequence | null> => withOutbox((db) => rows.sequence(db, deviceId)),
  receipted: (kept: rows.ReceiptRow): Promise<void> =>
    withOutbox((db) => db.transaction('IMMEDIATE', () => rows.receipted(db, kept))),
  quarantined: (itemId: string, reason: string): Promise<void> =>
    withOutbox((db) => db.transaction('IMMEDIATE', () => rows.quarantined(db, itemId, reason))),
  requeued: (itemId: string): Promise<void> =>
    withOutbox((db) => db.transaction('IMMEDIATE', () => rows.requeued(db, itemId))),
  suggest: async (query: SuggestionQuery): Promise<readonly ServiceSuggestion[]> => servicesFor(await directory(), query),
  directoryVersion: async (): Promise<string> => (await directory()).version,
  centres: async (): Promise<readonly Centre[]> => centreRows(await directory()),
  receivingCentre: async (postcode: string | null): Promise<ReceivingCentre> =>
    receivingCentreOf(await directory(), postcode),
} as const

export type Commands = typeof commands
export type CommandName = keyof Commands

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
