/**
 * What came back, per feed. Stored as it came, with the cursor, in one transaction; opened only to be
 * shown. An unknown kind is kept for a later version of this app.
 */

import type { PullResponse } from './protocol.generated.ts'
import { asItCame, closed, feedKey, hasFeedKey } from './feed-key.ts'
import { result, type Stores } from './indexed-db.ts'
import { type DeviceKeys, type FeedEntry, type StoreName, stores } from './parcels.ts'
import { openMessage } from './seal.ts'
import type { FeedMessage } from './types.ts'
import { accessed, type Fields, fromJson, signposted } from './wire.ts'

const SHOWN: ReadonlySet<string> = new Set(['ack', 'message', 'status', 'signpost', 'needs_attention', 'access'])

export type OpenedMessage = FeedMessage & { readonly itemId: string }
type Sealed = Pick<FeedEntry, 'feedId' | 'id' | 'kind' | 'sealed' | 'iv'>

/** Every message once, and the cursor never ahead of them. */
export async function storePage(feedId: string, page: PullResponse): Promise<number> {
  const entries = await entriesOf(feedId, page)
  return stores.write(['feed', 'kv'], (store) => putPage(store, feedId, page.cursor, entries))
}

/** Before the transaction, which would not wait for it. */
export async function entriesOf(feedId: string, { messages }: PullResponse): Promise<readonly FeedEntry[]> {
  if (messages.length === 0) return []
  const key = await feedKey()
  return Promise.all(
    messages.map(async ({ id, pos, kind, sealed }): Promise<FeedEntry> => ({ feedId, id, pos, kind, ...(await closed(sealed, key)), applied: false })),
  )
}

/** Inside a transaction. */
export async function putPage(store: Stores<StoreName>, feedId: string, cursor: string, entries: readonly FeedEntry[]): Promise<number> {
  let fresh = 0
  for (const entry of entries) {
    const known = await result<FeedEntry | undefined>(store('feed').get([feedId, entry.id]))
    if (known !== undefined) continue
    await result(store('feed').put(entry))
    fresh++
  }
  await result(store('kv').put(cursor, `cursor:${feedId}`))
  return fresh
}

/** Their key is gone, and nobody meant it: they are fetched again, from the beginning. */
export async function fetchAgainWhatIsClosed(): Promise<void> {
  if (await hasFeedKey()) return
  await stores.write(['feed', 'kv'], async (store) => {
    const lost = (await result<FeedEntry[]>(store('feed').getAll())).filter((each) => each.iv !== undefined)
    for (const { feedId, id } of lost) await result(store('feed').delete([feedId, id]))
    for (const feedId of new Set(lost.map((each) => each.feedId))) await result(store('kv').delete(`cursor:${feedId}`))
  })
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
  const plaintext = await openMessage(await asItCame(of), keys.reply, { feedId: of.feedId, messageId: of.id, kind: of.kind })
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
