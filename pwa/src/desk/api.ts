/**
 * The desk's client: one function per route. It knows no screens; a lost session is told through
 * `whenSessionLost`. Every refusal becomes a `Refusal` that holds the server's own next step.
 */

import { ShapeError } from './checked.ts'
import type { Reader } from './checked.ts'
import { readReport } from './report-shape.ts'
import type { OpenReport } from './report-shape.ts'
import {
  readAcknowledged,
  readDeviceCode,
  readDevices,
  readProblem,
  readQuarantine,
  readQueue,
  readSession,
} from './shapes.ts'
import type { Acknowledged, DeviceCode, EnrolledDevice, QuarantineEntry, QueuePage, User } from './shapes.ts'

export const PAGE_SIZE = 25 // rows: fills a desktop screen, about 8 kB
const PATIENCE_MS = 20_000 // then the person is told, rather than left with a turning wheel

/** Codes made here; every other code is the server's. */
export type LocalCode = 'unreachable' | 'not_understood'

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  /** What to do now, a sentence; empty for a local code. */
  readonly next: string
  readonly retryAfterS: number | null
  constructor(it: { status: number; code: string; title?: string; next?: string; retryAfterS?: number | null }) {
    super(it.code)
    this.name = 'Refusal'
    this.status = it.status
    this.code = it.code
    this.title = it.title ?? ''
    this.next = it.next ?? ''
    this.retryAfterS = it.retryAfterS ?? null
  }
}

let sessionLost: () => void = () => undefined
export function whenSessionLost(tell: () => void): void {
  sessionLost = tell
}

export async function currentUser(): Promise<User> {
  return (await ask('GET', '/session', readSession)).user
}

export async function logIn(username: string, password: string): Promise<User> {
  return (await ask('POST', '/session', readSession, { username, password })).user
}

export async function logOut(): Promise<void> {
  await send('DELETE', '/session')
}

export function queue(wanted: { state: string | null; cursor?: string | null }): Promise<QueuePage> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) })
  if (wanted.state !== null) query.set('queue', wanted.state)
  if (wanted.cursor) query.set('cursor', wanted.cursor)
  return ask('GET', `/reports?${query}`, readQueue)
}

export function report(id: string): Promise<OpenReport> {
  return ask('GET', `/reports/${encodeURIComponent(id)}`, readReport)
}

export function acknowledge(id: string, message: string): Promise<Acknowledged> {
  return ask('POST', `/reports/${encodeURIComponent(id)}/acknowledge`, readAcknowledged, { message })
}

export async function take(id: string): Promise<void> {
  await send('POST', `/reports/${encodeURIComponent(id)}/take`, {})
}

export async function quarantine(): Promise<readonly QuarantineEntry[]> {
  return (await ask('GET', '/quarantine', readQuarantine)).items
}

export async function devices(): Promise<readonly EnrolledDevice[]> {
  return (await ask('GET', '/devices', readDevices)).devices
}

export function newDeviceCode(label: string): Promise<DeviceCode> {
  return ask('POST', '/devices/codes', readDeviceCode, { label })
}

let aheadMs = 0
/** The server's time, to the second: a desk's own clock may be wrong by hours. */
export const serverNowMs = (): number => Date.now() + aheadMs

function setClock(date: string | null): void {
  const at = Date.parse(date ?? '')
  if (!Number.isNaN(at)) aheadMs = at - Date.now()
}

async function ask<T>(method: string, path: string, read: Reader<T>, body?: unknown): Promise<T> {
  const answer = await send(method, path, body)
  try {
    return read(await answer.json(), 'answer')
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) {
      throw new Refusal({ status: answer.status, code: 'not_understood' })
    }
    throw unreachable()
  }
}

async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Waymark-Request': '1' }
  const request: RequestInit = { method, headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error' }
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json'
    request.body = JSON.stringify(body)
  }
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
  try {
    const answer = await fetch(`/desk/api${path}`, { ...request, signal: patience.signal })
    setClock(answer.headers.get('Date'))
    if (answer.ok) return answer
    throw await refusal(answer)
  } catch (error) {
    throw error instanceof Refusal ? error : unreachable()
  } finally {
    clearTimeout(timer)
  }
}

async function refusal(answer: Response): Promise<Refusal> {
  const wait = Number(answer.headers.get('Retry-After') ?? Number.NaN)
  const told = problemIn(await answer.json().catch(() => null))
  const code = told.code ?? (answer.status === 401 ? 'login_needed' : 'not_understood')
  if (answer.status === 401 && code !== 'login_failed') sessionLost()
  const retryAfterS = Number.isFinite(wait) ? wait : null
  return new Refusal({ status: answer.status, code, title: told.title, next: told.next, retryAfterS })
}

/** A proxy may answer in the server's place, with anything. */
function problemIn(raw: unknown): { code: string | null; title: string; next: string } {
  try {
    return readProblem(raw, 'problem')
  } catch {
    return { code: null, title: '', next: '' }
  }
}

const unreachable = () => new Refusal({ status: 0, code: 'unreachable' })
