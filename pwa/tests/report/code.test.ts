import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { CodeForm } from '../../src/sync/index.ts'

let language = { checked: true }
let prepare: (form: CodeForm) => Promise<string>

vi.mock('../../src/i18n/index.ts', () => ({ language: () => language }))
vi.mock('../../src/sync/index.ts', () => ({
  prepareReturnCode: (form: CodeForm) => prepare(form),
  forgetReturnCode: () => undefined,
}))

const { chooseForm, code, codeInTime, ensureCode, forgetCode } = await import('../../src/report/code.ts')
const settled = () => vi.waitUntil(() => code.value.state !== 'making')

beforeEach(() => {
  language = { checked: true }
  prepare = async (form) => `a code of ${form}`
  forgetCode()
})

describe('the code of a report', () => {
  test('is of words, and made once', async () => {
    const asked = vi.fn(prepare)
    prepare = asked

    ensureCode()
    ensureCode()
    await settled()
    ensureCode()

    expect(code.value).toEqual({ state: 'ready', form: 'words', code: 'a code of words' })
    expect(asked).toHaveBeenCalledTimes(1)
  })

  test('is a number in a language that nobody has checked', async () => {
    language = { checked: false }

    expect(await codeInTime()).toBe('a code of digits')
  })

  test('is of the kind that was chosen, in any language', async () => {
    chooseForm('digits')
    await settled()
    chooseForm('words')
    await settled()
    language = { checked: false }
    ensureCode()

    expect(code.value).toMatchObject({ form: 'words', code: 'a code of words' })
  })

  test('is a number where the list of words is missing', async () => {
    prepare = async (form) => (form === 'words' ? Promise.reject(new TypeError('no network')) : '123')

    expect(await codeInTime()).toBe('123')
  })

  test('that cannot be made holds nothing up, and is tried again', async () => {
    prepare = () => Promise.reject(new RangeError('memory'))
    expect(await codeInTime()).toBeNull()
    expect(code.value.state).toBe('failed')

    prepare = async () => 'a late code'
    ensureCode()
    expect(await codeInTime()).toBe('a late code')
  })

  test('that comes after it was left is not kept', async () => {
    let answer: (made: string) => void = () => undefined
    prepare = () => new Promise((resolve) => (answer = resolve))
    ensureCode()

    forgetCode()
    answer('too late')
    await Promise.resolve()

    expect(code.value).toEqual({ state: 'none' })
  })
})
