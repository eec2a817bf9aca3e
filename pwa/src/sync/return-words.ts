/** What a return code looks like: seven words or twenty digits, made at random and read as people type. */

import { randomBelow } from './bytes.ts'
import type { CodeForm } from './types.ts'

export const WORD_COUNT = 7
export const DIGIT_COUNT = 20
/** Zero of Arabic, Persian and Urdu, Devanagari, Bengali, Gurmukhi and Gujarati. */
const DIGIT_ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6] as const
const DIGITS = /^[0-9]+$/

export type ReadCode =
  | { readonly type: 'code'; readonly code: string }
  | { readonly type: 'blank' }
  | { readonly type: 'digit_count'; readonly count: number }
  | { readonly type: 'word_count'; readonly count: number }
  /** `place` counts from 1. */
  | { readonly type: 'unknown_word'; readonly place: number; readonly word: string }

/** Fetched when it is first needed: the digits go without it. */
export async function wordList(): Promise<readonly string[]> {
  const { default: text } = await import('../../../sync/waymark_sync/words/eff_large.txt?raw')
  return lines(text)
}

/** Words of the list that hurt, or tell what a card with a code on it is about. Read, and never drawn. */
export async function passedOver(): Promise<ReadonlySet<string>> {
  const { default: text } = await import('../../../sync/waymark_sync/words/passed_over.txt?raw')
  return new Set(lines(text))
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** `below`: a random number from 0 to its argument, exclusive. */
export async function newCode(form: CodeForm, below: (limit: number) => number = randomBelow): Promise<string> {
  if (form === 'digits') return Array.from({ length: DIGIT_COUNT }, () => below(10)).join('')
  const [words, passed] = await Promise.all([wordList(), passedOver()])
  const draw = (): string => {
    for (;;) {
      const word = words[below(words.length)] ?? ''
      if (!passed.has(word)) return word
    }
  }
  return Array.from({ length: WORD_COUNT }, draw).join(' ')
}

/** One spelling for whatever was typed: words joined by one space, or digits alone. */
export function normalised(typed: string): string {
  const plain = westernDigits(typed.normalize('NFKC').toLowerCase()).replace(/[\u2010-\u2015\u2212]/g, '-')
  const words = (plain.match(/[a-z0-9-]+/g) ?? []).map((run) => run.replace(/^-+|-+$/g, '')).filter((word) => word !== '')
  const digits = words.join('').replaceAll('-', '')
  return DIGITS.test(digits) ? digits : words.join(' ')
}

/** A code that is whole, or what to tell the person about it. */
export async function readCode(typed: string, list: () => Promise<readonly string[]> = wordList): Promise<ReadCode> {
  const text = normalised(typed)
  if (text === '') return { type: 'blank' }
  if (!DIGITS.test(text)) return readWords(text, new Set(await list()))
  return text.length === DIGIT_COUNT ? { type: 'code', code: text } : { type: 'digit_count', count: text.length }
}

/** Hyphens typed between words part them. Four words have a hyphen of their own; no word begins one of those. */
function readWords(text: string, list: ReadonlySet<string>): ReadCode {
  const parts = text.split(/[ -]+/)
  const read: string[] = []
  for (let at = 0; at < parts.length; at++) {
    const [part = '', joined] = [parts[at], `${parts[at]}-${parts[at + 1]}`]
    if (list.has(joined)) at++
    read.push(list.has(joined) ? joined : part)
  }
  const unknown = read.findIndex((word) => !list.has(word))
  if (unknown >= 0) return { type: 'unknown_word', place: unknown + 1, word: read[unknown] ?? '' }
  return read.length === WORD_COUNT ? { type: 'code', code: read.join(' ') } : { type: 'word_count', count: read.length }
}

/** Keyboards of several scripts type digits of their own. */
function westernDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const zero = DIGIT_ZEROS.find((first) => digit.charCodeAt(0) >= first && digit.charCodeAt(0) < first + 10)
    return zero === undefined ? digit : String(digit.charCodeAt(0) - zero)
  })
}

/** As shown and spoken: words one by one, digits in four groups of five. */
export function shownParts(code: string): readonly string[] {
  return DIGITS.test(code) ? (code.match(/\d{5}/g) ?? []) : code.split(' ')
}

export function formOf(code: string): CodeForm {
  return DIGITS.test(code) ? 'digits' : 'words'
}
