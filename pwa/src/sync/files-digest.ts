/**
 * SHA-256 of a file a piece at a time. `crypto.subtle` wants all of it in memory, and WebAssembly may run in the
 * outbox's thread alone; this runs in a service worker, too. Slow, and seldom needed.
 */

import type { Bytes } from './bytes.ts'
import { sealedFile } from './files-folder.ts'

const BLOCK = 64
const READ_BYTES = 262_144 // whole blocks
const ROUNDS = constants()

/** Raises FileLost. */
export async function digestOnDisk(attId: string): Promise<{ readonly size: number; readonly sha256: Bytes }> {
  const file = await sealedFile(attId)
  return { size: file.size, sha256: await digestOf(file) }
}

export async function digestOf(file: Blob): Promise<Bytes> {
  const state = fractions(8, 1 / 2)
  const whole = file.size - (file.size % BLOCK)
  for (let at = 0; at < whole; at += READ_BYTES) blocks(state, await read(file, at, Math.min(whole, at + READ_BYTES)))
  blocks(state, padded(await read(file, whole, file.size), file.size))
  const made = new DataView(new ArrayBuffer(32))
  state.forEach((word, index) => made.setUint32(4 * index, word))
  return new Uint8Array(made.buffer)
}

async function read(file: Blob, from: number, to: number): Promise<Bytes> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer())
}

function padded(rest: Bytes, size: number): Bytes {
  const last = new Uint8Array(rest.length + 9 > BLOCK ? 2 * BLOCK : BLOCK)
  last.set(rest)
  last[rest.length] = 0x80
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(size) * 8n)
  return last
}

function blocks(state: Uint32Array, bytes: Bytes): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Uint32Array(BLOCK)
  for (let at = 0; at < bytes.length; at += BLOCK) {
    for (let n = 0; n < 16; n++) words[n] = view.getUint32(at + 4 * n)
    for (let n = 16; n < BLOCK; n++) words[n] = expanded(words, n)
    round(state, words)
  }
}

function expanded(words: Uint32Array, n: number): number {
  const [near, far] = [words[n - 15] as number, words[n - 2] as number]
  const mixed = (turn(near, 7) ^ turn(near, 18) ^ (near >>> 3)) + (turn(far, 17) ^ turn(far, 19) ^ (far >>> 10))
  return mixed + (words[n - 16] as number) + (words[n - 7] as number)
}

function round(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let n = 0; n < BLOCK; n++) {
    const choice = (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g))
    const one = (h + choice + (ROUNDS[n] as number) + (words[n] as number)) | 0
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] as number) + word
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

function constants(): Uint32Array {
  return fractions(BLOCK, 1 / 3)
}

/** Of the roots of the first primes: the first 32 bits behind the point. */
function fractions(count: number, power: number): Uint32Array {
  const made: number[] = []
  for (let n = 2; made.length < count; n++) {
    let prime = true
    for (let by = 2; by * by <= n; by++) prime &&= n % by !== 0
    if (prime) made.push((n ** power % 1) * 2 ** 32)
  }
  return Uint32Array.from(made)
}
