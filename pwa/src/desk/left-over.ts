/**
 * What a desk owes its service, kept where a reload finds it: a lock or a log-out that could not be told for want
 * of a network. And whether other people use this browser. Nothing else of the desk is ever kept on a device.
 */

const OWED = 'desk-owed'
const OWN = 'desk-own'

export type Owed = { readonly what: 'lock' | 'log_out'; readonly person: string }

export function owe(owed: Owed | null): void {
  if (owed === null) drop(OWED)
  else keep(OWED, `${owed.what} ${owed.person}`)
}

export function owed(): Owed | null {
  const [what, person] = (kept(OWED) ?? '').split(' ')
  return (what === 'lock' || what === 'log_out') && person !== undefined ? { what, person } : null
}

/** Until somebody says that it is theirs alone, a browser is one that several people use. */
export const isShared = (): boolean => kept(OWN) === null

export function keepShared(shared: boolean): void {
  if (shared) drop(OWN)
  else keep(OWN, '1')
}

function kept(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // A browser that keeps nothing: the service locks and ends by itself, a few minutes later.
  }
}

function drop(name: string): void {
  try {
    localStorage.removeItem(name)
  } catch {
    // As above.
  }
}
