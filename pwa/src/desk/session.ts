/**
 * Who is at the desk. A lost session shows the login page in place, at the same address; what was typed
 * stays in memory for the same person, and for nobody else.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { currentUser, logIn, logOut, Refusal, whenSessionLost } from './api.ts'
import type { User } from './shapes.ts'

export type Session =
  | { readonly status: 'checking' }
  | { readonly status: 'out'; readonly expired: boolean }
  | { readonly status: 'in'; readonly user: User }
  | { readonly status: 'unreachable'; readonly refusal: Refusal }

const now = signal<Session>({ status: 'checking' })
export const session: ReadonlySignal<Session> = now

/** Messages not sent yet, by report id. */
const unsent = new Map<string, string>()
let lastUserId: string | null = null

export const unsentMessage = (reportId: string): string => unsent.get(reportId) ?? ''
export const keepMessage = (reportId: string, message: string): void => {
  if (message === '') unsent.delete(reportId)
  else unsent.set(reportId, message)
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
export async function enterWith(username: string, password: string): Promise<void> {
  enter(await logIn(username, password))
}

/** The page is left, so that nothing of a report stays in its memory. Raises Refusal. */
export async function leave(): Promise<void> {
  await logOut()
  location.replace('/desk')
}

function enter(user: User): void {
  if (lastUserId !== user.id) unsent.clear()
  lastUserId = user.id
  now.value = { status: 'in', user }
}
