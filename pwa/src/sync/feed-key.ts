/**
 * What came back lies on this device under one more key, in a file of its own. A browser's database keeps what it
 * deletes for a long time, keys too; a file that is removed is gone from the profile, and what it closed stays closed.
 * Where there is no place for such a file, messages are kept as they came: sealed to this device.
 */

import { type Bytes, own } from './bytes.ts'
import type { FeedEntry } from './parcels.ts'
import { CannotOpen } from './seal.ts'

const FOLDER = '.waymark-feed'
const NAME = 'key'
const KEY_BYTES = 32
const IV_BYTES = 12

type Closed = Pick<FeedEntry, 'sealed' | 'iv'>

/** Null where it cannot be kept. */
export async function feedKey(): Promise<CryptoKey | null> {
  const raw = await kept()
  if (raw !== null) return imported(raw)
  if (!('locks' in navigator)) return null
  // One at a time: of two keys made at once, one would be lost with all that it has closed.
  return navigator.locks.request('feed_key', async () => {
    const there = await kept()
    return there === null ? make().catch(() => null) : imported(there)
  })
}

async function make(): Promise<CryptoKey | null> {
  const file = await (await folder(true)).getFileHandle(NAME, { create: true })
  const out = await file.createWritable()
  await out.write(crypto.getRandomValues(new Uint8Array(KEY_BYTES)))
  await out.close()
  const raw = await kept()
  return raw === null ? null : imported(raw)
}

/** Null when there is none, or no whole one. */
async function kept(): Promise<Bytes | null> {
  try {
    const raw = new Uint8Array(await (await (await (await folder()).getFileHandle(NAME)).getFile()).arrayBuffer())
    return raw.length === KEY_BYTES ? raw : null
  } catch {
    return null
  }
}

async function folder(create = false): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create })
}

function imported(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

export async function closed(sealed: Uint8Array, key: CryptoKey | null): Promise<Closed> {
  if (key === null) return { sealed: own(sealed) }
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  return { sealed: new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, own(sealed))), iv }
}

/** As it came. Raises CannotOpen: its key is gone. */
export async function asItCame({ sealed, iv }: Closed): Promise<Bytes> {
  if (iv === undefined) return sealed
  const raw = await kept()
  if (raw === null) throw new CannotOpen('no feed key')
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await imported(raw), sealed))
  } catch {
    throw new CannotOpen('another feed key')
  }
}

export async function hasFeedKey(): Promise<boolean> {
  return (await kept()) !== null
}

/** From now on nobody opens what it has closed, from whatever remains of it. */
export async function dropFeedKey(): Promise<void> {
  const root = await navigator.storage?.getDirectory?.().catch(() => null)
  await root?.removeEntry(FOLDER, { recursive: true }).catch(() => undefined) // there was none
}
