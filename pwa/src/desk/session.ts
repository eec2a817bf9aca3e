/**
 * Who is at the desk. A lost session shows the login page in place, at the same address; what was typed
 * stays in memory for the same person, and for nobody else. A page that was left is locked: nothing of a report
 * stays on it until its person has shown who they are.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import type { ActName } from './act-names.ts'
import * as api from './api.ts'
import { Refusal } from './api.ts'
import { owe, owed } from './left-over.ts'
import { startAfresh } from './router.ts'
import type { User } from './shapes.ts'
import { type Told, tellTabs, whenTold } from './tabs.ts'

export type Session =
  | { readonly status: 'checking' }
  | { readonly status: 'out'; readonly expired: boolean }
  | { readonly status: 'in'; readonly user: User }
  | { readonly status: 'locked'; readonly user: User }
  | { readonly status: 'unreachable'; readonly refusal: Refusal }

const now = signal<Session>({ status: 'checking' })
export const session: ReadonlySignal<Session> = now
const owing = signal(false)
/** Somebody has left, and the service could not be told yet. */
export const stillOwing: ReadonlySignal<boolean> = owing

/** What one act is going to say, by field. */
export type Draft = Readonly<Record<string, string>>
const NOTHING: Draft = {}
/** Not sent yet, by report and act. */
const drafts = new Map<string, Draft>()
let lastUserId: string | null = null
/** An answer to whoever was here before is nobody's any more. */
let turn = 0

export const draftOf = (reportId: string, act: ActName): Draft => drafts.get(`${reportId} ${act}`) ?? NOTHING
export const keepDraft = (reportId: string, act: ActName, draft: Draft): void => {
  drafts.set(`${reportId} ${act}`, draft)
}
export const dropDraft = (reportId: string, act: ActName): void => {
  drafts.delete(`${reportId} ${act}`)
}

/** Once, before anything else. */
export function followTabs(): void {
  api.whenSessionLost(lost)
  whenTold(told)
  addEventListener('online', () => void settle())
}

export async function startSession(): Promise<void> {
  const mine = (turn += 1)
  now.value = { status: 'checking' }
  if (!(await settle())) {
    if (mine === turn) now.value = { status: 'out', expired: false }
    return
  }
  try {
    const user = await api.currentUser()
    if (mine !== turn) return
    if (user.locked || owed()?.what === 'lock') cover(user)
    else enter(user)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.status !== 401 && mine === turn) now.value = { status: 'unreachable', refusal: error }
  }
}

/** Raises Refusal. */
export async function enterWith(username: string, password: string, shared: boolean, code = ''): Promise<void> {
  enterFresh(await api.logIn(username, password, shared, code))
}

/** By an invitation. Raises Refusal. */
export async function enterAsNew(token: string, username: string, password: string): Promise<void> {
  enterFresh(await api.join(token, username, password))
}

/** Raises Refusal, NotShown. */
export async function enterByPasskey(shared: boolean): Promise<void> {
  enterFresh(await api.logInByPasskey(shared))
}

/** Something beside the password has been set up: everything is there now. */
export function hasSecondFactor(): void {
  if (now.value.status === 'in' && now.value.user.lacks) now.value = { status: 'in', user: { ...now.value.user, lacks: false } }
}

/** Nothing is shown until this person has shown who they are. What they typed waits for them. */
export function lockPage(): void {
  if (now.value.status !== 'in') return
  const { user } = now.value
  cover(user)
  owe({ what: 'lock', person: user.id })
  tellTabs({ type: 'locked' })
  void settle()
}

/** Its person has shown who they are. */
export function unlocked(): void {
  if (now.value.status !== 'locked') return
  owe(null)
  enter({ ...now.value.user, locked: false })
  tellTabs({ type: 'entered', person: now.value.user.id })
}

/**
 * Whoever was here has left: at once from the page, and from the service as soon as it can be told. The page is
 * then loaded anew, so that nothing of a report stays in its memory.
 */
export async function leave(): Promise<void> {
  if (now.value.status !== 'in' && now.value.status !== 'locked') return
  owe({ what: 'log_out', person: now.value.user.id })
  forget()
  now.value = { status: 'checking' } // nobody begins to type on a page that is about to go
  tellTabs({ type: 'left' })
  if (await settle()) location.replace('/desk')
  else now.value = { status: 'out', expired: false }
}

/** Tell the service what it is owed. False: it could not be told, and is later. */
async function settle(): Promise<boolean> {
  const debt = owed()
  if (debt === null) return true
  try {
    await (debt.what === 'lock' ? api.lock(debt.person) : api.logOut(debt.person))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // Over already, or somebody else's by now: then nothing is owed.
    if (error.status !== 401 && error.code !== 'another_person') {
      owing.value = debt.what === 'log_out'
      return debt.what === 'lock'
    }
  }
  if (owed()?.person === debt.person) owe(null)
  owing.value = false
  return true
}

function lost(code: string): void {
  if (code === 'another_person') {
    forget()
    void startSession()
  } else if (code === 'session_locked' && now.value.status === 'in') {
    cover(now.value.user)
    tellTabs({ type: 'locked' })
  } else if (now.value.status !== 'locked' || code !== 'session_locked') {
    now.value = { status: 'out', expired: now.value.status === 'in' || lastUserId !== null }
  }
}

function told(it: Told): void {
  const { value } = now
  if (it.type === 'left') forget()
  else if (it.type === 'locked' && value.status === 'in') cover(value.user)
  else if (it.type === 'entered' && !(value.status === 'in' && value.user.id === it.person)) void startSession()
}

function forget(): void {
  turn += 1
  drafts.clear()
  lastUserId = null
  now.value = { status: 'out', expired: false }
}

function cover(user: User): void {
  turn += 1
  lastUserId = user.id
  now.value = { status: 'locked', user }
}

function enterFresh(user: User): void {
  const again = lastUserId
  owe(null)
  enter(user)
  tellTabs({ type: 'entered', person: user.id })
  if (again !== user.id) startAfresh()
}

function enter(user: User): void {
  turn += 1
  if (lastUserId !== user.id) drafts.clear()
  lastUserId = user.id
  owing.value = false
  api.speakAs(user.id)
  now.value = { status: 'in', user }
}
