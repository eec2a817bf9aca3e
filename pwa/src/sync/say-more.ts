/**
 * What a reporter says about a report already made. It is sealed and sent like the report itself, so it
 * survives a lost network; it proves itself by the report's own key, or by the return code.
 */

import { randomHex, toBase64url, utf8 } from './bytes.ts'
import { newKeys, publicBytes } from './device.ts'
import { keysOf } from './feed.ts'
import { call } from './outbox.ts'
import { allParcels, type DeviceKeys, freshParcel, type Parcel, parcel as storedParcel } from './parcels.ts'
import { type Header, type MessageBody, type ServiceKey } from './protocol.generated.ts'
import { reference } from './reference.ts'
import { keepBoth, serviceKey } from './save.ts'
import { sealItem, TooLong } from './seal.ts'
import { type MoreToSay, SaveFailed } from './types.ts'
import { toMsgpack } from './wire.ts'

declare const __BUILD__: string
const SCHEMA_V = 1

type Writer = {
  readonly place: { readonly deviceId: string; readonly epoch: string; readonly seq: number }
  readonly keys: DeviceKeys
  /** Null when answers to this very message are not expected: they go to the report's own mailbox. */
  readonly replyTo: CryptoKeyPair | null
  readonly authenticator: Uint8Array | null
}

/** On the phone that made the report. Returns the message's item id. Raises SaveFailed. */
export function sayHere(more: MoreToSay): Promise<string> {
  // The same lock as for reports: numbers of one device have no gaps.
  return navigator.locks.request('sequence', async () => keep(more, await reporter(more.about)))
}

/** With the return code, from any device: ids and keys of its own tie it to nothing else here. */
export async function sayFromElsewhere(more: MoreToSay, authenticator: Uint8Array): Promise<string> {
  const place = { deviceId: crypto.randomUUID(), epoch: randomHex(8), seq: 1 }
  return keep(more, { place, keys: await newKeys(place.deviceId), replyTo: null, authenticator })
}

async function reporter(about: string): Promise<Writer> {
  const report = await storedParcel(about)
  const keys = report === undefined ? undefined : await keysOf(report.deviceId)
  if (report === undefined || keys === undefined || report.mode !== 'visitor') throw new SaveFailed('device_keys_lost')
  const place = { deviceId: report.deviceId, epoch: report.epoch, seq: (await lastNumber(report)) + 1 }
  return { place, keys, replyTo: keys.reply, authenticator: null }
}

/** The further of both stores' memories. */
async function lastNumber({ deviceId, epoch }: Parcel): Promise<number> {
  const inOutbox = await call('sequence', deviceId).catch(() => null)
  const ours = (await allParcels()).filter((each) => each.deviceId === deviceId && each.epoch === epoch)
  return Math.max(inOutbox?.epoch === epoch ? inOutbox.maxSeq : 0, ...ours.map((each) => each.seq))
}

async function keep(more: MoreToSay, writer: Writer): Promise<string> {
  const service = await serviceKey()
  const parcel = await sealed(more, writer, service)
  await keepBoth(parcel, null)
  return parcel.itemId
}

async function sealed(more: MoreToSay, writer: Writer, service: ServiceKey): Promise<Parcel> {
  const itemId = crypto.randomUUID()
  const header = toMsgpack(await headerOf(itemId, service.kid, writer))
  const keys = { service: service.public, signing: writer.keys.signing.privateKey }
  const item = await sealItem(header, bodyBytes(more, itemId, writer), keys).catch((cause: unknown) => {
    throw new SaveFailed(cause instanceof TooLong ? 'too_long' : 'no_crypto', { cause })
  })
  return freshParcel(item, {
    ...writer.place,
    itemId,
    kind: 'message',
    reference: await reference(itemId),
    kid: service.kid,
    mode: 'visitor',
    createdAt: new Date().toISOString(),
  })
}

/** Keys in the order of the Struct, as in a report's header. */
async function headerOf(itemId: string, kid: string, { place, keys, replyTo }: Writer): Promise<Required<Header>> {
  return {
    v: 1,
    suite: 1,
    kid,
    device_id: place.deviceId,
    epoch: place.epoch,
    seq: place.seq,
    item_id: itemId,
    kind: 'message',
    schema_v: SCHEMA_V,
    att: [],
    reply_key: replyTo === null ? null : await publicBytes(replyTo),
    public_key: await publicBytes(keys.signing),
    return_keys: null,
  }
}

function bodyBytes(more: MoreToSay, itemId: string, { authenticator }: Writer): Uint8Array {
  const body: MessageBody = {
    item_id: itemId,
    about: more.about,
    text: more.text,
    app_build: __BUILD__,
    ui_language: more.uiLanguage,
    written_at: new Date().toISOString(),
    ...(more.inReplyTo !== null && { in_reply_to: more.inReplyTo }),
    ...(more.takesBack !== undefined && { takes_back: more.takesBack }),
    ...(more.asksWho === true && { asks_who: true }),
    ...(authenticator !== null && { authenticator: toBase64url(authenticator) }),
  }
  return utf8(JSON.stringify(body))
}
