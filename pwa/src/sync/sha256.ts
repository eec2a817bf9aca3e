/**
 * SHA-256 (FIPS 180-4) that answers at once. WebCrypto's answers later, and a core that waits is no pure
 * function. Only for what is public: hashes of sealed bytes and of receipts.
 */

import { type Bytes, concat } from './bytes.ts'

const BLOCK = 64
const PRIMES = primes(64)
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))

export function sha256Now(...parts: readonly Uint8Array[]): Bytes {
  const text = padded(concat(...parts))
  const view = new DataView(text.buffer)
  const state = Uint32Array.from(START)
  const words = new Uint32Array(64)
  for (let at = 0; at < text.length; at += BLOCK) compress(state, schedule(words, view, at))
  const digest = new Uint8Array(32)
  state.forEach((word, index) => new DataView(digest.buffer).setUint32(index * 4, word))
  return digest
}

function padded(text: Uint8Array): Bytes {
  const whole = new Uint8Array(Math.ceil((text.length + 9) / BLOCK) * BLOCK)
  whole.set(text)
  whole[text.length] = 0x80
  new DataView(whole.buffer).setBigUint64(whole.length - 8, BigInt(text.length) * 8n)
  return whole
}

function schedule(words: Uint32Array, view: DataView, at: number): Uint32Array {
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + i * 4)
  for (let i = 16; i < 64; i++) {
    const [early, late] = [word(words, i - 15), word(words, i - 2)]
    const s0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const s1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    words[i] = word(words, i - 16) + s0 + word(words, i - 7) + s1
  }
  return words
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => word(state, i)) as Eight
  for (let i = 0; i < 64; i++) {
    const mixed = (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g))
    const one = (h + mixed + word(ROUNDS, i) + word(words, i)) | 0
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = word(state, i) + value))
}

type Eight = [number, number, number, number, number, number, number, number]

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0
}

function turned(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by))
}

/** The first 32 bits behind the point. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32)
}

function primes(count: number): readonly number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
