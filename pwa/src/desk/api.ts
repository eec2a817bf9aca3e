/**
 * The desk's client: one function per route. It knows no screens; a lost session is told through
 * `whenSessionLost`. Every refusal becomes a `Refusal` that holds the server's own next step.
 */

import { ACTS } from './act-names.ts'
import type { ActName } from './act-names.ts'
import { ShapeError } from './checked.ts'
import type { Read, Reader } from './checked.ts'
import { askedOf } from './filters.ts'
import type { Filters } from './filters.ts'
import { makePasskey, showPasskey } from './passkeys.ts'
import { readReport, readUncovered } from './report-shape.ts'
import type { OpenReport, ShownAnswers } from './report-shape.ts'
import {
  readAccount,
  readAcknowledged,
  readChoices,
  readDeviceCode,
  readDevices,
  readDone,
  readFloods,
  readErased,
  readInvited,
  readOffer,
  readOptions,
  readPeople,
  readProblem,
  readQuarantine,
  readQueue,
  readReopened,
  readReturned,
  readReviews,
  readSecured,
  readSession,
  readSuggestions,
  readTaken,
  readTotpSecret,
} from './shapes.ts'
import type {
  Account,
  Acknowledged,
  Choices,
  DeviceCode,
  EnrolledDevice,
  Flood,
  Gap,
  Invited,
  Offer,
  People,
  QuarantinePage,
  QueuePage,
  Reviews,
  Secured,
  Service,
  TotpSecret,
  User,
} from './shapes.ts'

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
  /** What exactly was wrong; a sentence or the name of a part. */
  readonly detail: string
  constructor(it: {
    status: number
    code: string
    title?: string
    next?: string
    detail?: string
    retryAfterS?: number | null
  }) {
    super(it.code)
    this.name = 'Refusal'
    this.status = it.status
    this.code = it.code
    this.title = it.title ?? ''
    this.next = it.next ?? ''
    this.detail = it.detail ?? ''
    this.retryAfterS = it.retryAfterS ?? null
  }
}

/** Asked before an act that the service wants to be sure of: has the person shown that it is them? */
let unsure: () => Promise<boolean> = async () => false
export function whenUnsure(ask: () => Promise<boolean>): void {
  unsure = ask
}

let sessionLost: (code: string) => void = () => undefined
/** Told why: over, locked, or somebody else's by now. */
export function whenSessionLost(tell: (code: string) => void): void {
  sessionLost = tell
}

let speaker: string | null = null
let turn = 0
/** Whom the page shows as logged in: what it asks is refused once that is somebody else. */
export function speakAs(person: string): void {
  speaker = person
  turn += 1
}

export async function currentUser(): Promise<User> {
  return userIn(await ask('GET', '/session', readSession))
}

/** code: of an app or from paper, once the service has asked for it. */
export async function logIn(username: string, password: string, shared: boolean, code = ''): Promise<User> {
  return userIn(await ask('POST', '/session', readSession, { username, password, shared, code }))
}

const userIn = ({ user, demo, factor_needed, shared, locked }: Read<typeof readSession>): User => ({
  ...user,
  demo,
  lacks: factor_needed,
  shared,
  locked,
})

/** Raises Refusal, NotShown. */
export async function logInByPasskey(shared: boolean): Promise<User> {
  const credential = await showPasskey(await ask('POST', '/passkeys/challenge', readOptions, {}))
  return userIn(await ask('POST', '/passkeys/sign-in', readSession, { credential, shared }))
}

export async function verifyByPassword(password: string, code = ''): Promise<void> {
  turn += 1 // the session goes on under a new token: what was asked under the old one may be refused
  await ask('POST', '/session/verify', readSession, { password, code })
}

/** Raises Refusal, NotShown. */
export async function verifyByPasskey(): Promise<void> {
  turn += 1
  const credential = await showPasskey(await ask('POST', '/session/challenge', readOptions, {}))
  await ask('POST', '/session/verify', readSession, { credential })
}

export const account = (): Promise<Account> => ask('GET', '/account', readAccount)

