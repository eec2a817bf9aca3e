/** One request of the protocol: a time limit, no cookies, no redirects, and every fault as a value. */

import type { Bytes } from './bytes.ts'
import type { Failure } from './decide.ts'
import { failureOf } from './decide.ts'
import { MSGPACK } from './wire.ts'

const REQUEST_MS_MAX = 30_000 // a full batch on a 2G link; longer means that nobody is there

export type Reply =
  | { readonly type: 'answer'; readonly status: number; readonly body: Bytes; readonly headers: Headers }
  | { readonly type: 'failure'; readonly failure: Failure }

export function post(path: string, body: Bytes): Promise<Reply> {
  return request(path, { method: 'POST', body, headers: { 'content-type': MSGPACK, accept: MSGPACK } })
}

export function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return request(path, { headers: { accept: MSGPACK, ...headers } })
}

/** A piece of a file. It may take longer: how long, the caller knows by its size. */
export function patch(path: string, body: Bytes, headers: Readonly<Record<string, string>>, msMax: number): Promise<Reply> {
  return request(path, { method: 'PATCH', body, headers: { accept: MSGPACK, ...headers } }, msMax)
}

async function request(path: string, init: RequestInit, msMax = REQUEST_MS_MAX): Promise<Reply> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), msMax)
  try {
    const response = await fetch(path, {
      ...init,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: limit.signal,
    })
    const body = new Uint8Array(await response.arrayBuffer())
    return { type: 'answer', status: response.status, body, headers: response.headers }
  } catch {
    const reason = limit.signal.aborted ? 'timeout' : 'no_connection'
    return { type: 'failure', failure: { type: limit.signal.aborted ? 'silent' : 'unreachable', reason } }
  } finally {
    clearTimeout(timer)
  }
}

/** The body of a 200, or what else the status means. */
export function bodyOf(reply: Reply): { readonly body: Bytes } | { readonly failure: Failure } {
  if (reply.type === 'failure') return { failure: reply.failure }
  const failure = failureOf(reply.status, reply.headers)
  return failure === null ? { body: reply.body } : { failure }
}
