/** The service's half of section 13, as small as it can be, with keys of its own. Tests lay its answers aside. */

import { type Bytes, concat, fromBase64url, sha256, toBase64url, utf8 } from '../../src/sync/bytes.ts'
import { sign } from '../../src/sync/keyset.ts'
import { leafBytes, merkleRoot } from '../../src/sync/merkle.ts'
import type { AttState, Receipt } from '../../src/sync/protocol.generated.ts'
import { receiptText } from '../../src/sync/receipt.ts'
import { fromMsgpack, toMsgpack } from '../../src/sync/wire.ts'

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' } as const
const POS = 41

async function signer(): Promise<{ readonly key: CryptoKey; readonly point: Bytes }> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  return { key: pair.privateKey, point: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
}

const [root, receipts] = await Promise.all([signer(), signer()])
const payload = toMsgpack({ issued_at: 1, keys: [{ kid: 'r1', use: 'receipt', suite: 1, public: receipts.point, state: 'current' }] })

/** What a build pins. */
export const TRUST = {
  root: toBase64url(root.point),
  instance: toBase64url(new Uint8Array(16)),
  keyset: { payload: toBase64url(payload), sig: toBase64url(await sign(root.key, concat(utf8('waymark-sync/1/keys'), payload))) },
}

export type Asked = { readonly method: string; readonly path: string; readonly offset: number; readonly body: Bytes }
type Listed = { readonly size: number; readonly sha256: Bytes }
type Answering = (asked: Asked) => Response | null

export class AttachmentService {
  incarnation = 'bd2ceedb-65d8-43d2-82d3-d2cce5cc36f1'
  /** What headers of its reports list. */
  readonly listed = new Map<string, Listed>()
  readonly held = new Map<string, Bytes>()
  readonly asked: Asked[] = []
  /** Called before it does anything; an answer is sent in place of its own. */
  before: Answering = () => null
  /** Called when all is done; an answer is sent in place of its own, and null loses nothing. */
  after: Answering = () => null

  readonly fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    const body = new Uint8Array((init.body as Bytes | undefined) ?? [])
    const asked = { method: init.method ?? 'GET', path, offset: Number(headers.get('upload-offset')), body }
    this.asked.push(asked)
    const instead = this.before(asked)
    if (instead !== null) return instead
    if (init.method === 'PATCH') await digestHolds(headers, body)
    const answer = await this.#answer(asked)
    return this.after(asked) ?? answer
  }

  get pieces(): readonly (readonly [offset: number, length: number])[] {
    return this.asked.filter(({ method }) => method === 'PATCH').map(({ offset, body }) => [offset, body.length] as const)
  }

  async state(attId: string): Promise<AttState> {
    const [size, held] = [this.listed.get(attId)?.size ?? 0, this.held.get(attId) ?? new Uint8Array()]
    const state = { att_id: attId, offset: held.length, size, pos: POS }
    return held.length < size ? state : { ...state, complete: true, leaf: { index: 0, size: 1, path: [] }, receipt: await this.#receipt(attId) }
  }

  async #receipt(attId: string): Promise<Receipt> {
    const known = this.listed.get(attId) as Listed
    const leaf = leafBytes({ itemId: attId, sha256: known.sha256, pos: POS, verdict: 'complete' })
    const blank = { incarnation: this.incarnation, restore_floor: 7, at: 1, kid: 'r1', root: await merkleRoot([leaf]), sig: new Uint8Array(64) }
    return { ...blank, sig: await sign(receipts.key, receiptText(blank)) }
  }

  async #answer({ method, path, offset, body }: Asked): Promise<Response> {
    if (path.startsWith('/sync/v1/pull')) return this.#page()
    const attId = method === 'POST' ? fromMsgpack(body, (fields) => fields.uuid('att_id')) : (path.split('/').at(-1) ?? '')
    if (!this.listed.has(attId)) return new Response(null, { status: 404 })
    if (method === 'POST') return this.#told(attId)
    const held = this.held.get(attId) ?? new Uint8Array()
    if (offset !== held.length) return this.moved(held.length)
    return this.#append(attId, concat(held, body))
  }

  moved(offset: number): Response {
    return new Response(null, { status: 409, headers: { 'upload-offset': String(offset) } })
  }

  async #append(attId: string, grown: Bytes): Promise<Response> {
    const { size, sha256: expected } = this.listed.get(attId) as Listed
    this.held.set(attId, grown)
    if (grown.length < size || toBase64url(await sha256(grown)) === toBase64url(expected)) return this.#told(attId)
    this.held.set(attId, new Uint8Array())
    return this.moved(0)
  }

  async #told(attId: string): Promise<Response> {
    return new Response(toMsgpack(await this.state(attId)), { status: 200 })
  }

  #page(): Response {
    const page = { incarnation: this.incarnation, cursor: 'c', more: false, messages: [], challenge: 'x' }
    return new Response(toMsgpack(page), { status: 200 })
  }
}

async function digestHolds(headers: Headers, body: Bytes): Promise<void> {
  const told = /^sha-256=:(.+):$/.exec(headers.get('content-digest') ?? '')?.[1] ?? ''
  const text = told.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const holds = toBase64url(await sha256(body)) === toBase64url(fromBase64url(text))
  if (!holds || headers.get('content-type') !== 'application/partial-upload') throw new Error('not a piece as section 13 has it')
}
