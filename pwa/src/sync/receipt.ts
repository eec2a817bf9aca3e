/** Is this receipt the service's, and does it cover these very bytes? Anything else is no receipt. */

import { type Bytes, concat, equal, uint64, utf8, uuidBytes } from './bytes.ts'
import { LABEL, receiptKey, signatureValid } from './keyset.ts'
import { leafBytes, rootFromPath } from './merkle.ts'
import type { ItemResult, KeySet, Receipt } from './protocol.generated.ts'

const LABEL_RECEIPT = utf8(`${LABEL}/receipt`)
const STORED: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'conflict'])

/** The bytes a receipt's signature covers: fixed widths, so nothing is ambiguous. */
export function receiptText(receipt: Receipt): Bytes {
  const kid = utf8(receipt.kid)
  return concat(
    LABEL_RECEIPT,
    uuidBytes(receipt.incarnation),
    uint64(receipt.restore_floor),
    uint64(receipt.at),
    Uint8Array.of(kid.length),
    kid,
    receipt.root,
  )
}

/** 'unknown_key' may be cured by fetching the key set; 'invalid' may not. */
export async function checkReceipt(receipt: Receipt, keys: KeySet): Promise<'valid' | 'invalid' | 'unknown_key'> {
  const key = receiptKey(keys, receipt.kid)
  if (key === null) return 'unknown_key'
  const valid = await signatureValid(new Uint8Array(key.public), receiptText(receipt), new Uint8Array(receipt.sig))
  return valid ? 'valid' : 'invalid'
}

/** Does the result's path lead from our own bytes to the receipt's root? `sha256` and `sig` are the device's own. */
export async function coversItem(
  receipt: Receipt,
  result: ItemResult,
  sha256: Uint8Array,
  sig: Uint8Array = new Uint8Array(),
): Promise<boolean> {
  const { leaf, pos } = result
  if (!isStored(result.verdict) || leaf === null || leaf === undefined || pos === null || pos === undefined) return false
  const own = leafBytes({ itemId: result.item_id, sha256, pos, verdict: result.verdict, sig })
  try {
    return equal(await rootFromPath(own, leaf), receipt.root)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export function isStored(verdict: string): boolean {
  return STORED.has(verdict)
}
