/** Paths of an RFC 9162 (2.1) Merkle tree over a receipt's leaves: enough to check one's own report. */

import { type Bytes, concat, sha256, uint64, utf8, uuidBytes } from './bytes.ts'
import { sha256Now } from './sha256.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export type LeafFacts = {
  readonly itemId: string
  readonly sha256: Uint8Array
  readonly pos: number
  readonly verdict: string
  /** The signature as it was sent, in the answer to a push alone. */
  readonly sig?: Uint8Array
}

export function leafBytes({ itemId, sha256, pos, verdict, sig }: LeafFacts): Bytes {
  const signed = sig === undefined || sig.length === 0 ? new Uint8Array() : sha256Now(sig)
  return concat(uuidBytes(itemId), sha256, uint64(pos), signed, utf8(verdict))
}

/**
 * The root that this leaf and its path lead to. Raises RangeError for a path of the wrong length or an
 * index outside the tree, so that a path cannot be stretched to fit.
 */
export async function rootFromPath(
  leaf: Uint8Array,
  place: { readonly index: number; readonly size: number; readonly path: readonly Uint8Array[] },
): Promise<Bytes> {
  if (!Number.isSafeInteger(place.index) || place.index < 0 || place.index >= place.size)
    throw new RangeError('leaf outside the tree')
  let hash = await sha256(LEAF, leaf)
  let [node, last] = [place.index, place.size - 1]
  for (const sibling of place.path) {
    if (last === 0) throw new RangeError('path too long')
    if (node % 2 === 1 || node === last) {
      hash = await sha256(NODE, sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
    } else {
      hash = await sha256(NODE, hash, sibling)
    }
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  if (last !== 0) throw new RangeError('path too short')
  return hash
}

/** The whole tree's root, for tests and for tools. */
export async function merkleRoot(leaves: readonly Uint8Array[]): Promise<Bytes> {
  const [first] = leaves
  if (first === undefined) return sha256()
  if (leaves.length === 1) return sha256(LEAF, first)
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1)
  const [left, right] = await Promise.all([merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split))])
  return sha256(NODE, left, right)
}
