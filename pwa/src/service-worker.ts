/**
 * Lets the app open with no network. Answers only GET: navigations to the app's few addresses, and files of
 * this build; all else goes to the network untouched. The shell is fetched at install; what only saving
 * needs follows later, so that a large download that fails cannot keep the app from opening offline.
 * A new version waits until the page asks for it.
 */

export {}

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
