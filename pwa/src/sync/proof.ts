/**
 * Proof of reporting: that these sealed bytes were stored, and when. It tells nothing of the report. Whoever
 * has the service's public keys can check it, and nobody has to be asked.
 */

import { type Bytes, toBase64url, utf8 } from './bytes.ts'
import type { KeptReceipt } from './parcels.ts'
import type { KeySet, Proof } from './protocol.generated.ts'
import { checkReceipt, coversItem } from './receipt.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'
import type { ProofCheck } from './types.ts'
import { fromJson, proof as proofShape, WireError } from './wire.ts'

/** The file's text: bytes as base64url, and nothing for what is not there. */
export function proofText(proof: Proof): string {
  return JSON.stringify(withTextBytes(proof), (_, value: unknown) => value ?? undefined, 2)
}

function withTextBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64url(value)
  if (Array.isArray(value)) return value.map(withTextBytes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withTextBytes(each)]))
}

/** Of what this device keeps. A receipt that came in the feed speaks of no signature. */
export async function proofFrom({ itemId, ...kept }: KeptReceipt, sig: Bytes): Promise<Proof> {
  const ofFeed = await coversItem(kept.receipt, kept.result, kept.sha256)
  const proof = { format: 'waymark-proof/1' as const, item_id: itemId, ...kept }
  return ofFeed ? proof : { ...proof, sig }
}

/** Null for a text that is no proof. */
export function readProof(text: string): Proof | null {
  try {
    return fromJson(utf8(text.trim()), proofShape)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

/** With the keys at hand. Only a key that they do not hold makes us ask for newer ones. */
export async function checkProof(proof: Proof): Promise<ProofCheck> {
  const found = await checkWith(proof, await keySetInUse())
  if (found !== 'unknown_key' || !(await refreshKeySet())) return found
  return checkWith(proof, await keySetInUse())
}

export async function checkWith(proof: Proof, keys: KeySet): Promise<ProofCheck> {
  if (proof.result.item_id !== proof.item_id) return 'invalid'
  if (!(await coversItem(proof.receipt, proof.result, proof.sha256, proof.sig))) return 'invalid'
  return checkReceipt(proof.receipt, keys)
}
