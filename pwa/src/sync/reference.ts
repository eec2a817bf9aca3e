/** The reference a person can read out over a telephone, derived from an item's id before any network. */

import { sha256, utf8 } from './bytes.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ' // Crockford's base 32: no I, L, O, U
const CHECKS = `${ALPHABET}*~$=U`

/** `XXXX-XXXX-C`, from the first 40 bits of SHA-256 of the id's 36 ASCII characters. */
export async function reference(itemId: string): Promise<string> {
  const first = (await sha256(utf8(itemId))).slice(0, 5)
  let number = first.reduce((sum, byte) => sum * 256 + byte, 0) // 40 bits: exact in a double
  const check = CHECKS.charAt(number % 37)
  let letters = ''
  for (let place = 0; place < 8; place++) {
    letters = ALPHABET.charAt(number % 32) + letters
    number = Math.floor(number / 32)
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}-${check}`
}
