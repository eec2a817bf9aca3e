/**
 * A return code's keys, made on the device. The service gets two hashes and a public key; the code itself
 * travels nowhere and is kept nowhere.
 */

import { type Bytes, sha256, utf8 } from './bytes.ts'
import { LABEL } from './keyset.ts'
import type { ReturnKeys } from './protocol.generated.ts'
import type { Stretching } from './return-code.worker.ts'
import { deriveReplyKeys } from './seal.ts'
import { RETURN_CODE_WORKER, scriptAddress } from './trusted-urls.ts'
import { instanceId } from './trust.ts'

const LABEL_RETURN = `${LABEL}/return`
const STRETCH_MS_MAX = 30_000 // three seconds on a cheap phone; beyond this the thread is gone

export type DerivedReturn = {
  readonly locator: Bytes
  readonly authenticator: Bytes
  /** Its private half cannot be exported. */
  readonly reply: CryptoKeyPair
}

/** No WebAssembly, no memory, or the thread's script is not here yet. */
export class CannotDerive extends Error {
  override readonly name = 'CannotDerive'
}

type Stretch = (code: string, salt: Uint8Array) => Promise<Bytes>

/** `code` as `readCode` gives it. Raises CannotDerive. */
export async function deriveReturn(code: string, stretched: Stretch = inThread): Promise<DerivedReturn> {
  try {
    const secret = await crypto.subtle.importKey('raw', await stretched(code, instanceId()), 'HKDF', false, ['deriveBits'])
    const [locator, authenticator, ikm] = await Promise.all(
      (['locator', 'authenticator', 'reply'] as const).map((name) => expand(secret, name)),
    )
    if (locator === undefined || authenticator === undefined || ikm === undefined) throw new CannotDerive()
    return { locator, authenticator, reply: await deriveReplyKeys(ikm) }
  } catch (cause) {
    throw cause instanceof CannotDerive ? cause : new CannotDerive('', { cause })
  }
}

/** What the service may know of the code. */
export async function returnKeys(derived: DerivedReturn): Promise<ReturnKeys> {
  const [locator_hash, verifier] = await Promise.all([sha256(derived.locator), sha256(derived.authenticator)])
  return { locator_hash, verifier }
}

async function expand(secret: CryptoKey, name: string): Promise<Bytes> {
  const info = utf8(`${LABEL_RETURN}/${name}`)
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, secret, 256))
}

type Answer = { readonly hash: Bytes; readonly error?: never } | { readonly hash?: never; readonly error: string }

function inThread(code: string, salt: Uint8Array): Promise<Bytes> {
  const thread = new Worker(scriptAddress(RETURN_CODE_WORKER), { type: 'module' })
  return new Promise<Bytes>((resolve, reject) => {
    const timer = setTimeout(() => reject(new CannotDerive('timeout')), STRETCH_MS_MAX)
    thread.onmessage = ({ data }: MessageEvent<Answer>) => {
      clearTimeout(timer)
      if (data.hash === undefined) reject(new CannotDerive(data.error))
      else resolve(data.hash)
    }
    thread.onerror = () => {
      clearTimeout(timer)
      reject(new CannotDerive('thread'))
    }
    thread.postMessage({ code, salt } satisfies Stretching)
  }).finally(() => thread.terminate())
}
