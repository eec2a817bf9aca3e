/**
 * The wire's edge: unknown bytes become checked shapes here, and nowhere else. Unknown fields are
 * ignored; a missing or mistyped one condemns the whole answer, which then counts as a network error.
 */

import { decode, encode } from '@msgpack/msgpack'
import { type Bytes, fromBase64url, own } from './bytes.ts'
import type {
  AccessBody,
  Alert,
  AttachmentBody,
  AttState,
  EnrolResponse,
  InService,
  ItemResult,
  KeySet,
  Leaf,
  ManifestResponse,
  Message,
  Proof,
  PullResponse,
  PushResponse,
  Receipt,
  ReceiptBody,
  ReturnResponse,
  Revocation,
  ServiceKey,
  SeenBy,
  SignedKeySet,
  SignpostedService,
} from './protocol.generated.ts'

export const MSGPACK = 'application/msgpack'
const PROOF_FORMAT = 'waymark-proof/1'

/** Bytes that are not what they should be. Names a place, never a value. */
export class WireError extends Error {
  constructor(place: string) {
    super(place)
    this.name = 'WireError'
  }
}

export function toMsgpack(value: unknown): Bytes {
  return own(encode(value))
}

/** Raises WireError. */
export function fromMsgpack<T>(raw: Uint8Array, parse: (fields: Fields) => T): T {
  return guard(() => parse(new Fields(decode(raw), '$')))
}

/** The same shapes as JSON, with base64url for bytes: what lies inside a sealed message. */
export function fromJson<T>(raw: Uint8Array, parse: (fields: Fields) => T): T {
  return guard(() => parse(new Fields(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw)), '$')))
}

function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof WireError) throw error
    throw new WireError('$')
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Checked access to one object of the wire. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #place: string

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WireError(place)
    this.#fields = value as Readonly<Record<string, unknown>>
    this.#place = place
  }

  text(name: string): string {
    const value = this.#fields[name]
    return typeof value === 'string' ? value : this.#fail(name)
  }

  uuid(name: string): string {
    const value = this.text(name)
    return UUID.test(value) ? value : this.#fail(name)
  }

  natural(name: string): number {
    const value = this.#fields[name]
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.#fail(name)
  }

  truth(name: string): boolean {
    const value = this.#fields[name]
    return typeof value === 'boolean' ? value : this.#fail(name)
  }

  bytes(name: string): Bytes {
    return this.#bytes(this.#fields[name], name)
  }

  bytesList(name: string): readonly Bytes[] {
    return this.#array(name).map((value) => this.#bytes(value, name))
  }

  texts(name: string): readonly string[] {
    return this.#array(name).map((value) => (typeof value === 'string' ? value : this.#fail(name)))
  }

  one<T>(name: string, parse: (fields: Fields) => T): T {
    return parse(new Fields(this.#fields[name], `${this.#place}.${name}`))
  }

  list<T>(name: string, parse: (fields: Fields) => T): readonly T[] {
    return this.#array(name).map((value, index) => parse(new Fields(value, `${this.#place}.${name}[${index}]`)))
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null
  }

  #array(name: string): readonly unknown[] {
    const value = this.#fields[name]
    return Array.isArray(value) ? value : this.#fail(name)
  }

  #bytes(value: unknown, name: string): Bytes {
    if (value instanceof Uint8Array) return own(value)
    return typeof value === 'string' ? fromBase64url(value) : this.#fail(name)
  }

  #fail(name: string): never {
    throw new WireError(`${this.#place}.${name}`)
  }
}

export function leaf(fields: Fields): Leaf {
  return { index: fields.natural('index'), size: fields.natural('size'), path: fields.bytesList('path') }
}

export function itemResult(fields: Fields): ItemResult {
  return {
    item_id: fields.text('item_id'),
    index: fields.natural('index'),
    verdict: fields.text('verdict'),
    reason: fields.has('reason') ? fields.text('reason') : null,
    retry_after_s: fields.has('retry_after_s') ? fields.natural('retry_after_s') : null,
    pos: fields.has('pos') ? fields.natural('pos') : null,
    leaf: fields.has('leaf') ? fields.one('leaf', leaf) : null,
    ...(fields.has('gone') ? { gone: fields.truth('gone') } : {}),
  }
}

export function receipt(fields: Fields): Receipt {
  return {
    incarnation: fields.uuid('incarnation'),
    restore_floor: fields.natural('restore_floor'),
    at: fields.natural('at'),
    kid: fields.text('kid'),
    root: fields.bytes('root'),
    sig: fields.bytes('sig'),
  }
}

export function pushResponse(fields: Fields): PushResponse {
  return {
    incarnation: fields.uuid('incarnation'),
    server_time: fields.natural('server_time'),
    restore_floor: fields.natural('restore_floor'),
    downstream: fields.truth('downstream'),
    challenge: fields.text('challenge'),
    results: fields.list('results', itemResult),
    receipt: fields.has('receipt') ? fields.one('receipt', receipt) : null,
    keys_issued_at: fields.has('keys_issued_at') ? fields.natural('keys_issued_at') : 0,
    backoff_s: fields.has('backoff_s') ? fields.natural('backoff_s') : null,
    alert: fields.has('alert') ? fields.one('alert', alert) : null,
    revoke: fields.has('revoke') ? fields.one('revoke', revocation) : null,
    in_service: fields.has('in_service') ? fields.one('in_service', inService) : null,
    work: fields.has('work') ? fields.bytes('work') : null,
  }
}

