/** The service worker seen from the page: registered, filled, and replaced only when the person says so. */

import { tellWorkerLeft } from './tell-worker.ts'
import { scriptAddress, SERVICE_WORKER } from './trusted-urls.ts'

const FILL_MS_MAX = 120_000
const READY_MS_MAX = 10_000
/** As the service worker knows it. */
const SYNC_TAG = 'drain'

let registration: ServiceWorkerRegistration | null = null

/** `changed` runs whenever a new version may have arrived. Browsers without service workers: nothing. */
export async function register(changed: () => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  // Registering may stay pending for long when the service is away: what is installed counts at once.
  registration = (await navigator.serviceWorker.getRegistration()) ?? null
  if (registration !== null) changed()
  registration = await navigator.serviceWorker.register(scriptAddress(SERVICE_WORKER), { updateViaCache: 'none' })
  registration.addEventListener('updatefound', () => {
    registration?.installing?.addEventListener('statechange', changed)
  })
  navigator.serviceWorker.addEventListener('controllerchange', changed)
}

/** Have everything that saving needs fetched; true once it is all there. */
export async function offlineReady(): Promise<boolean> {
  const active = registration?.active
  return active === null || active === undefined ? false : fill(active)
}

/** A newer version waits, and is complete: it can take over without losing the ability to save offline. */
export async function updateReady(): Promise<boolean> {
  const waiting = registration?.waiting
  // On a first visit the only worker waits for a moment, too: with none before it, it is no update.
  if (waiting === null || waiting === undefined || registration?.active === null) return false
  return fill(waiting)
}

/** The worker once it can be asked for something; null where there is none. */
export async function ready(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null
  // `ready` never settles where registering has failed.
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), READY_MS_MAX))
  return Promise.race([navigator.serviceWorker.ready, late])
}

type SyncManager = { readonly register: (tag: string) => Promise<void> }

/** Have the browser send what waits when there is a network, whether or not a page is open (Chromium). */
export async function askForSync(): Promise<void> {
  const sync = (registration as { readonly sync?: SyncManager } | null)?.sync
  // Forbidden in a private window or by the person: the page then sends by itself, as elsewhere.
  await sync?.register(SYNC_TAG).catch(() => undefined)
}


/** For whom the page has forgotten already: what the browser itself holds for them goes, too. */
export function tellLeft(): void {
  tellWorkerLeft(registration)
}

export async function applyUpdate(): Promise<void> {
  const waiting = registration?.waiting
  if (waiting === null || waiting === undefined) return
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waiting.postMessage('update-now')
}

function fill(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const timer = setTimeout(() => resolve(false), FILL_MS_MAX)
    port1.onmessage = (event) => {
      clearTimeout(timer)
      port1.close()
      resolve(event.data === true)
    }
    worker.postMessage('fill', [port2])
  })
}
