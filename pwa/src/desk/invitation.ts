/**
 * The token of an invitation travels behind the # of an address, which no server is sent. It leaves the address
 * before anything is shown, so that it stays in no history, and lives in memory alone.
 */

let token = ''

export function takeInvitation(): void {
  if (location.pathname !== '/desk/join') return
  token = location.hash.slice(1)
  if (token !== '') history.replaceState(null, '', '/desk/join')
}

export const invitationToken = (): string => token
export function forgetInvitation(): void {
  token = ''
}

/** What is handed to whoever is invited. */
export const linkOf = (invited: string): string => `${location.origin}/desk/join#${invited}`
