/**
 * The wish to be told, as this device keeps it and as the service hears of it. A knock says nothing but
 * that something waits, so nothing depends on it: the feed is pulled all the same. Knows no page, so that
 * the service worker can subscribe again by itself.
 */

import { type Bytes, toBase64url, utf8 } from './bytes.ts'
import { allKeys } from './feed.ts'
import { bodyOf, get, post, type Reply } from './http.ts'
import { result } from './indexed-db.ts'
import { LABEL, sign } from './keyset.ts'
import { type DeviceKeys, keepSetting, setting, stores } from './parcels.ts'
import { fromMsgpack, knockKey, toMsgpack, WireError } from './wire.ts'

/** Of the settings that `leave` forgets on a phone. */
export const KNOCKS = 'knocks'
const LABEL_SUBSCRIBE = `${LABEL}/subscribe`
const PROBE = 'probe'

/** What the notice shows, chosen by the page: the service worker has no words of its own. */
export type Notice = { readonly title: string; readonly text: string; readonly lang: string; readonly dir: 'ltr' | 'rtl' }

export type Place = { readonly endpoint: string; readonly p256dh: Bytes; readonly auth: Bytes }

export type KeptKnocks = {
  readonly place: Place
  readonly notice: Notice
  /** Feeds that the service has taken it for. Others follow once their report has arrived. */
  readonly feeds: readonly string[]
}

/** Null: nobody wants to be told, or the person has left this phone. */
export async function keptKnocks(): Promise<KeptKnocks | null> {
  return (await setting<KeptKnocks | null>(KNOCKS)) ?? null
}

export function keepKnocks(kept: KeptKnocks | null): Promise<void> {
  return keepSetting(KNOCKS, kept)
}

/** What the browser's push manager is asked with. Null: out of reach, or a service that does not knock. */
export async function serviceKey(): Promise<Bytes | null> {
  const reply = bodyOf(await get('/sync/v1/knock-key'))
  if ('failure' in reply) return null
  try {
    return fromMsgpack(reply.body, knockKey)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

/** 'refused': this browser's push service is not one that the service knocks at. */
export type Registered = 'done' | 'later' | 'refused'

/** Every feed of this device that the service does not know of yet. A report that has not arrived has none. */
export async function register(): Promise<Registered> {
  const kept = await keptKnocks()
  if (kept === null) return 'done'
  const waiting = (await allKeys()).filter((keys) => keys.deviceId !== PROBE && !kept.feeds.includes(keys.deviceId))
  const done: string[] = []
  let outcome: Registered = 'done'
  for (const keys of waiting) {
    const reply = await proved(keys, '/sync/v1/knocks', kept.place)
    if (reply.type === 'answer' && reply.status === 204) done.push(keys.deviceId)
    else outcome = reply.type === 'answer' && reply.status === 400 ? 'refused' : 'later'
    if (reply.type === 'failure' || outcome === 'refused') break
  }
  if (done.length > 0) await keepDone(kept.place, done)
  return outcome
}

/** Unless somebody has turned it off or left, or another place has come, meanwhile. */
async function keepDone(place: Place, done: readonly string[]): Promise<void> {
  await change((now) =>
    now.place.endpoint === place.endpoint ? { ...now, feeds: [...new Set([...now.feeds, ...done])] } : null)
}

/** False: nobody wants to be told any more. */
export function keepPlace(place: Place): Promise<boolean> {
  return change((now) => ({ ...now, place, feeds: [] }))
}

/** In one go, so that what was forgotten meanwhile does not come back. False, and nothing: `to` gave null, or is not asked. */
function change(to: (now: KeptKnocks) => KeptKnocks | null): Promise<boolean> {
  return stores.write(['kv'], async (store) => {
    const now = await result<KeptKnocks | null | undefined>(store('kv').get(KNOCKS))
    const next = now == null ? null : to(now)
    if (next !== null) await result(store('kv').put(next, KNOCKS))
    return next !== null
  })
}

/** Best effort: a place that is gone is noticed by the service at its next knock. */
export async function end(): Promise<void> {
  const kept = await keptKnocks()
  for (const keys of await allKeys())
    if (kept?.feeds.includes(keys.deviceId) === true) {
      const reply = await proved(keys, '/sync/v1/knocks/end')
      if (reply.type === 'failure') return
    }
}

/** Signed like a pull: over a challenge of the service, which a first try brings. */
async function proved(keys: DeviceKeys, path: string, place?: Place): Promise<Reply> {
  const ask = async (challenge: string) => {
    const sig = await sign(keys.signing.privateKey, subscribeText({ deviceId: keys.deviceId, challenge, place }))
    return post(path, toMsgpack({ device_id: keys.deviceId, ...place, challenge, sig }))
  }
  const first = await ask('')
  const challenge = first.type === 'answer' && first.status === 401 ? first.headers.get('waymark-challenge') : null
  return challenge === null ? first : ask(challenge)
}

type Signed = { readonly deviceId: string; readonly challenge: string; readonly place?: Place | undefined }

/** The bytes that the signature covers, to end without a place. Fields cannot contain the separator. */
export function subscribeText({ deviceId, challenge, place }: Signed): Bytes {
  const keys = place === undefined ? ['', ''] : [toBase64url(place.p256dh), toBase64url(place.auth)]
  return utf8([LABEL_SUBSCRIBE, deviceId, challenge, place?.endpoint ?? '', ...keys].join('\n'))
}

/** A browser's subscription, as far as the service has to know it. Null: without keys nothing can be sent to it. */
export function placeOf(subscription: PushSubscription): Place | null {
  const [p256dh, auth] = [subscription.getKey('p256dh'), subscription.getKey('auth')]
  if (p256dh === null || auth === null) return null
  return { endpoint: subscription.endpoint, p256dh: new Uint8Array(p256dh), auth: new Uint8Array(auth) }
}
