/** The same codes as Python's: made, read and derived by the shared vectors, with the real slow step. */

import { describe, expect, test, vi } from 'vitest'
import { toBase64url } from '../../src/sync/bytes.ts'
import { publicBytes } from '../../src/sync/device.ts'
import { CannotDerive, deriveReturn, returnKeys } from '../../src/sync/return-code.ts'
import { newCode, normalised, readCode, shownParts, wordList } from '../../src/sync/return-words.ts'
import { deriveReplyKeys } from '../../src/sync/seal.ts'
import { stretch } from '../../src/sync/stretch.ts'
import { bytes, type KeyText, vectors } from './vectors.ts'

type Derived = {
  code: string
  instance: string
  locator: string
  authenticator: string
  locator_hash: string
  verifier: string
  reply: KeyText
}
const file = vectors<{
  words: { count: number; first: string; last: string }
  made: { name: string; form: 'words' | 'digits'; draws: number[]; code: string; shown: string }[]
  normalised: { name: string; typed: string; code: string; form: string | null }[]
  derive_key_pair: { ikm: string; public: string }[]
  derived: Derived[]
}>('return_code')

vi.mock('../../src/sync/trusted-urls.ts', () => ({ RETURN_CODE_WORKER: '', scriptAddress: String }))

test('the list is the one that codes are made from', async () => {
  const words = await wordList()

  expect([words.length, words[0], words.at(-1)]).toEqual([file.words.count, file.words.first, file.words.last])
})

describe('a code', () => {
  test.each(file.made)('$name: follows the draws', async ({ form, draws, code, shown }) => {
    const left = [...draws]

    expect(await newCode(form, () => left.shift() ?? 0)).toBe(code)
    expect(shownParts(code).join(' ')).toBe(shown)
  })

  test('by chance is whole, and never the same twice', async () => {
    for (const form of ['words', 'digits'] as const) {
      const [one, other] = [await newCode(form), await newCode(form)]
      expect(one).not.toBe(other)
      expect(await readCode(one)).toEqual({ type: 'code', code: one })
    }
  })
})

describe('what was typed', () => {
  test.each(file.normalised)('$name', ({ typed, code }) => {
    expect(normalised(typed)).toBe(code)
  })

  test.each([
    ['as it was shown', 'abacus zoom drop-down abdomen onset t-shirt onset'],
    ['with hyphens between the words', 'Abacus-Zoom-drop-down-ABDOMEN-onset-t-shirt-onset'],
    ['with the hyphens of words left out', ' abacus  zoom drop down abdomen\nonset t shirt onset '],
  ])('%s is the code', async (_, typed) => {
    expect(await readCode(typed)).toEqual({ type: 'code', code: 'abacus zoom drop-down abdomen onset t-shirt onset' })
  })

  test.each([
    ['', { type: 'blank' }],
    [' - ', { type: 'blank' }],
    ['abacus zoon abdomen onset onset onset onset', { type: 'unknown_word', place: 2, word: 'zoon' }],
    ['abacus zoom drop down abdomem onset onset', { type: 'unknown_word', place: 4, word: 'abdomem' }],
    ['abacus zoom', { type: 'word_count', count: 2 }],
    ['01234 56789', { type: 'digit_count', count: 10 }],
    ['01234 56789 01234 56789 1', { type: 'digit_count', count: 21 }],
  ])('%s: says what is wrong', async (typed, said) => {
    expect(await readCode(typed)).toEqual(said)
  })

  test('of digits needs no list', async () => {
    const none = () => Promise.reject(new TypeError('no network'))

    expect(await readCode('01234 56789 98765 43210', none)).toEqual({ type: 'code', code: '01234567899876543210' })
  })
})

describe('keys', () => {
  test.each(file.derived)('of $code under $instance', async (vector) => {
    vi.stubGlobal('__TRUST__', { instance: vector.instance })

    const derived = await deriveReturn(vector.code, stretch)

    expect(toBase64url(derived.locator)).toBe(vector.locator)
    expect(toBase64url(derived.authenticator)).toBe(vector.authenticator)
    expect(toBase64url(await publicBytes(derived.reply))).toBe(vector.reply.public)
    expect(derived.reply.privateKey.extractable).toBe(false)
    const kept = await returnKeys(derived)
    expect([toBase64url(kept.locator_hash), toBase64url(kept.verifier)]).toEqual([vector.locator_hash, vector.verifier])
  })

  test.each(file.derive_key_pair)('are derived as RFC 9180 has it', async (vector) => {
    expect(toBase64url(await publicBytes(await deriveReplyKeys(bytes(vector.ikm))))).toBe(vector.public)
  })

  test('cannot be had where memory is refused', async () => {
    vi.stubGlobal('__TRUST__', { instance: file.derived[0]?.instance })

    await expect(deriveReturn('x', () => Promise.reject(new RangeError('memory')))).rejects.toThrow(CannotDerive)
  })
})
