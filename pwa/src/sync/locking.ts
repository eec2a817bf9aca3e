/** The lock by time of this device, kept in its stores. The rule itself is `lock`. */

import { type Bytes, concat, uint64, utf8, uuidBytes } from './bytes.ts'
import { LABEL, receiptKey, signatureValid } from './keyset.ts'
import { lockAfter } from './lock.ts'
import { ownId, wipeByTime } from './orders.ts'
import { result } from './indexed-db.ts'
import { stores } from './parcels.ts'
import type { ContactClock, InService, KeySet, Lock } from './protocol.generated.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'

const LABEL_IN_SERVICE = utf8(`${LABEL}/in-service`)
const CLOCK = 'contact_clock'
const NO_TIME_RUNS: Lock = { state: 'open', clock: null, left_ms: null }

type Kept = { readonly deviceId: string; readonly clock: ContactClock }

/** The bytes its signature covers: fixed widths, so nothing is ambiguous. */
export function inServiceText(word: InService): Bytes {
  return concat(LABEL_IN_SERVICE, uuidBytes(word.device_id), uint64(word.at))
}

/** 'unknown_key' may be cured by fetching the key set; 'invalid' may not. */
export async function checkWord(word: InService, keys: KeySet): Promise<'valid' | 'invalid' | 'unknown_key'> {
  const key = receiptKey(keys, word.kid)
  if (key === null) return 'unknown_key'
  const valid = await signatureValid(new Uint8Array(key.public), inServiceText(word), new Uint8Array(word.sig))
  return valid ? 'valid' : 'invalid'
}

/** It opens a device that had locked itself, if the service signed it and it is to this device. */
export async function heard(word: InService | null | undefined): Promise<void> {
  if (word === null || word === undefined || word.device_id !== (await ownId())) return
  let found = await checkWord(word, await keySetInUse())
  if (found === 'unknown_key' && (await refreshKeySet())) found = await checkWord(word, await keySetInUse())
  if (found === 'valid') await lockNow(word.at)
}

/**
 * How this device stands, kept; after too long without its service, its keys and messages are destroyed. A visitor's
 * phone is never locked. `wordAt`: of a word that was verified.
 */
export async function lockNow(wordAt: number | null = null): Promise<Lock> {
  const deviceId = await ownId()
  if (deviceId === null) return NO_TIME_RUNS
  const lock = await stores.write(['kv'], async (store) => {
    const kept = await result<Kept | undefined>(store('kv').get(CLOCK))
    const before = kept?.deviceId === deviceId ? kept.clock : null // another's: it was enrolled anew
    const lock = lockAfter(before, { nowMs: Date.now(), wordAt })
    if (lock.clock !== null) await result(store('kv').put({ deviceId, clock: lock.clock } satisfies Kept, CLOCK))
    return lock
  })
  if (lock.state === 'wiped') await wipeByTime(deviceId)
  return lock
}
