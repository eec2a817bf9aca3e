/** What a receipt covers, without waiting: the tree of RFC 9162, section 2.1. Its signature is checked elsewhere. */

import { type Bytes, equal } from './bytes.ts'
import { leafBytes } from './merkle.ts'
import type { ItemResult, Receipt, Retained } from './protocol.generated.ts'
import { sha256Now } from './sha256.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
const STORED: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'conflict'])
const HELD = 'held'
const NONE = new Uint8Array()

type Own = { readonly itemId: string; readonly sha256: Uint8Array; readonly sig?: Uint8Array }

/** Does the result's path lead from the device's own id and bytes to the receipt's root? `sig`: in the answer to a push. */
export function covers(receipt: Receipt, result: ItemResult, { itemId, sha256, sig = NONE }: Own): boolean {
  const { leaf, pos } = result
  if (!STORED.has(result.verdict) || result.item_id !== itemId || !leaf || pos === null || pos === undefined) return false
  const root = rootFromPath(leafBytes({ itemId, sha256, pos, verdict: result.verdict, sig }), leaf)
  return root !== null && equal(root, receipt.root)
}

/** Over all that is not missing, in the order asked for. Null when all is. */
export function manifestRoot(asked: readonly Retained[], missing: ReadonlySet<string>): Bytes | null {
  const leaves = asked
    .filter((one) => !missing.has(one.id))
    .map((one) => leafBytes({ itemId: one.id, sha256: one.sha256, pos: one.pos, verdict: HELD }))
  return leaves.length === 0 ? null : root(leaves)
}

function root(leaves: readonly Uint8Array[]): Bytes {
  const [first] = leaves
  if (first !== undefined && leaves.length === 1) return sha256Now(LEAF, first)
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1)
  return sha256Now(NODE, root(leaves.slice(0, split)), root(leaves.slice(split)))
}

/** Null where no tree of this size has such a path, so that a path cannot be stretched to fit. */
function rootFromPath(
  leaf: Uint8Array,
  place: { readonly index: number; readonly size: number; readonly path: readonly Uint8Array[] },
): Bytes | null {
  if (!Number.isSafeInteger(place.index) || place.index < 0 || place.index >= place.size) return null
  let hash = sha256Now(LEAF, leaf)
  let [node, last] = [place.index, place.size - 1]
  for (const sibling of place.path) {
    if (last === 0) return null
    const right = node % 2 === 1 || node === last
    hash = right ? sha256Now(NODE, sibling, hash) : sha256Now(NODE, hash, sibling)
    if (right) while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 ? hash : null
}
