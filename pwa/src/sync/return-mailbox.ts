/**
 * A report's mailbox on a device that did not make it, or has forgotten it. Keys, messages and the code's
 * traces live in this module's memory and nowhere else, until it is closed.
 */

import { toBase64url } from './bytes.ts'
import { openEntry } from './feed.ts'
import { allGenuine } from './genuine.ts'
import { get, type Reply } from './http.ts'
import { checkProof } from './proof.ts'
import type { Message, PullResponse, ReturnResponse } from './protocol.generated.ts'
import { reference } from './reference.ts'
import { type DerivedReturn, deriveReturn } from './return-code.ts'
import { sayFromElsewhere } from './say-more.ts'
import { CannotOpen } from './seal.ts'
import { type FeedMessage, type MoreToSay, ReturnFailed, type ReturnMailbox } from './types.ts'
import { fromMsgpack, returnResponse, WireError } from './wire.ts'

const PAGES_MAX = 50 // far more than a mailbox holds; a service that says `more` for ever is broken

let held: DerivedReturn | null = null

/** `code` as `readCode` gives it. Raises ReturnFailed. */
export async function openReturn(code: string): Promise<ReturnMailbox> {
  const derived = await deriveReturn(code).catch((cause: unknown) => {
    throw new ReturnFailed('cannot_derive', 0, { cause })
  })
  const mailbox = await read(derived)
  held = derived
  return mailbox
}

/** Look again. Raises ReturnFailed; also when the mailbox was closed meanwhile. */
export async function lookAgain(): Promise<ReturnMailbox> {
  if (held === null) throw new ReturnFailed('unknown')
  return read(held)
}

/** Returns the message's item id. Raises SaveFailed or ReturnFailed. */
export async function writeBack(more: MoreToSay): Promise<string> {
  if (held === null) throw new ReturnFailed('unknown')
  return sayFromElsewhere(more, held.authenticator)
}

export function closeReturn(): void {
  held = null
}

async function read(derived: DerivedReturn): Promise<ReturnMailbox> {
  let answer = await ask(derived, '')
  const { feed_id: feedId, proof } = answer
  if ((await checkProof(proof)) !== 'valid') throw new ReturnFailed('not_the_service')
  const messages: FeedMessage[] = await opened(feedId, answer.page, derived, proof.item_id)
  for (let page = 1; answer.page.more && page < PAGES_MAX; page++) {
    answer = await ask(derived, answer.page.cursor)
    if (answer.feed_id !== feedId || answer.proof.item_id !== proof.item_id) throw new ReturnFailed('not_the_service')
    messages.push(...(await opened(feedId, answer.page, derived, proof.item_id)))
  }
  return {
    itemId: proof.item_id,
    reference: await reference(proof.item_id),
    receivedAt: proof.receipt.at,
    messages,
    proof,
  }
}

/** In headers, never in an address: addresses are written into logs and histories. */
async function ask(derived: DerivedReturn, cursor: string): Promise<ReturnResponse> {
  const reply = await get(`/sync/v1/return?cursor=${encodeURIComponent(cursor)}`, {
    'waymark-locator': toBase64url(derived.locator),
    'waymark-authenticator': toBase64url(derived.authenticator),
  })
  if (reply.type !== 'answer' || reply.status !== 200) throw failedBy(reply)
  try {
    return fromMsgpack(reply.body, returnResponse)
  } catch (cause) {
    throw cause instanceof WireError ? new ReturnFailed('not_the_service', 0, { cause }) : cause
  }
}

export function failedBy(reply: Reply): ReturnFailed {
  if (reply.type === 'failure') return new ReturnFailed('no_connection')
  if (reply.status === 404) return new ReturnFailed('unknown')
  const afterS = Number(reply.headers.get('retry-after') ?? '0') || 0
  if (reply.status === 429) return new ReturnFailed('limited', afterS)
  return new ReturnFailed(reply.status >= 500 ? 'busy' : 'not_the_service', afterS)
}

async function opened(
  feedId: string,
  page: PullResponse,
  { reply }: DerivedReturn,
  itemId: string,
): Promise<FeedMessage[]> {
  if (!(await allGenuine(feedId, page.messages))) throw new ReturnFailed('not_the_service')
  const found = await Promise.all(page.messages.map((message) => openOne(feedId, message, reply, itemId)))
  return found.filter((message) => message !== null)
}

/** Null for what is not shown, not sealed to this code, or about another report. */
async function openOne(feedId: string, message: Message, reply: CryptoKeyPair, itemId: string): Promise<FeedMessage | null> {
  try {
    const entry = { feedId, id: message.id, kind: message.kind, sealed: new Uint8Array(message.sealed) }
    const shown = await openEntry(entry, { reply })
    return shown === null || shown.itemId !== itemId ? null : shown
  } catch (error) {
    if (error instanceof CannotOpen || error instanceof WireError) return null
    throw error
  }
}
