/**
 * What came back, per feed. Stored as it came, with the cursor, in one transaction; opened only to be
 * shown. An unknown kind is kept for a later version of this app.
 */

import type { Message, PullResponse } from './protocol.generated.ts'
import { own } from './bytes.ts'
import { result, type Stores } from './indexed-db.ts'
import { type DeviceKeys, type FeedEntry, type StoreName, stores } from './parcels.ts'
import { openMessage } from './seal.ts'
import type { FeedMessage } from './types.ts'
import { accessed, type Fields, fromJson, signposted } from './wire.ts'

const SHOWN: ReadonlySet<string> = new Set(['ack', 'message', 'status', 'signpost', 'needs_attention', 'access'])

export type OpenedMessage = FeedMessage & { readonly itemId: string }
type Sealed = Pick<FeedEntry, 'feedId' | 'id' | 'kind' | 'sealed'>

/** Every message once, and the cursor never ahead of them. */
export function storePage(feedId: string, page: PullResponse): Promise<number> {
  return stores.write(['feed', 'kv'], (store) => putPage(store, feedId, page))
}

/** Inside a transaction. */
export async function putPage(store: Stores<StoreName>, feedId: string, page: PullResponse): Promise<number> {
  let fresh = 0
  for (const message of page.messages) {
    const known = await result<FeedEntry | undefined>(store('feed').get([feedId, message.id]))
    if (known !== undefined) continue
    await result(store('feed').put(entry(feedId, message)))
    fresh++
  }
  await result(store('kv').put(page.cursor, `cursor:${feedId}`))
  return fresh
}

function entry(feedId: string, message: Message): FeedEntry {
  return {
    feedId,
    id: message.id,
    pos: message.pos,
    kind: message.kind,
    sealed: own(message.sealed),
    applied: false,
  }
}

export function allEntries(): Promise<readonly FeedEntry[]> {
  return stores.read(['feed'], (store) => result<FeedEntry[]>(store('feed').getAll()))
}

export async function markApplied(of: FeedEntry): Promise<void> {
  await stores.write(['feed'], (store) => result(store('feed').put({ ...of, applied: true } satisfies FeedEntry)))
}

export function keysOf(deviceId: string): Promise<DeviceKeys | undefined> {
  return stores.read(['device_keys'], (store) => result<DeviceKeys | undefined>(store('device_keys').get(deviceId)))
}

export function allKeys(): Promise<readonly DeviceKeys[]> {
  return stores.read(['device_keys'], (store) => result<DeviceKeys[]>(store('device_keys').getAll()))
}

/** The message in clear, or null for a kind that is not shown. Raises CannotOpen or WireError. */
export async function openEntry(of: Sealed, keys: Pick<DeviceKeys, 'reply'>): Promise<OpenedMessage | null> {
  if (!SHOWN.has(of.kind)) return null
  const plaintext = await openMessage(of.sealed, keys.reply, { feedId: of.feedId, messageId: of.id, kind: of.kind })
  return fromJson(plaintext, (fields) => shown(of, fields))
}

function shown(of: Sealed, fields: Fields): OpenedMessage {
  return {
    itemId: fields.text('item_id'),
    id: of.id,
    kind: of.kind,
    at: fields.text('at'),
    fromName: fields.has('from_name') ? fields.text('from_name') : '',
    text: fields.has('text') ? fields.text('text') : '',
    asks: fields.has('asks') && fields.truth('asks'),
    code: fields.has('code') ? fields.text('code') : '',
    services: fields.has('services') ? fields.list('services', signposted) : [],
    access: of.kind === 'access' ? accessed(fields) : null,
  }
}
