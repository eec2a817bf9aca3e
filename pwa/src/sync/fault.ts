/**
 * Our own look at our own bytes. A refusal is signed by nobody, so anybody on the way could set reports
 * aside; it counts only where this agrees. Where in doubt it says null: a report is then tried again.
 */

import { decode } from '@msgpack/msgpack'
import { HEADER_BYTES_MAX, PROTOCOL_VERSION, SEALED_BYTES_MAX } from './protocol.generated.ts'
import { intact, type SealedItem } from './seal.ts'
import { Fields } from './wire.ts'

export type Fault = 'too_large' | 'hash_wrong' | 'version_unknown' | 'header_unreadable'

const EPOCH = /^[0-9a-f]{16}$/
const KID = /^[A-Za-z0-9_-]{1,32}$/

/** Why the service must refuse these bytes, or null. */
export async function structuralFault(item: SealedItem): Promise<Fault | null> {
  if (item.header.length > HEADER_BYTES_MAX || item.sealed.length > SEALED_BYTES_MAX) return 'too_large'
  if (!(await intact(item))) return 'hash_wrong'
  return headerFault(item.header)
}

export function headerFault(raw: Uint8Array): Fault | null {
  try {
    const fields = new Fields(decode(raw), '$')
    if (fields.has('v') && fields.natural('v') !== PROTOCOL_VERSION) return 'version_unknown'
    return named(fields) ? null : 'header_unreadable'
  } catch {
    return 'header_unreadable'
  }
}

function named(fields: Fields): boolean {
  return (
    KID.test(fields.text('kid')) &&
    fields.uuid('device_id') !== '' &&
    fields.uuid('item_id') !== '' &&
    EPOCH.test(fields.text('epoch')) &&
    fields.natural('seq') >= 1
  )
}
