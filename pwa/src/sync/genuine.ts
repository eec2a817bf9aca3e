/**
 * Is this message the service's word to this feed? A visitor's reply key travels in the open, so anybody on
 * the way can seal to it: only the signature tells the police from a proxy.
 */

import { type Bytes, concat, sha256, uint64, utf8, uuidBytes } from './bytes.ts'
import { LABEL, receiptKey, signatureValid } from './keyset.ts'
import type { KeySet, Message } from './protocol.generated.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'

const LABEL_MESSAGE_SIG = utf8(`${LABEL}/message/sig`)
const KIND_BYTES_MAX = 255 // its length is one byte of the signed text

/** The bytes a message's signature covers: fixed widths, so nothing is ambiguous. */
export async function messageText(feedId: string, message: Message): Promise<Bytes> {
  const kind = utf8(message.kind)
  return concat(
    LABEL_MESSAGE_SIG,
    uuidBytes(feedId),
    uuidBytes(message.id),
    uint64(message.pos),
    Uint8Array.of(kind.length),
    kind,
    await sha256(message.sealed),
  )
}

/** 'unknown_key' may be cured by fetching the key set; 'invalid' may not. */
export async function checkMessage(feedId: string, message: Message, keys: KeySet): Promise<'valid' | 'invalid' | 'unknown_key'> {
  if (utf8(message.kind).length > KIND_BYTES_MAX) return 'invalid'
  const key = receiptKey(keys, message.kid)
  if (key === null) return 'unknown_key'
  const text = await messageText(feedId, message)
  return (await signatureValid(new Uint8Array(key.public), text, new Uint8Array(message.sig))) ? 'valid' : 'invalid'
}

/** One that is not the service's condemns its page. An unknown key: the key set is fetched once. */
export async function allGenuine(feedId: string, messages: readonly Message[]): Promise<boolean> {
  const found = await checkAll(feedId, messages)
  if (!found.has('unknown_key') || found.has('invalid')) return onlyValid(found)
  return (await refreshKeySet()) && onlyValid(await checkAll(feedId, messages))
}

type Found = ReadonlySet<'valid' | 'invalid' | 'unknown_key'>

async function checkAll(feedId: string, messages: readonly Message[]): Promise<Found> {
  const keys = await keySetInUse()
  return new Set(await Promise.all(messages.map((message) => checkMessage(feedId, message, keys))))
}

function onlyValid(found: Found): boolean {
  return !found.has('invalid') && !found.has('unknown_key')
}
