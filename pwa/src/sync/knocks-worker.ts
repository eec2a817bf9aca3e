/**
 * What the service worker does with no page open: send what waits, fetch what came, say that there is
 * something, and subscribe again. Only an accelerator: the next page does all of it, too.
 */

import { allKeys } from './feed.ts'
import { dueFiles, sendFiles } from './files-send.ts'
import { keepPlace, keptKnocks, type Notice, placeOf, register, serviceKey } from './knocks-wire.ts'
import { allParcels } from './parcels.ts'
import { drain } from './pass.ts'
import { coreWake } from './wake.ts'

export const SYNC_TAG = 'drain'
const WAIT_MS_MAX = 20_000 // whoever else is sending has this long before we go without waiting
const CATCH_UP_MS_MAX = 15_000 // the browser counts a knock without a notice against us

const nobody = { sending: () => undefined }

/** Rejects while something is left, so that the browser tries again. */
export async function sendAll(): Promise<void> {
  await othersDone()
  await drain({ reason: await coreWake('online'), heartbeat: null, feeds: async () => [] }, nobody)
  tellPages()
  await sendFiles({ force: true, changed: tellPages })
  const left = (await allParcels()).some((parcel) => parcel.state === 'queued') || (await dueFiles(true)).length > 0
  if (left) throw new Error('something is left')
}

/** Send and fetch. Never rejects: a page that is opened later does the same. */
export async function catchUp(): Promise<void> {
  try {
    const feeds = async () => (await allKeys()).map((keys) => keys.deviceId).filter((id) => id !== 'probe')
    await drain({ reason: await coreWake('online'), heartbeat: null, feeds }, nobody)
  } catch {
    // A store that does not work here: the notice still brings the person to a page that can say so.
  }
  tellPages()
}

/** What came, if the person still wants to be told by then. Null: they have turned it off, or have left this phone. */
export async function noticeAfterCatchingUp(): Promise<Notice | null> {
  if ((await noticeWanted()) === null) return null
  await Promise.race([catchUp(), new Promise((resolve) => setTimeout(resolve, CATCH_UP_MS_MAX))])
  return noticeWanted()
}

/** Null: nobody here wants to be told, now. */
export async function noticeWanted(): Promise<Notice | null> {
  return (await keptKnocks().catch(() => null))?.notice ?? null
}

/** The browser has changed the place, or has lost it. */
export async function subscribeAgain(manager: PushManager, renewed: PushSubscription | null): Promise<void> {
  const kept = await keptKnocks()
  if (kept === null) return
  const applicationServerKey = renewed === null ? await serviceKey() : null
  const subscription =
    renewed ?? (applicationServerKey && (await manager.subscribe({ userVisibleOnly: true, applicationServerKey })))
  const place = subscription === null ? null : placeOf(subscription)
  if (place === null) return
  if (await keepPlace(place)) await register()
  else await subscription?.unsubscribe()
}

function tellPages(): void {
  if (!('BroadcastChannel' in globalThis)) return
  const pages = new BroadcastChannel('waymark')
  pages.postMessage('changed')
  pages.close()
}

/** The lock only saves traffic: a page that is sending is waited for, but not for ever. */
async function othersDone(): Promise<void> {
  if (!('locks' in navigator)) return
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), WAIT_MS_MAX)
  await navigator.locks.request('drain', { signal: late.signal }, () => undefined).catch(() => undefined)
  clearTimeout(timer)
}
