/**
 * Lets the app open with no network. Answers only GET: navigations to the app's few addresses, and files of
 * this build; all else goes to the network untouched. The shell is fetched at install; what only saving
 * needs follows later, so that a large download that fails cannot keep the app from opening offline.
 * A new version waits until the page asks for it.
 *
 * Beside that it hurries things along with no page open (`sync`, `push`). Nothing depends on it.
 */

import { noticeAfterCatchingUp, noticeWanted, sendAll, subscribeAgain, SYNC_TAG } from './sync/knocks-worker.ts'
import { leave } from './sync/leave.ts'

declare const self: ServiceWorkerGlobalScope
/** Filled in by the build. */
declare const __SHELL__: readonly string[]
declare const __LATER__: readonly string[]
declare const __VERSION__: string

const PREFIX = 'shell-'
const CACHE = PREFIX + __VERSION__
/** Addresses that open without a network, by the page that each shows. */
const PAGES: ReadonlyMap<string, string> = new Map([
  ['/', '/'],
  ['/return', '/'],
  ['/verify', '/'],
  ['/leaving', '/leaving'],
])
const FILES: ReadonlySet<string> = new Set([...__SHELL__, ...__LATER__])
const KEPT_VERSIONS = 2 // tabs of the version before may still ask for its files

self.addEventListener('install', (event) => event.waitUntil(install()))
self.addEventListener('activate', (event) => event.waitUntil(activate()))
self.addEventListener('fetch', (event) => {
  const key = keyOf(event.request)
  if (key !== null) event.respondWith(answer(key, event.request))
})
self.addEventListener('message', (event) => {
  if (event.data === 'update-now') event.waitUntil(self.skipWaiting())
  if (event.data === 'fill') event.waitUntil(fillAndTell(event.ports[0]))
  if (event.data === 'left') event.waitUntil(personLeft())
})
self.addEventListener('sync', (event) => {
  const { tag, waitUntil } = waking(event)
  if (tag === SYNC_TAG) waitUntil(sendAll())
})
self.addEventListener('push', (event) => event.waitUntil(knocked()))
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(openApp())
})
self.addEventListener('pushsubscriptionchange', (event) => {
  const { newSubscription, waitUntil } = waking(event)
  waitUntil(subscribeAgain(self.registration.pushManager, newSubscription ?? null))
})

async function install(): Promise<void> {
  await fill(__SHELL__)
  // What an earlier version holds already costs no network.
  await Promise.all(__LATER__.map(reuse))
}

async function activate(): Promise<void> {
  const versions = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE)
  await Promise.all(versions.slice(0, -(KEPT_VERSIONS - 1)).map((name) => caches.delete(name)))
  await self.clients.claim()
}

async function fillAndTell(port: MessagePort | undefined): Promise<void> {
  const complete = await fill(__LATER__).then(
    () => true,
    () => false,
  )
  port?.postMessage(complete)
}

async function fill(urls: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE)
  await Promise.all(urls.map((url) => fetchInto(cache, url)))
}

async function fetchInto(cache: Cache, url: string): Promise<void> {
  if ((await cache.match(url)) !== undefined || (await reuse(url))) return
  const response = await fetch(url, { cache: hashed(url) ? 'default' : 'no-cache', credentials: 'omit' })
  if (!response.ok || response.redirected) throw new Error(`${response.status} for ${url}`)
  await cache.put(url, response)
}

/** A file with its hash in its name is the same in every version. */
async function reuse(url: string): Promise<boolean> {
  const known = hashed(url) ? await caches.match(url) : undefined
  if (known === undefined) return false
  await (await caches.open(CACHE)).put(url, known)
  return true
}

function hashed(url: string): boolean {
  return url.startsWith('/assets/')
}

/** The cache's name for what is asked, or null for what is none of our business. */
function keyOf(request: Request): string | null {
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return null
  if (request.mode === 'navigate') return PAGES.get(url.pathname) ?? null
  return FILES.has(url.pathname) || hashed(url.pathname) ? url.pathname : null
}

async function answer(key: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(key)) ?? (await earlier(key)) ?? fetch(request)
}

async function earlier(key: string): Promise<Response | undefined> {
  return hashed(key) ? caches.match(key) : undefined
}

type Waking = {
  readonly tag?: string
  readonly newSubscription?: PushSubscription | null
  readonly waitUntil: (work: Promise<void>) => void
}

/** Events that TypeScript's own library does not know, or not in every version of it. */
function waking(event: Event): Waking {
  const known = event as Event & Partial<Waking> & { readonly waitUntil: (work: Promise<void>) => void }
  return {
    ...(known.tag === undefined ? {} : { tag: known.tag }),
    newSubscription: known.newSubscription ?? null,
    waitUntil: (work) => known.waitUntil(work),
  }
}

/**
 * One notice in the same neutral words for everything, which the next one replaces. Whoever leaves while it is
 * on its way leaves none behind: what they left is asked for before it is shown, and again once it stands.
 */
async function knocked(): Promise<void> {
  const notice = await noticeAfterCatchingUp()
  if (notice === null) return unsubscribe()
  const { title, text, lang, dir } = notice
  await self.registration.showNotification(title, { body: text, lang, dir, tag: 'note', icon: '/icon-192.png' })
  if ((await noticeWanted()) === null) await unsubscribe()
}

/** The page is gone at once, on a slow phone before it has forgotten anything. What is left of that is done here. */
async function personLeft(): Promise<void> {
  await leave()
  if ((await noticeWanted()) === null) await unsubscribe()
}

async function openApp(): Promise<void> {
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const ours = open.find((client) => new URL(client.url).pathname === '/')
  await (ours === undefined ? self.clients.openWindow('/') : ours.focus())
}

/** Nobody here wants to be told any more. Notices that still stand go, too. */
async function unsubscribe(): Promise<void> {
  for (const notice of await self.registration.getNotifications()) notice.close()
  await (await self.registration.pushManager.getSubscription())?.unsubscribe()
}
