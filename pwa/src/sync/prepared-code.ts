/**
 * The return code of the report that is being written, with its keys, in memory until the report is
 * finished or left. Small, as it is part of the first load.
 */

import type { DerivedReturn } from './return-code.ts'

type Prepared = { readonly code: string; readonly derived: DerivedReturn }

let held: Prepared | null = null
let turn = 0

/** Another one is on its way: what was held is given up. The number is to be shown when it comes. */
export function beginPreparing(): number {
  forgetPrepared()
  return turn
}

/** Kept only if nobody has left, or asked for another, meanwhile. */
export function holdPrepared(prepared: Prepared, begun: number): void {
  if (begun === turn) held = prepared
}

/** The keys of this very code, or null. */
export function preparedKeys(code: string | undefined): DerivedReturn | null {
  return code !== undefined && held?.code === code ? held.derived : null
}

export function forgetPrepared(): void {
  held = null
  turn++
}
