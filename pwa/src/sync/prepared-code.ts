/**
 * The return code of the report that is being written, with its keys, in memory until the report is
 * finished or left. Small, as it is part of the first load.
 */

import type { DerivedReturn } from './return-code.ts'

type Prepared = { readonly code: string; readonly derived: DerivedReturn }

let held: Prepared | null = null

export function holdPrepared(prepared: Prepared): void {
  held = prepared
}

/** The keys of this very code, or null. */
export function preparedKeys(code: string | undefined): DerivedReturn | null {
  return code !== undefined && held?.code === code ? held.derived : null
}

export function forgetPrepared(): void {
  held = null
}
