/**
 * SQLite in the worker. Of its file systems only the synchronous pool on OPFS is used; the others would
 * start workers that the content security policy forbids.
 */

import sqlite3InitModule, { type Database, type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url'

const POOL = { name: 'waymark-outbox', initialCapacity: 6 } as const
const DISABLED = { opfs: true, 'opfs-vfs': true, 'opfs-wl': true, kvvfs: true }

type Init = (options: { readonly wasmBinary: ArrayBuffer }) => Promise<Sqlite3Static>

let engine: Promise<Sqlite3Static> | null = null
let pool: SAHPoolUtil | null = null

/** Loaded once; a failed load (no network yet) is tried again at the next call. */
export function sqlite(): Promise<Sqlite3Static> {
  engine ??= load().catch((error: unknown) => {
    engine = null
    throw error
  })
  return engine
}

async function load(): Promise<Sqlite3Static> {
  Object.assign(globalThis, { sqlite3ApiConfig: { disable: { vfs: DISABLED } } })
  const wasmBinary = await bytesOf(wasmUrl)
  return (sqlite3InitModule as unknown as Init)({ wasmBinary })
}

/** From this app's own cache first: a worker that began before the service worker took over is not served by it. */
export async function bytesOf(url: string): Promise<ArrayBuffer> {
  const cached = 'caches' in globalThis ? await caches.match(url) : undefined
  const response = cached ?? (await fetch(url))
  if (!response.ok) throw new Error(`http_${response.status}`)
  return response.arrayBuffer()
}

/**
 * Work on a file of the pool. Only one tab may hold the pool, so it is taken for this one operation,
 * under a lock, and given back. `preserveOnInitFailure`: without it a failed opening deletes every file.
 */
export function withFile<T>(name: string, work: (db: Database) => Promise<T> | T): Promise<T> {
  return navigator.locks.request('queue', async () => {
    const held = await acquire()
    let db: Database | null = null
    try {
      db = new held.OpfsSAHPoolDb(name)
      return await work(db)
    } finally {
      db?.close()
      held.pauseVfs()
    }
  })
}

async function acquire(): Promise<SAHPoolUtil> {
  if (pool !== null) return pool.unpauseVfs()
  const safety = { preserveOnInitFailure: true, forceReinitIfPreviouslyFailed: true }
  pool = await (await sqlite()).installOpfsSAHPoolVfs({ ...POOL, ...safety })
  return pool
}

/** A read-only database from bytes, for as long as the worker lives. */
export async function openBytes(bytes: ArrayBuffer): Promise<Database> {
  const { capi, oo1, wasm } = await sqlite()
  const db = new oo1.DB(':memory:')
  const pointer = wasm.allocFromTypedArray(new Uint8Array(bytes))
  const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_READONLY
  const code = capi.sqlite3_deserialize(db.pointer ?? 0, 'main', pointer, bytes.byteLength, bytes.byteLength, flags)
  db.checkRc(code)
  return db
}
