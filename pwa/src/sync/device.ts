/**
 * Who this device is: a visitor's phone, with keys of its own for every report, or a centre's tablet,
 * enrolled once. Private keys cannot be exported; that they last is tested, not believed.
 */

import { type Bytes, concat, utf8 } from './bytes.ts'
import { keysOf } from './feed.ts'
import { bodyOf, post } from './http.ts'
import { result } from './indexed-db.ts'
import { LABEL, sign, signatureValid } from './keyset.ts'
import { lockNow } from './locking.ts'
import { type KeptOrder, keysRemain, orderKept } from './orders.ts'
import { type DeviceKeys, keepSetting, setting, stores } from './parcels.ts'
import { type DeviceIdentity, EnrolFailed, type OutOfService } from './types.ts'
import { enrolResponse, fromMsgpack, toMsgpack, WireError } from './wire.ts'
import type { EnrolResponse } from './protocol.generated.ts'

export const ENROLMENT = 'enrolment'
const PROBE = 'probe'
const LABEL_ENROL = utf8(`${LABEL}/enrol`)

export type Enrolment = { readonly deviceId: string; readonly centreId: string; readonly centreName: string }

export async function newKeys(deviceId: string): Promise<DeviceKeys> {
  const [signing, reply] = await Promise.all([
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']),
  ])
  return { deviceId, signing, reply: reply as CryptoKeyPair }
}

export async function publicBytes(pair: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
}

export async function identity(): Promise<DeviceIdentity> {
  const enrolment = await setting<Enrolment>(ENROLMENT)
  if (enrolment === undefined) return { mode: 'visitor' }
  const lock = await lockNow() // first: it may be time to wipe
  return {
    mode: 'centre',
    ...enrolment,
    outOfService: await outOfService(await orderKept()),
    lock: lock.state,
    locksAt: typeof lock.left_ms === 'number' ? Date.now() + lock.left_ms : null,
  }
}

/** 'done' is said only while no key is here: a report that was begun before the order brings its own. */
async function outOfService(order: KeptOrder | null): Promise<OutOfService | null> {
  if (order === null) return null
  if (order.byTime === true) return 'by_time'
  return order.gone === null || (await keysRemain()) ? 'sending' : 'done'
}

/** Write, reopen, read, sign: false when this browser loses keys that it said it had kept. */
export async function keysLast(): Promise<boolean> {
  if ((await keysOf(PROBE)) === undefined) await keepKeys(await newKeys(PROBE))
  await stores.close()
  return usable(await keysOf(PROBE))
}

/** Do the stored keys still sign? */
export async function usable(keys: DeviceKeys | undefined): Promise<boolean> {
  if (keys === undefined) return false
  try {
    const text = utf8('probe')
    return await signatureValid(await publicBytes(keys.signing), text, await sign(keys.signing.privateKey, text))
  } catch {
    return false
  }
}

async function keepKeys(keys: DeviceKeys): Promise<void> {
  await stores.write(['device_keys'], (store) => result(store('device_keys').put(keys)))
}

/** Present the one-time code from the desk. The code is spent only once the keys are known to last. */
export async function enrol(code: string): Promise<Enrolment> {
  if (!(await keysLast().catch(() => false))) throw new EnrolFailed('no_storage')
  const keys = await newKeys('pending')
  const answer = await present(code, keys)
  const enrolment = { deviceId: answer.device_id, centreId: answer.centre_id, centreName: answer.centre_name }
  await keepKeys({ ...keys, deviceId: enrolment.deviceId })
  await keepSetting(ENROLMENT, enrolment)
  if (!(await usable(await keysOf(enrolment.deviceId)))) throw new EnrolFailed('no_storage')
  return enrolment
}

async function present(code: string, keys: DeviceKeys): Promise<EnrolResponse> {
  const [signKey, sealKey] = await Promise.all([publicBytes(keys.signing), publicBytes(keys.reply)])
  const normalised = utf8(code.toUpperCase().replace(/[\s-]/g, ''))
  const sig = await sign(keys.signing.privateKey, concat(LABEL_ENROL, normalised, sealKey))
  const reply = await post('/sync/v1/enrol', toMsgpack({ code, sign_key: signKey, seal_key: sealKey, sig }))
  if (reply.type === 'answer' && reply.status >= 400) throw new EnrolFailed(codeOf(reply.status))
  const body = bodyOf(reply)
  if ('failure' in body) throw new EnrolFailed('no_connection')
  try {
    return fromMsgpack(body.body, enrolResponse)
  } catch (error) {
    if (error instanceof WireError) throw new EnrolFailed('no_connection', { cause: error })
    throw error
  }
}

function codeOf(status: number): 'wrong_code' | 'used_or_expired' | 'too_many_tries' | 'no_connection' {
  if (status === 400 || status === 404) return 'wrong_code'
  if (status === 410) return 'used_or_expired'
  return status === 429 ? 'too_many_tries' : 'no_connection'
}
