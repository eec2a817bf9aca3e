/** One request about a file, and what its answer means. Refusals are signed by nobody: none of them ends a file. */

import { type Bytes, sha256 } from './bytes.ts'
import { type Failure, failureOf } from './decide.ts'
import { patch, post, type Reply } from './http.ts'
import type { KeptFile } from './parcels.ts'
import { ATT_BYTES_MAX, type AttState } from './protocol.generated.ts'
import { attState, fromMsgpack, toMsgpack, WireError } from './wire.ts'

const PATH = '/sync/v1/att'
const PIECE_MS_MAX = 60_000 // the smallest piece on a link of 1 kB a second

export type Told =
  | { readonly type: 'at'; readonly offset: number }
  /** Nothing was stored: the service stands elsewhere. */
  | { readonly type: 'moved'; readonly offset: number }
  | { readonly type: 'complete'; readonly state: AttState }
  | { readonly type: 'failed'; readonly failure: Failure }

const UNKNOWN: Failure = { type: 'unreachable', reason: 'not_the_service' }
const NOT_THE_SERVICE: Told = { type: 'failed', failure: UNKNOWN }

/** Where the file goes on. */
export async function begin(file: KeptFile): Promise<Told> {
  return told(file, await post(PATH, toMsgpack({ item_id: file.itemId, att_id: file.attId })))
}

export async function append(file: KeptFile, offset: number, piece: Bytes): Promise<Told> {
  const headers = {
    'content-type': 'application/partial-upload',
    'upload-offset': String(offset),
    'content-digest': `sha-256=:${btoa(String.fromCharCode(...(await sha256(piece))))}:`,
  }
  return told(file, await patch(`${PATH}/${file.attId}`, piece, headers, PIECE_MS_MAX))
}

function told(file: KeptFile, reply: Reply): Told {
  if (reply.type === 'failure') return { type: 'failed', failure: reply.failure }
  if (reply.status === 200) return state(file, reply.body)
  switch (reply.status) {
    case 409: {
      const offset = offsetIn(reply.headers.get('upload-offset'))
      // Without an offset another sender has taken over: leave it to that one for now.
      return offset === null ? fault('later', 'superseded') : { type: 'moved', offset }
    }
    case 404:
      return fault('server_fault', 'report_unknown')
    case 408:
      return fault('silent', 'http_408')
    default:
      return { type: 'failed', failure: failureOf(reply.status, reply.headers) ?? UNKNOWN }
  }
}

function fault(type: 'later' | 'server_fault' | 'silent', reason: string): Told {
  return { type: 'failed', failure: type === 'silent' ? { type, reason } : { type, reason, afterS: 0 } }
}

function state(file: KeptFile, body: Bytes): Told {
  try {
    const found = fromMsgpack(body, attState)
    if (found.att_id !== file.attId || found.size !== file.size || found.offset > found.size) return NOT_THE_SERVICE
    return found.complete === true ? { type: 'complete', state: found } : { type: 'at', offset: found.offset }
  } catch (error) {
    if (error instanceof WireError) return NOT_THE_SERVICE
    throw error
  }
}

function offsetIn(header: string | null): number | null {
  const offset = header !== null && /^\d{1,8}$/.test(header) ? Number(header) : null
  return offset !== null && offset <= ATT_BYTES_MAX ? offset : null
}
