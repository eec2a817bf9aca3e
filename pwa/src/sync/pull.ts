/**
 * Fetch one feed. The pull is signed over a challenge of the service, so no device clock counts; a
 * missing or stale challenge is answered with a fresh one, and tried once more.
 */

import { type Bytes, fromBase64url, toBase64url, utf8 } from './bytes.ts'
import type { Failure as CoreFailure, OpenedReceipt } from './core-parts.ts'
import { covers } from './core-proof.ts'
import type { Failure } from './decide.ts'
import { allEntries, keysOf, markApplied, storePage } from './feed.ts'
import { asItCame } from './feed-key.ts'
import { allGenuine } from './genuine.ts'
import { bodyOf, get, type Reply } from './http.ts'
import { LABEL, sign } from './keyset.ts'
import { adoptIncarnation, type DeviceKeys, type FeedEntry, keepReceipt, parcel, type Parcel, setting } from './parcels.ts'
import type { KeySet, PullResponse, Revocation } from './protocol.generated.ts'
import { failureOfCore } from './push.ts'
import { checkReceipt } from './receipt.ts'
import { provedComplete } from './files-proof.ts'
import { completeFile, fileRow } from './files-store.ts'
import { CannotOpen, openMessage } from './seal.ts'
import { keySetInUse } from './trust.ts'
import { attachmentBody, fromJson, fromMsgpack, pullResponse, receiptBody, revocation, WireError } from './wire.ts'

const LABEL_PULL = `${LABEL}/pull`
const LIMIT = 100
const PAGES_MAX = 50 // far more than a feed holds; a service that says `more` for ever is broken

export type Pulled =
  | { readonly type: 'answered'; readonly fresh: number; readonly requeued: boolean }
  | { readonly type: 'failed'; readonly failure: Failure }

const challenges = new Map<string, string>()

/** A push answer brings a challenge for this device: it saves a round trip. */
export function noteChallenge(deviceId: string, challenge: string): void {
  challenges.set(deviceId, challenge)
}

export async function pullFeed(feedId: string): Promise<Pulled> {
  const keys = await keysOf(feedId)
  if (keys === undefined) return { type: 'answered', fresh: 0, requeued: false }
  let [fresh, requeued] = [0, false]
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await nextPage(keys)
    if ('failure' in answer) return { type: 'failed', failure: answer.failure }
    requeued = (await adoptIncarnation(answer.page.incarnation)) || requeued
    fresh += await storePage(feedId, answer.page)
    if (!answer.page.more) break
  }
  await applyReceipts()
  return { type: 'answered', fresh, requeued }
}

/** As the core asks for it. */
export async function pageOf(feedId: string): Promise<{ readonly page: PullResponse } | Unanswered> {
  const keys = await keysOf(feedId)
  if (keys === undefined) return { failure: NO_FEED }
  const answer = await nextPage(keys)
  return 'failure' in answer ? { ...answer, failure: failureOfCore(answer.failure) } : answer
}

/** `revoke`: an order that the refusal brought. Its signature was not looked at. */
type Unanswered = { readonly failure: CoreFailure; readonly revoke?: Revocation }

type OpenedEntry = OpenedReceipt & { readonly row: Parcel; readonly entry: FeedEntry }
const NO_FEED: CoreFailure = { kind: 'fault', reason: 'no_feed', floorS: 0 }

/** Receipts among the messages, verified. Proofs of files are taken over on the way. */
export async function openReceipts(): Promise<readonly OpenedEntry[]> {
  const found: OpenedEntry[] = []
  const service = await keySetInUse()
  for (const entry of await allEntries()) {
    if (entry.applied || (entry.kind !== 'receipt' && entry.kind !== 'attachment')) continue
    const keys = await keysOf(entry.feedId)
    if (keys === undefined) continue
    if (entry.kind === 'attachment') {
      if (await applyFileProof(entry, keys, service)) await markApplied(entry)
      continue
    }
    const opened = await openReceipt(entry, keys, service)
    if (opened === 'not_ours') await markApplied(entry)
    else if (opened !== 'unknown_key') found.push(opened)
  }
  return found
}

type Page = { readonly page: PullResponse } | { readonly failure: Failure; readonly revoke?: Revocation }

const NOT_THE_SERVICE: Page = { failure: { type: 'unreachable', reason: 'not_the_service' } }

