/**
 * Who is at the desk. A lost session shows the login page in place, at the same address; what was typed
 * stays in memory for the same person, and for nobody else.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import type { ActName } from './act-names.ts'
import { currentUser, join, logIn, logInByPasskey, logOut, Refusal, whenSessionLost } from './api.ts'
import { startAfresh } from './router.ts'
import type { User } from './shapes.ts'

export type Session =
  | { readonly status: 'checking' }
  | { readonly status: 'out'; readonly expired: boolean }
  | { readonly status: 'in'; readonly user: User }
  | { readonly status: 'unreachable'; readonly refusal: Refusal }

const now = signal<Session>({ status: 'checking' })
export const session: ReadonlySignal<Session> = now

/** What one act is going to say, by field. */
export type Draft = Readonly<Record<string, string>>
const NOTHING: Draft = {}
/** Not sent yet, by report and act. */
const drafts = new Map<string, Draft>()
let lastUserId: string | null = null

export const draftOf = (reportId: string, act: ActName): Draft => drafts.get(`${reportId} ${act}`) ?? NOTHING
export const keepDraft = (reportId: string, act: ActName, draft: Draft): void => {
  drafts.set(`${reportId} ${act}`, draft)
}
export const dropDraft = (reportId: string, act: ActName): void => {
  drafts.delete(`${reportId} ${act}`)
}

export async function startSession(): Promise<void> {
  whenSessionLost(() => {
    now.value = { status: 'out', expired: now.value.status === 'in' || lastUserId !== null }
  })
  now.value = { status: 'checking' }
  try {
    enter(await currentUser())
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.status !== 401) now.value = { status: 'unreachable', refusal: error }
  }
}

/** Raises Refusal. */
export async function enterWith(username: string, password: string, code = ''): Promise<void> {
  const again = lastUserId
  enter(await logIn(username, password, code))
  if (again !== lastUserId) startAfresh()
}

/** Something beside the password has been set up: everything is there now. */
export function hasSecondFactor(): void {
  if (now.value.status === 'in' && now.value.user.lacks) now.value = { status: 'in', user: { ...now.value.user, lacks: false } }
}

/** By an invitation. Raises Refusal. */
export async function enterAsNew(token: string, username: string, password: string): Promise<void> {
  enter(await join(token, username, password))
}

/** Raises Refusal, NotShown. */
export async function enterByPasskey(): Promise<void> {
  const again = lastUserId
  enter(await logInByPasskey())
  if (again !== lastUserId) startAfresh()
}

/** The page is left, so that nothing of a report stays in its memory. Raises Refusal. */
export async function leave(): Promise<void> {
  await logOut()
  location.replace('/desk')
}

function enter(user: User): void {
  if (lastUserId !== user.id) drafts.clear()
  lastUserId = user.id
  now.value = { status: 'in', user }
}
