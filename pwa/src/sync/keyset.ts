/**
 * The service's public keys. A set counts only when the root that this build pins has signed it, and an
 * older set never replaces a newer one.
 */

import { type Bytes, concat, fromBase64url, utf8 } from './bytes.ts'
import type { KeySet, ServiceKey, SignedKeySet } from './protocol.generated.ts'
import { fromMsgpack, keySet } from './wire.ts'

export const LABEL = 'waymark-sync/1'
const LABEL_KEYS = utf8(`${LABEL}/keys`)

export type Trust = {
  readonly root: string
  readonly instance: string
  readonly keyset: { readonly payload: string; readonly sig: string }
}

export class UntrustedKeys extends Error {
  override readonly name = 'UntrustedKeys'
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const

/** False for a wrong signature and for a key that is no point of the curve alike. */
export async function signatureValid(publicKey: Bytes, text: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64) return false
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, ECDSA, true, ['verify'])
    return await crypto.subtle.verify(ECDSA_SHA256, key, signature, text)
  } catch {
    return false
  }
}

export async function sign(key: CryptoKey, text: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(ECDSA_SHA256, key, text))
}

/** Raises UntrustedKeys or WireError. */
export async function openKeySet(signed: SignedKeySet, root: Bytes): Promise<KeySet> {
  const payload = new Uint8Array(signed.payload)
  if (!(await signatureValid(root, concat(LABEL_KEYS, payload), new Uint8Array(signed.sig))))
    throw new UntrustedKeys('not signed by the pinned root')
  return fromMsgpack(payload, keySet)
}

export function pinned(trust: Trust): { readonly root: Bytes; readonly signed: SignedKeySet } {
  return {
    root: fromBase64url(trust.root),
    signed: { payload: fromBase64url(trust.keyset.payload), sig: fromBase64url(trust.keyset.sig) },
  }
}

/** Never go back: a replayed old set could name a key that was given up. */
export function newerOf(one: KeySet, other: KeySet): KeySet {
  return other.issued_at > one.issued_at ? other : one
}

/** The receiving centre's own key, else the service's; null when the set offers none that this build can use. */
export function sealingKey(keys: KeySet, centreId = ''): ServiceKey | null {
  const usable = keys.keys.filter((key) => key.use === 'seal' && key.suite === 1 && (key.state ?? 'current') === 'current')
  const of = (wanted: string): ServiceKey | undefined => usable.find((key) => (key.centre_id ?? '') === wanted)
  return of(centreId) ?? of('') ?? null
}

export function receiptKey(keys: KeySet, kid: string): ServiceKey | null {
  return keys.keys.find((key) => key.use === 'receipt' && key.kid === kid) ?? null
}
