/**
 * A visitor's proof of work: asked for by a busy service in its answer to a push, solved by WebCrypto off the main
 * thread, in a page and in the service worker alike. Who finds none in time says so: nothing is refused for that.
 */

import { type Bytes, concat, sha256, uint64, utf8 } from './bytes.ts'
import { LABEL } from './keyset.ts'

const LABEL_WORK = utf8(`${LABEL}/work`)
/** Among `caps`, and the reason of such a `retry`. */
export const WORK = 'work'
const CHALLENGE_BYTES = 40
const ITEMS_MAX = 4
const BITS_MAX = 16
const ROUNDS_MAX = 20_000
const DERIVED_BITS = 128
const SOLVE_MS_MAX = 20_000 // a phone that needs longer has something better to do

/** For a push of these items, by their `sha256` in order. Empty: there is no answer, or none in time. */
export async function workFor(challenge: Bytes, digests: readonly Bytes[]): Promise<Bytes> {
  return (await solve(challenge, digests, Date.now() + SOLVE_MS_MAX)) ?? new Uint8Array()
}

export async function solve(challenge: Bytes, digests: readonly Bytes[], untilMs = Infinity): Promise<Bytes | null> {
  const asked = difficulty(challenge)
  if (asked === null || digests.length === 0 || digests.length > ITEMS_MAX) return null
  const bound = concat(LABEL_WORK, challenge, await sha256(...digests))
  const key = await crypto.subtle.importKey('raw', bound, 'PBKDF2', false, ['deriveBits'])
  for (let number = 0; Date.now() < untilMs; number++) {
    const counter = uint64(number)
    const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt: counter, iterations: asked.rounds }
    const derived = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, DERIVED_BITS))
    if (leadingZeros(derived) >= asked.bits) return concat(challenge, counter)
  }
  return null
}

/** Null for what is no challenge, or is harder than anybody works for. */
function difficulty(challenge: Bytes): { readonly bits: number; readonly rounds: number } | null {
  if (challenge.length !== CHALLENGE_BYTES) return null
  const view = new DataView(challenge.buffer, challenge.byteOffset)
  const [bits, rounds] = [view.getUint8(8), view.getUint32(9)]
  return bits >= 1 && bits <= BITS_MAX && rounds >= 1 && rounds <= ROUNDS_MAX ? { bits, rounds } : null
}

function leadingZeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? bytes.length * 8 : first * 8 + Math.clz32(bytes[first] ?? 0) - 24
}
