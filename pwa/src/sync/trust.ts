/** The key set in use: pinned by the build, replaced by newer ones that the same root has signed. */

import { type Bytes, fromBase64url } from './bytes.ts'
import { get, bodyOf } from './http.ts'
import { newerOf, openKeySet, pinned, type Trust, UntrustedKeys } from './keyset.ts'
import { keepSetting, setting } from './parcels.ts'
import type { KeySet, SignedKeySet } from './protocol.generated.ts'
import { fromMsgpack, signedKeySet, WireError } from './wire.ts'

declare const __TRUST__: Trust
const KEPT = 'keyset'

let current: KeySet | null = null

/** Raises UntrustedKeys when the build itself is broken. */
export async function keySetInUse(): Promise<KeySet> {
  if (current !== null) return current
  const { root, signed } = pinned(__TRUST__)
  const built = await openKeySet(signed, root)
  const kept = await setting<SignedKeySet>(KEPT).catch(() => undefined)
  const later = kept === undefined ? null : await trusted(kept, root)
  current = later === null ? built : newerOf(built, later)
  return current
}

/** Which installation this is: the salt of its return codes. It never changes. */
export function instanceId(): Bytes {
  return fromBase64url(__TRUST__.instance)
}

/** Fetch the key set; true when a newer one was taken over. Never raises: the old set goes on serving. */
export async function refreshKeySet(): Promise<boolean> {
  const reply = bodyOf(await get('/sync/v1/keys'))
  if ('failure' in reply) return false
  const known = await keySetInUse()
  const signed = parsed(reply.body)
  const fetched = signed === null ? null : await trusted(signed, pinned(__TRUST__).root)
  if (signed === null || fetched === null || newerOf(known, fetched) === known) return false
  await keepSetting(KEPT, signed)
  current = fetched
  return true
}

function parsed(body: Bytes): SignedKeySet | null {
  try {
    return fromMsgpack(body, signedKeySet)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

async function trusted(signed: SignedKeySet, root: Bytes): Promise<KeySet | null> {
  try {
    return await openKeySet(signed, root)
  } catch (error) {
    if (error instanceof UntrustedKeys || error instanceof WireError) return null
    throw error
  }
}
