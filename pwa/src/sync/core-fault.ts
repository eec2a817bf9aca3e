/** Our own look at our own bytes, without waiting. Where in doubt it says null: a report is then tried again. */

import { equal } from './bytes.ts'
import { type Fault, headerFault } from './fault.ts'
import { HEADER_BYTES_MAX, SEALED_BYTES_MAX } from './protocol.generated.ts'
import type { SealedItem } from './seal.ts'
import { sha256Now } from './sha256.ts'

/** Why the service must refuse these bytes, or null. */
export function structuralFault(item: SealedItem): Fault | null {
  if (item.header.length > HEADER_BYTES_MAX || item.sealed.length > SEALED_BYTES_MAX) return 'too_large'
  return equal(sha256Now(item.header, item.sealed), item.sha256) ? headerFault(item.header) : 'hash_wrong'
}
