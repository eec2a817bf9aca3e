/** Has this file arrived as a whole? Only the service's receipt over our own id and hash says so. */

import { equal } from './bytes.ts'
import { leafBytes, rootFromPath } from './merkle.ts'
import type { FileProof, KeptFile } from './parcels.ts'
import type { AttState, KeySet } from './protocol.generated.ts'
import { checkReceipt } from './receipt.ts'

const COMPLETE = 'complete'

export type Proving =
  | { readonly type: 'proved'; readonly proof: FileProof }
  /** A newer key set may tell. */
  | { readonly type: 'unknown_key' }
  | { readonly type: 'unproved' }

const UNPROVED: Proving = { type: 'unproved' }

export async function provedComplete(state: AttState, own: Pick<KeptFile, 'attId' | 'sha256'>, keys: KeySet): Promise<Proving> {
  const { complete, pos, leaf, receipt } = state
  if (complete !== true || pos == null || leaf == null || receipt == null) return UNPROVED
  const facts = { itemId: own.attId, sha256: own.sha256, pos, verdict: COMPLETE }
  const root = await rootFromPath(leafBytes(facts), leaf).catch((error: unknown) => {
    if (error instanceof RangeError) return null
    throw error
  })
  if (root === null || !equal(root, receipt.root)) return UNPROVED
  const genuine = await checkReceipt(receipt, keys)
  if (genuine === 'unknown_key') return { type: 'unknown_key' }
  return genuine === 'valid' ? { type: 'proved', proof: { pos, leaf, receipt } } : UNPROVED
}
