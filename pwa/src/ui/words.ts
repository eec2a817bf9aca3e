/** What a part may be given as words: text, or markup that the caller made from translated text. */

import type { ComponentChildren } from 'preact'

export type Words = ComponentChildren

/** Class names that are set, joined. */
export function classes(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

/** Ids for `aria-describedby`, or undefined so that the attribute is left out. */
export function describedBy(...ids: readonly (string | false | null | undefined)[]): string | undefined {
  return classes(...ids) || undefined
}

/** The shape every field's error has. `field` is the id of the element that the error summary leads to. */
export type FieldError = { readonly field: string; readonly text: string }
