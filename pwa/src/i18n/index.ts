/**
 * Words by key, in the chosen language. English is in the first load and stands in for anything missing;
 * other languages are fetched when chosen and are precached for use without a network.
 */

import { signal } from '@preact/signals'
import en from './en.json'

type Plural = Partial<Record<Intl.LDMLPluralRule, string>>
type Message = string | Plural
export type Messages = Readonly<Record<string, Message>>
export type MessageKey = keyof typeof en
export type Values = Readonly<Record<string, string | number>>

export type Language = {
  readonly code: string
  readonly name: string
  readonly dir: 'ltr' | 'rtl'
  /** Whether a person has checked it. If not, consent and emergency texts show English beside it. */
  readonly checked: boolean
}

const ENGLISH: Language = { code: 'en', name: 'English', dir: 'ltr', checked: true }
export const LANGUAGES: readonly Language[] = [ENGLISH, { code: 'ar', name: 'العربية', dir: 'rtl', checked: false }]

const load: Readonly<Record<string, () => Promise<{ readonly default: Messages }>>> = {
  ar: () => import('./ar.json'),
}

type Catalogue = { readonly language: Language; readonly messages: Messages }
const catalogue = signal<Catalogue>({ language: ENGLISH, messages: en })

export function language(): Language {
  return catalogue.value.language
}

/** Changes the words of the page that is open; nothing is left or reloaded. False if they cannot be had. */
export async function setLanguage(code: string): Promise<boolean> {
  const chosen = LANGUAGES.find((each) => each.code === code) ?? ENGLISH
  try {
    const messages = (await load[chosen.code]?.())?.default ?? en
    catalogue.value = { language: chosen, messages }
    return true
  } catch {
    return false // offline, before it was precached: stay in the language that is here
  }
}

/** The language that the browser asks for, if we have it. */
export function preferredLanguage(asked: readonly string[]): string {
  const first = asked[0]?.toLowerCase().split('-')[0]
  return LANGUAGES.find((each) => each.code === first)?.code ?? ENGLISH.code
}

export function t(key: MessageKey, values: Values = {}): string {
  const { language: now, messages } = catalogue.value
  return filled(messages[key] ?? en[key], values, now.code)
}

/** The English text, whatever the language. */
export function english(key: MessageKey, values: Values = {}): string {
  return filled(en[key], values, 'en')
}

/** The words for a code. A code without words, from a newer graph, is shown readable. */
export function tCode(prefix: string, code: string): string {
  const key = `${prefix}.${code}`
  return isKey(key) ? t(key) : readable(code)
}

export function isKey(key: string): key is MessageKey {
  return Object.hasOwn(en, key)
}

function readable(code: string): string {
  const words = code.replace(/^.*\./, '').replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function filled(message: Message, values: Values, code: string): string {
  const text = typeof message === 'string' ? message : plural(message, Number(values['count']), code)
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    return typeof value === 'number' ? new Intl.NumberFormat(code).format(value) : apart(value ?? '', code)
  })
}

function plural(message: Plural, count: number, code: string): string {
  return message[new Intl.PluralRules(code).select(count)] ?? message.other ?? ''
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff]/
const LEFT_TO_RIGHT = /[A-Za-z\u00c0-\u024f]/

/** A name that runs the other way keeps its own direction: what stands after it stays in its place. */
function apart(value: string, code: string): string {
  const rtl = LANGUAGES.find((each) => each.code === code)?.dir === 'rtl'
  return (rtl ? LEFT_TO_RIGHT : RIGHT_TO_LEFT).test(value) ? `\u2068${value}\u2069` : value
}

/** Numbers and references keep their own direction inside a right-to-left sentence. */
export function leftToRight(text: string): string {
  return `\u2066${text}\u2069`
}

/** A local date and time in the chosen language. */
export function dateTime(at: Date, withTime = true): string {
  const style = withTime ? ({ dateStyle: 'long', timeStyle: 'short' } as const) : ({ dateStyle: 'long' } as const)
  return new Intl.DateTimeFormat(language().code === 'en' ? 'en-GB' : language().code, style).format(at)
}
