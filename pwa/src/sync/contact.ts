/**
 * When the service last answered, and what it had to say about this build. For the screens alone: the words
 * about a build are signed by nobody, so nothing is stopped because of them.
 */

import { result } from './indexed-db.ts'
import { setting, stores } from './parcels.ts'
import type { Alert } from './protocol.generated.ts'
import type { EndOfLife } from './types.ts'

declare const __BUILD__: string
export const REACHED = 'reached_at'
const END_OF_LIFE = 'end_of_life'
const DAY = /^\d{4}-\d{2}-\d{2}$/

type Kept = EndOfLife & { readonly build: string }

/** `alert` undefined: a build was not spoken of. */
export async function noteContact(nowMs: number, alert: Alert | null | undefined): Promise<void> {
  await stores.write(['kv'], async (store) => {
    await result(store('kv').put(nowMs, REACHED))
    const told = understood(alert)
    if (told !== null) await result(store('kv').put({ build: __BUILD__, ...told } satisfies Kept, END_OF_LIFE))
    else if (alert === null) await result(store('kv').delete(END_OF_LIFE))
  })
}

/** A level that this build does not know says nothing to it. */
function understood(alert: Alert | null | undefined): EndOfLife | null {
  if (alert === null || alert === undefined || !DAY.test(alert.on)) return null
  const { level, on } = alert
  return level === 'soft_eol' || level === 'hard_eol' ? { level, on } : null
}

/** By the device's own clock; null when it never was. */
export async function reachedAt(): Promise<number | null> {
  return (await setting<number>(REACHED)) ?? null
}

/** Of the build that runs: a newer one has not been spoken of yet. */
export async function endOfLife(): Promise<EndOfLife | null> {
  const kept = await setting<Kept>(END_OF_LIFE)
  return kept?.build === __BUILD__ ? { level: kept.level, on: kept.on } : null
}
