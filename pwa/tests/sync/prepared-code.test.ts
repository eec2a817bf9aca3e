import { beforeEach, expect, test } from 'vitest'
import { beginPreparing, forgetPrepared, holdPrepared, preparedKeys } from '../../src/sync/prepared-code.ts'
import type { DerivedReturn } from '../../src/sync/return-code.ts'

const keys = (byte: number): DerivedReturn => ({
  locator: Uint8Array.of(byte),
  authenticator: Uint8Array.of(byte),
  reply: {} as CryptoKeyPair,
})

beforeEach(() => forgetPrepared())

test('the keys are those of this very code', () => {
  holdPrepared({ code: 'one', derived: keys(1) }, beginPreparing())

  expect(preparedKeys('one')).toEqual(keys(1))
  expect(preparedKeys('other')).toBeNull()
  expect(preparedKeys(undefined)).toBeNull()
})

test('a slow one does not take the place of a later one', () => {
  const [words, digits] = [beginPreparing(), beginPreparing()]
  holdPrepared({ code: 'digits', derived: keys(2) }, digits)
  holdPrepared({ code: 'words', derived: keys(1) }, words)

  expect(preparedKeys('digits')).toEqual(keys(2))
})

test('one that comes after leaving is not kept', () => {
  const begun = beginPreparing()
  forgetPrepared()
  holdPrepared({ code: 'late', derived: keys(1) }, begun)

  expect(preparedKeys('late')).toBeNull()
})
