/** Which files an open page is about to name in a report. */

const PREFIX = 'file:'

export function filesLock(attId: string): string {
  return PREFIX + attId
}

/** Null where no page can tell. */
export async function filesHeld(): Promise<ReadonlySet<string> | null> {
  if (!('locks' in navigator)) return null
  const names = ((await navigator.locks.query()).held ?? []).map(({ name }) => name ?? '')
  return new Set(names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)))
}
