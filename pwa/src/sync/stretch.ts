/** The slow step between a return code and its keys: slow, so that guessing codes costs more than it gains. */

import { argon2id } from 'hash-wasm'
import type { Bytes } from './bytes.ts'

const MEMORY_KIB = 65_536 // 64 MiB: what a cheap phone can still spare, and a guesser must have for each guess
const PASSES = 3

/** 32 bytes. Raises where WebAssembly or the memory is refused. */
export async function stretch(code: string, salt: Uint8Array): Promise<Bytes> {
  const hash = await argon2id({
    password: code,
    salt,
    memorySize: MEMORY_KIB,
    iterations: PASSES,
    parallelism: 1,
    hashLength: 32,
    outputType: 'binary',
  })
  return new Uint8Array(hash)
}
