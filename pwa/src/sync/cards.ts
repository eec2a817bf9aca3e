/** What the screens show, computed from the stores alone. Opened messages are kept in memory only. */

import { envelopeBytes } from './core-settle.ts'
import { allEntries, allKeys, openEntry, type OpenedMessage } from './feed.ts'
import { asItCame } from './feed-key.ts'
import { WAITS } from './files-rest.ts'
import { allFiles } from './files-store.ts'
import { allParcels, allReceipts, type DeviceKeys, type FeedEntry, hasArrived, isErased, type KeptFile, type KeptReceipt, type Parcel } from './parcels.ts'
import { lockNow } from './locking.ts'
import { CannotOpen, openMessage } from './seal.ts'
import type { FeedMessage, FilesOfReport, OutboxCard, ReportState, SaidMore } from './types.ts'
import { fromJson, receiptBody, WireError } from './wire.ts'

const FOLLOWED_MS = 30 * 86_400_000 // later ones are asked after when the app is opened, and by a knock

const opened = new Map<string, OpenedMessage | null>()

/** Newest first. `sending`: what this page has on the wire at this moment. */
export async function readCards(sending: ReadonlySet<string>): Promise<readonly OutboxCard[]> {
  const [parcels, receipts, messages, said, files] = await Promise.all([
    allParcels(),
    allReceipts(),
    readMessages(),
    readSaid(),
    allFiles(),
  ])
  const byItem = new Map(receipts.map((each): [string, KeptReceipt] => [each.itemId, each]))
  return parcels
    .filter((parcel) => !parcel.hidden && parcel.kind === 'report')
    .map((parcel) => ({
      ...card(parcel, byItem.get(parcel.itemId) ?? null, messages.get(parcel.itemId) ?? [], sending),
      said: parcel.mode === 'visitor' ? said.filter((each) => each.feedId === parcel.deviceId) : [],
      files: filesOf(files.filter((file) => file.itemId === parcel.itemId)),
    }))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.itemId.localeCompare(b.itemId))
}

function card(
  parcel: Parcel,
  receipt: KeptReceipt | null,
  messages: readonly FeedMessage[],
  sending: ReadonlySet<string>,
): Omit<OutboxCard, 'said' | 'files'> {
  const { itemId, reference, createdAt, attempts, lastError, nextTryAt, mode } = parcel
  return {
    itemId,
    reference,
    createdAt,
    bytes: envelopeBytes(parcel),
    state: isErased(receipt) && hasArrived(parcel) ? 'erased' : stateOf(parcel, messages, sending.has(itemId)),
    attempts,
    lastError,
    nextTryAt,
    sentAt: parcel.receiptedAt,
    position: receipt?.result.pos ?? null,
    messages,
    mode,
  }
}

export function filesOf(files: readonly Pick<KeptFile, 'state' | 'lastError'>[]): FilesOfReport {
  const count = (state: KeptFile['state']) => files.filter((file) => file.state === state).length
  const resting = files.filter((file) => file.state === 'queued' && file.lastError === WAITS).length
  return { total: files.length - count('gone'), arrived: count('complete'), lost: count('lost'), resting }
}

/** What was written about reports from here, oldest first. Never its words: they are sealed. */
export async function readSaid(): Promise<readonly SaidMore[]> {
  const parcels = await allParcels()
  return parcels
    .filter((each) => each.kind === 'message' && !each.hidden)
    .map(({ itemId, deviceId, createdAt, state }): SaidMore => ({
      itemId,
      feedId: deviceId,
      at: createdAt,
      state: hasArrived({ state }) ? 'sent' : state === 'queued' ? 'waiting' : 'attention',
    }))
    .sort((a, b) => a.at.localeCompare(b.at))
}

export function stateOf(
  parcel: Pick<Parcel, 'state' | 'verdict' | 'attempts'>,
  messages: readonly Pick<FeedMessage, 'kind'>[],
  sending: boolean,
): ReportState {
  const kinds = new Set(messages.map((message) => message.kind))
  // A person's answer outweighs what a machine had to say before it.
  if (kinds.has('ack')) return 'acknowledged'
  if (kinds.has('needs_attention') || parcel.state === 'quarantined' || parcel.verdict === 'conflict') return 'attention'
  if (hasArrived(parcel)) return 'sent'
  if (sending) return 'sending'
  return parcel.attempts > 0 ? 'retrying' : 'ready'
}

/** Feeds worth asking: of reports that no person has answered yet, and of those that one may write about again. */
export async function feedsToAsk(cards: readonly OutboxCard[], at: number): Promise<readonly string[]> {
  const asked = new Set(cards.filter((each) => isUnanswered(each) || isFollowed(each, at)).map((each) => each.itemId))
  const parcels = await allParcels()
  return [...new Set(parcels.filter((each) => asked.has(each.itemId)).map((each) => each.deviceId))]
}

export function isUnanswered(card: Pick<OutboxCard, 'state'>): boolean {
  return card.state !== 'acknowledged' && card.state !== 'ready' && card.state !== 'erased'
}

/** Read by a person not long ago: a question or an update may follow. */
export function isFollowed(card: Pick<OutboxCard, 'state' | 'createdAt'>, at: number): boolean {
  return card.state === 'acknowledged' && at - Date.parse(card.createdAt) < FOLLOWED_MS
}

/** A receipt is not shown. It is the all-clear: what could not be read before has been opened since. */
export function withMessage<T extends Pick<FeedMessage, 'kind'>>(before: readonly T[], message: T): T[] {
  if (message.kind === 'receipt') return before.filter((each) => each.kind !== 'needs_attention')
  return [...before, message]
}

async function readMessages(): Promise<ReadonlyMap<string, readonly FeedMessage[]>> {
  const { state } = await lockNow()
  if (state === 'locked' || state === 'wiped') {
    forgetOpened()
    return new Map()
  }
  const [entries, keys] = await Promise.all([allEntries(), allKeys()])
  const byFeed = new Map(keys.map((each): [string, DeviceKeys] => [each.deviceId, each]))
  const found = new Map<string, FeedMessage[]>()
  for (const entry of [...entries].sort((a, b) => a.pos - b.pos)) {
    const message = await read(entry, byFeed.get(entry.feedId))
    if (message === null) continue
    const { itemId, ...shown } = message
    found.set(itemId, withMessage(found.get(itemId) ?? [], shown))
  }
  return found
}

async function read(entry: FeedEntry, keys: DeviceKeys | undefined): Promise<OpenedMessage | null> {
  const known = opened.get(entry.id)
  if (known !== undefined || keys === undefined) return known ?? null
  const opening = entry.kind === 'receipt' ? openReceipt(entry, keys) : openEntry(entry, keys)
  const message = await opening.catch((error: unknown) => {
    if (error instanceof CannotOpen || error instanceof WireError) return null
    throw error
  })
  opened.set(entry.id, message)
  return message
}

/** Leaving: nothing opened stays in memory. */
export function forgetOpened(): void {
  opened.clear()
}

async function openReceipt(of: FeedEntry, keys: DeviceKeys): Promise<OpenedMessage> {
  const plaintext = await openMessage(await asItCame(of), keys.reply, { feedId: of.feedId, messageId: of.id, kind: of.kind })
  const { item_id: itemId } = fromJson(plaintext, receiptBody)
  return { itemId, id: of.id, kind: of.kind, at: '', fromName: '', text: '', asks: false, code: '', services: [], access: null }
}
