/**
 * Fetch one feed. The pull is signed over a challenge of the service, so no device clock counts; a
 * missing or stale challenge is answered with a fresh one, and tried once more.
 */

import { type Bytes, toBase64url, utf8 } from './bytes.ts'
import type { Failure } from './decide.ts'
import { allEntries, keysOf, markApplied, storePage } from './feed.ts'
import { allGenuine } from './genuine.ts'
import { bodyOf, get, type Reply } from './http.ts'
import { LABEL, sign } from './keyset.ts'
import { adoptIncarnation, type DeviceKeys, type FeedEntry, keepReceipt, parcel, setting } from './parcels.ts'
import type { KeySet, PullResponse } from './protocol.generated.ts'
import { checkReceipt, coversItem } from './receipt.ts'
import { provedComplete } from './files-proof.ts'
import { completeFile, fileRow } from './files-store.ts'
import { CannotOpen, openMessage } from './seal.ts'
import { keySetInUse } from './trust.ts'
import { attachmentBody, fromJson, fromMsgpack, pullResponse, receiptBody, WireError } from './wire.ts'

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
  await applyReceipts(keys)
  return { type: 'answered', fresh, requeued }
}

type Page = { readonly page: PullResponse } | { readonly failure: Failure }

const NOT_THE_SERVICE: Page = { failure: { type: 'unreachable', reason: 'not_the_service' } }

async function nextPage(keys: DeviceKeys): Promise<Page> {
  const cursor = (await setting<string>(`cursor:${keys.deviceId}`)) ?? ''
  let reply = await ask(keys, cursor)
  if (reply.type === 'answer' && reply.status === 401 && reply.headers.has('waymark-challenge')) {
    noteChallenge(keys.deviceId, reply.headers.get('waymark-challenge') ?? '')
    reply = await ask(keys, cursor)
  }
  const body = bodyOf(reply)
  return 'failure' in body ? body : believed(keys.deviceId, body.body)
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
async function applyReceipts(keys: DeviceKeys): Promise<void> {
  const entries = await allEntries()
  const service = await keySetInUse()
  for (const entry of entries)
    if (entry.feedId === keys.deviceId && !entry.applied) {
      if (entry.kind === 'receipt' && (await applyReceipt(entry, keys, service))) await markApplied(entry)
      if (entry.kind === 'attachment' && (await applyFileProof(entry, keys, service))) await markApplied(entry)
    }
}

/** False when a later key set may tell more. */
async function applyReceipt(entry: FeedEntry, keys: DeviceKeys, service: KeySet): Promise<boolean> {
  try {
    const place = { feedId: entry.feedId, messageId: entry.id, kind: entry.kind }
    const body = fromJson(await openMessage(entry.sealed, keys.reply, place), receiptBody)
    const genuine = await checkReceipt(body.receipt, service)
    if (genuine === 'unknown_key') return false
    const known = await parcel(body.item_id)
    if (known === undefined || genuine !== 'valid' || body.result.item_id !== body.item_id) return true
    const current = body.receipt.incarnation === (await setting<string>('incarnation'))
    if (current && (await coversItem(body.receipt, body.result, known.sha256)))
      await keepReceipt(
        { itemId: body.item_id, sha256: known.sha256, result: body.result, receipt: body.receipt },
        new Date().toISOString(),
      )
    return true
  } catch (error) {
    // Not for us to read, or not a receipt: it stays stored, and the push goes on trying.
    if (error instanceof CannotOpen || error instanceof WireError) return true
    throw error
  }
}

/** The same for a file that follows a report. */
async function applyFileProof(entry: FeedEntry, keys: DeviceKeys, service: KeySet): Promise<boolean> {
  try {
    const place = { feedId: entry.feedId, messageId: entry.id, kind: entry.kind }
    const { item_id, state } = fromJson(await openMessage(entry.sealed, keys.reply, place), attachmentBody)
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