function alert(fields: Fields): Alert {
  return { level: fields.text('level'), on: fields.text('on'), url: fields.has('url') ? fields.text('url') : null }
}

export function manifestResponse(fields: Fields): ManifestResponse {
  return {
    incarnation: fields.uuid('incarnation'),
    missing: fields.has('missing') ? fields.texts('missing') : [],
    receipt: fields.has('receipt') ? fields.one('receipt', receipt) : null,
    revoke: fields.has('revoke') ? fields.one('revoke', revocation) : null,
  }
}

export function inService(fields: Fields): InService {
  return { device_id: fields.uuid('device_id'), at: fields.natural('at'), kid: fields.text('kid'), sig: fields.bytes('sig') }
}

export function revocation(fields: Fields): Revocation {
  return {
    device_id: fields.uuid('device_id'),
    scope: fields.text('scope'),
    nonce: fields.uuid('nonce'),
    at: fields.natural('at'),
    kid: fields.text('kid'),
    sig: fields.bytes('sig'),
  }
}

export function message(fields: Fields): Message {
  return {
    id: fields.uuid('id'),
    pos: fields.natural('pos'),
    kind: fields.text('kind'),
    sealed: fields.bytes('sealed'),
    kid: fields.text('kid'),
    sig: fields.bytes('sig'),
  }
}

export function pullResponse(fields: Fields): PullResponse {
  return {
    incarnation: fields.uuid('incarnation'),
    cursor: fields.text('cursor'),
    more: fields.truth('more'),
    messages: fields.list('messages', message),
    challenge: fields.text('challenge'),
    reset: fields.has('reset') ? fields.truth('reset') : false,
  }
}

export function receiptBody(fields: Fields): ReceiptBody {
  return {
    item_id: fields.text('item_id'),
    result: fields.one('result', itemResult),
    receipt: fields.one('receipt', receipt),
    ...(fields.has('sig') && { sig: fields.bytes('sig') }),
  }
}

export function attState(fields: Fields): AttState {
  return {
    att_id: fields.uuid('att_id'),
    offset: fields.natural('offset'),
    size: fields.natural('size'),
    complete: fields.has('complete') && fields.truth('complete'),
    pos: fields.has('pos') ? fields.natural('pos') : null,
    leaf: fields.has('leaf') ? fields.one('leaf', leaf) : null,
    receipt: fields.has('receipt') ? fields.one('receipt', receipt) : null,
  }
}

export function attachmentBody(fields: Fields): AttachmentBody {
  return { item_id: fields.uuid('item_id'), state: fields.one('state', attState) }
}

export function proof(fields: Fields): Proof {
  if (fields.has('format') && fields.text('format') !== PROOF_FORMAT) throw new WireError('$.format')
  return {
    format: PROOF_FORMAT,
    item_id: fields.uuid('item_id'),
    sha256: fields.bytes('sha256'),
    result: fields.one('result', itemResult),
    receipt: fields.one('receipt', receipt),
    ...(fields.has('sig') && { sig: fields.bytes('sig') }),
  }
}

export function returnResponse(fields: Fields): ReturnResponse {
  return { feed_id: fields.uuid('feed_id'), proof: fields.one('proof', proof), page: fields.one('page', pullResponse) }
}

export function signposted(fields: Fields): SignpostedService {
  const optional = (name: string) => (fields.has(name) ? fields.text(name) : '')
  return {
    id: fields.text('id'),
    name: fields.text('name'),
    description: optional('description'),
    phone: optional('phone'),
    url: optional('url'),
    why: fields.has('why') ? fields.texts('why') : [],
  }
}

/** A role or a group that a newer service adds is shown by its code. */
export function accessed(fields: Fields): Pick<AccessBody, 'police' | 'seen'> {
  return { police: fields.texts('police'), seen: fields.list('seen', seenBy) }
}

function seenBy(fields: Fields): SeenBy {
  return { role: fields.text('role'), organisation: fields.text('organisation'), on: fields.text('on') }
}

export function signedKeySet(fields: Fields): SignedKeySet {
  return { payload: fields.bytes('payload'), sig: fields.bytes('sig') }
}

export function keySet(fields: Fields): KeySet {
  return { issued_at: fields.natural('issued_at'), keys: fields.list('keys', serviceKey) }
}

function serviceKey(fields: Fields): ServiceKey {
  const use = fields.text('use')
  const state = fields.has('state') ? fields.text('state') : 'current'
  if (use !== 'seal' && use !== 'receipt') throw new WireError('$.keys.use')
  if (state !== 'current' && state !== 'retiring' && state !== 'retired') throw new WireError('$.keys.state')
  return {
    kid: fields.text('kid'),
    use,
    suite: fields.natural('suite'),
    public: fields.bytes('public'),
    state,
    ...(fields.has('centre_id') ? { centre_id: fields.text('centre_id') } : {}),
  }
}

export function knockKey(fields: Fields): Bytes {
  return fields.bytes('public')
}

export function enrolResponse(fields: Fields): EnrolResponse {
  return {
    device_id: fields.text('device_id'),
    centre_id: fields.text('centre_id'),
    centre_name: fields.text('centre_name'),
  }
}