/** Raises Refusal, NotShown. */
export async function addPasskey(name: string): Promise<Account> {
  const credential = await makePasskey(await ask('POST', '/passkeys/options', readOptions, {}))
  return ask('POST', '/passkeys', readAccount, { name, credential })
}

export function removePasskey(id: string): Promise<Account> {
  return ask('DELETE', `/passkeys/${encodeURIComponent(id)}`, readAccount)
}

export const beginTotp = (): Promise<TotpSecret> => ask('POST', '/account/totp', readTotpSecret, {})

export const confirmTotp = (code: string): Promise<Secured> =>
  ask('POST', '/account/totp/confirm', readSecured, { code })

export const removeTotp = (): Promise<Account> => ask('DELETE', '/account/totp', readAccount)

export const makeRecoveryCodes = (): Promise<Secured> => ask('POST', '/account/recovery-codes', readSecured, {})

export const changePassword = (password: string): Promise<Secured> =>
  ask('POST', '/account/password', readSecured, { password })

export const reviews = (): Promise<Reviews> => ask('GET', '/reviews', readReviews)

export const people = (): Promise<People> => ask('GET', '/people', readPeople)

export const invite = (name: string, role: string): Promise<Invited> =>
  ask('POST', '/people/invitations', readInvited, { name, role })

export async function cancelInvitation(id: string): Promise<void> {
  await send('POST', `/people/invitations/${encodeURIComponent(id)}/cancel`, {})
}

export async function endMembership(id: string): Promise<void> {
  await send('POST', `/people/${encodeURIComponent(id)}/end`, {})
}

export const invitation = (token: string): Promise<Offer> => ask('POST', '/invitation', readOffer, { token })

export async function join(token: string, username: string, password: string): Promise<User> {
  return userIn(await ask('POST', '/invitation/accept', readSession, { token, username, password }))
}

export const endOtherSessions = (): Promise<Account> => ask('DELETE', '/sessions', readAccount)

export async function logOut(person: string): Promise<void> {
  await sendOnce('DELETE', '/session', undefined, { person })
}

export async function lock(person: string): Promise<void> {
  await sendOnce('POST', '/session/lock', {}, { person })
}

export function queue(filters: Filters, cursor: string | null = null): Promise<QueuePage> {
  return ask('GET', `/reports?${askedOf(filters, cursor, PAGE_SIZE)}`, readQueue)
}

export function choices(): Promise<Choices> {
  return ask('GET', '/choices', readChoices)
}

export function report(id: string): Promise<OpenReport> {
  return ask('GET', `/reports/${encodeURIComponent(id)}`, readReport)
}

export function acknowledge(id: string, message: string): Promise<Acknowledged> {
  return ask('POST', `/reports/${encodeURIComponent(id)}/acknowledge`, readAcknowledged, { message })
}

/** Do an act. Returns who was told: the reporter, nobody, or '' where there was nothing to tell. */
export async function act(id: string, name: ActName, body: Readonly<Record<string, unknown>>): Promise<string> {
  if (name === 'acknowledge_report') {
    const { delivered_to } = await acknowledge(id, String(body['message']))
    return delivered_to === 'device' ? 'reporter' : 'nobody'
  }
  const path = `/reports/${encodeURIComponent(id)}/${ACTS[name]}`
  if (name === 'take_report') return ask('POST', path, readTaken, body).then(() => '')
  if (name === 'confirm_erasure') return ask('POST', path, readErased, body).then(() => '')
  return (await ask('POST', path, readDone, body)).told
}

/** Covered answers, this once: nothing keeps them but the page that asked. */
export function unmask(id: string, body: Readonly<Record<string, unknown>>): Promise<ShownAnswers> {
  return ask('POST', `/reports/${encodeURIComponent(id)}/unmask`, readUncovered, body)
}

export async function suggestions(id: string): Promise<readonly Service[]> {
  return (await ask('GET', `/reports/${encodeURIComponent(id)}/suggestions`, readSuggestions)).services
}

export function pictureAddress(id: string, attId: string): string {
  return `/desk/api/reports/${encodeURIComponent(id)}/pictures/${encodeURIComponent(attId)}`
}

