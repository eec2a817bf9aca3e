/** The desk's own words, by key. Kept apart from the reporter's, so that neither loads the other's. */

import catalogue from './words.en.json'

type Catalogue = typeof catalogue
export type WordKey = keyof Catalogue
type Parameters = Readonly<Record<string, string | number>>

/** A sentence from the catalogue; `{name}` is filled from `parameters`. */
export function say(key: WordKey, parameters: Parameters = {}): string {
  return catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole))
}

/** `queue.new_one` or `queue.new_other`, by the number. */
export function sayCount<Stem extends CountStem>(stem: Stem, count: number, parameters: Parameters = {}): string {
  const plural = new Intl.PluralRules('en').select(count) === 'one' ? 'one' : 'other'
  return say(`${stem}_${plural}` as WordKey, { count, ...parameters })
}
type CountStem = WordKey extends infer Key ? (Key extends `${infer Stem}_one` ? Stem : never) : never

/** The words for a code that a newer server may have added: then the code itself, readable. */
export function sayCode(group: string, code: string): string {
  const key = `${group}.${code}`
  return isWordKey(key) ? say(key) : readable(code)
}

export function isWordKey(key: string): key is WordKey {
  return key in catalogue
}

export function readable(code: string): string {
  const words = code.replace(/^.*\./, '').replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
