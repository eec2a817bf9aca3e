/** The shared vectors, as pytest reads them too. */

import { readFileSync } from 'node:fs'
import { fromBase64url, toBase64url, type Bytes } from '../../src/sync/bytes.ts'

export function vectors<T>(name: string): T {
  const path = new URL(`../../../sync/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

export type KeyText = { readonly d: string; readonly public: string }

/** A private key of the vectors, for opening. */
export async function openingKeys(of: KeyText): Promise<CryptoKeyPair> {
  const point = fromBase64url(of.public)
  const [x, y] = [toBase64url(point.slice(1, 33)), toBase64url(point.slice(33))]
  const curve = { name: 'ECDH', namedCurve: 'P-256' } as const
  const jwk = { kty: 'EC', crv: 'P-256', x, y }
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...jwk, d: of.d }, curve, false, ['deriveBits']),
    crypto.subtle.importKey('raw', point, curve, true, []),
  ])
  return { privateKey, publicKey }
}

export function bytes(text: string): Bytes {
  return fromBase64url(text)
}