export function originalAddress(id: string, attId: string): string {
  return `/desk/api/reports/${encodeURIComponent(id)}/originals/${encodeURIComponent(attId)}`
}

/** The words of a text file. Raises Refusal. */
export async function wordsOf(id: string, attId: string): Promise<string> {
  const address = pictureAddress(id, attId).slice('/desk/api'.length)
  return (await send('GET', address)).text()
}

/** kind: `quarantined`, `dead_letter`, `conflict`, or empty for all. */
export async function floods(): Promise<readonly Flood[]> {
  return (await ask('GET', '/campaigns', readFloods)).campaigns
}

/** All of one flood that this person sees apart goes back into the ordinary lists. */
export async function putBack(floodId: string): Promise<number> {
  return (await ask('POST', `/campaigns/${encodeURIComponent(floodId)}/return`, readReturned, {})).returned
}

export function quarantine(kind = '', cursor = ''): Promise<QuarantinePage> {
  return ask('GET', `/quarantine?${new URLSearchParams({ kind, cursor })}`, readQuarantine)
}

/** How many of them were held and are tried again. */
export async function reopen(ids: readonly string[]): Promise<number> {
  return (await ask('POST', '/quarantine/reopen', readReopened, { ids })).reopened
}

export async function devices(): Promise<readonly EnrolledDevice[]> {
  return (await ask('GET', '/devices', readDevices)).devices
}

/** What a tablet lets go of once it has sent everything: its keys, or all that it holds. */
export type LeaveScope = 'keys' | 'all'

export async function takeOut(id: string, scope: LeaveScope): Promise<void> {
  await send('POST', `/devices/${encodeURIComponent(id)}/revoke`, { scope })
}

export async function explainGap(id: string, { epoch, first_seq, count }: Gap, why: string): Promise<void> {
  await send('POST', `/devices/${encodeURIComponent(id)}/gaps`, { epoch, first_seq, count, why })
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
  try {
    return await sendOnce(method, path, body)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'step_up_needed' || !(await unsure())) throw error
    return sendOnce(method, path, body)
  }
}

/** Where people become known, nobody is spoken for. */
const ENTRANCES: ReadonlySet<string> = new Set(['POST /session', 'GET /session'])

/** apart: for somebody who may be here no longer. What the service says then is nothing to this page. */
async function sendOnce(method: string, path: string, body?: unknown, apart?: { readonly person: string }): Promise<Response> {
  const person = apart?.person ?? speaker
  const mine = turn // whoever has entered since is not told that an earlier session is over or locked
  const headers: Record<string, string> = { Accept: 'application/json', 'Waymark-Request': '1' }
  if (person !== null && !ENTRANCES.has(`${method} ${path}`)) headers['Waymark-Person'] = person
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
    throw await refusal(answer, () => apart === undefined && mine === turn)
  } catch (error) {
    throw error instanceof Refusal ? error : unreachable()
  } finally {
    clearTimeout(timer)
  }
}

/** What was shown is not right; the session, where there is one, is as it was. */
const WRONG_ANSWERS: ReadonlySet<string> = new Set(['login_failed', 'code_needed', 'code_wrong'])

async function refusal(answer: Response, isOurs: () => boolean): Promise<Refusal> {
  const wait = Number(answer.headers.get('Retry-After') ?? Number.NaN)
  const told = problemIn(await answer.json().catch(() => null))
  const code = told.code ?? (answer.status === 401 ? 'login_needed' : 'not_understood')
  const isLost = (answer.status === 401 && !WRONG_ANSWERS.has(code)) || code === 'another_person'
  if (isLost && isOurs()) sessionLost(code)
  const retryAfterS = Number.isFinite(wait) ? wait : null
  return new Refusal({ status: answer.status, code, title: told.title, next: told.next, detail: told.detail, retryAfterS })
}

/** A proxy may answer in the server's place, with anything. */
function problemIn(raw: unknown): Read<typeof readProblem> {
  try {
    return readProblem(raw, 'problem')
  } catch {
    return { code: null, title: '', next: '', detail: '' }
  }
}

const unreachable = () => new Refusal({ status: 0, code: 'unreachable' })