async function nextPage(keys: DeviceKeys): Promise<Page> {
  const cursor = (await setting<string>(`cursor:${keys.deviceId}`)) ?? ''
  let reply = await ask(keys, cursor)
  if (reply.type === 'answer' && reply.status === 401 && reply.headers.has('waymark-challenge')) {
    noteChallenge(keys.deviceId, reply.headers.get('waymark-challenge') ?? '')
    reply = await ask(keys, cursor)
  }
  const body = bodyOf(reply)
  return 'failure' in body ? { ...body, ...orderIn(reply) } : believed(keys.deviceId, body.body)
}

/** Of a feed that is closed: its device cannot prove any more who it is, and is told all the same. */
function orderIn(reply: Reply): { readonly revoke?: Revocation } {
  const header = reply.type === 'answer' && reply.status === 401 ? reply.headers.get('waymark-revoke') : null
  if (header === null) return {}
  try {
    return { revoke: fromMsgpack(fromBase64url(header), revocation) }
  } catch {
    return {}
  }
}

/** A page with one message that the service did not sign is no answer: nothing is kept, the cursor stays. */
async function believed(feedId: string, body: Bytes): Promise<Page> {
  try {
    const page = fromMsgpack(body, pullResponse)
    if (!(await allGenuine(feedId, page.messages))) return NOT_THE_SERVICE
    noteChallenge(feedId, page.challenge)
    return { page }
  } catch (error) {
    if (error instanceof WireError) return NOT_THE_SERVICE
    throw error
  }
}

async function ask(keys: DeviceKeys, cursor: string): Promise<Reply> {
  const challenge = challenges.get(keys.deviceId) ?? ''
  const text = pullText({ deviceId: keys.deviceId, challenge, cursor, limit: LIMIT })
  return get(`/sync/v1/pull?cursor=${encodeURIComponent(cursor)}&limit=${LIMIT}`, {
    'waymark-device': keys.deviceId,
    'waymark-challenge': challenge,
    'waymark-signature': toBase64url(await sign(keys.signing.privateKey, text)),
  })
}

/** The bytes a pull's signature covers. Fields cannot contain the separator. */
export function pullText(of: {
  readonly deviceId: string
  readonly challenge: string
  readonly cursor: string
  readonly limit: number
}): Bytes {
  return utf8([LABEL_PULL, of.deviceId, of.challenge, of.cursor, String(of.limit)].join('\n'))
}

/** A receipt that came by the feed counts like one that came with the push: its answer may have been lost. */
async function applyReceipts(): Promise<void> {
  const incarnation = await setting<string>('incarnation')
  for (const { body, row, entry } of await openReceipts()) {
    if (body.receipt.incarnation !== incarnation || !covers(body.receipt, body.result, { itemId: row.itemId, sha256: row.sha256 })) continue
    await keepReceipt({ itemId: row.itemId, sha256: row.sha256, result: body.result, receipt: body.receipt }, new Date().toISOString())
    await markApplied(entry)
  }
}

/** `unknown_key`: a later key set may tell more. `not_ours`: it will never tell us anything. */
async function openReceipt(entry: FeedEntry, keys: DeviceKeys, service: KeySet): Promise<OpenedEntry | 'unknown_key' | 'not_ours'> {
  try {
    const place = { feedId: entry.feedId, messageId: entry.id, kind: entry.kind }
    const body = fromJson(await openMessage(await asItCame(entry), keys.reply, place), receiptBody)
    const genuine = await checkReceipt(body.receipt, service)
    if (genuine === 'unknown_key') return 'unknown_key'
    const row = await parcel(body.item_id)
    if (row === undefined || genuine !== 'valid') return 'not_ours'
    return { messageId: entry.id, body, row, entry }
  } catch (error) {
    // Not for us to read, or not a receipt: it stays stored, and the push goes on trying.
    if (error instanceof CannotOpen || error instanceof WireError) return 'not_ours'
    throw error
  }
}

/** The same for a file that follows a report. */
async function applyFileProof(entry: FeedEntry, keys: DeviceKeys, service: KeySet): Promise<boolean> {
  try {
    const place = { feedId: entry.feedId, messageId: entry.id, kind: entry.kind }
    const { item_id, state } = fromJson(await openMessage(await asItCame(entry), keys.reply, place), attachmentBody)
    const file = await fileRow(state.att_id)
    if (file === undefined || file.itemId !== item_id) return true
    const proving = await provedComplete(state, file, service)
    if (proving.type === 'unknown_key') return false
    if (proving.type === 'proved' && proving.proof.receipt.incarnation === (await setting<string>('incarnation')))
      await completeFile(file.attId, proving.proof)
    return true
  } catch (error) {
    if (error instanceof CannotOpen || error instanceof WireError) return true
    throw error
  }
}
