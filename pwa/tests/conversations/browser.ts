/**
 * What a browser gives to a page and node does not: storage, locks, a worker, and addresses without an origin. The
 * app's modules find it where they look for it, and nothing of theirs is replaced.
 */

import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FileHandle, FolderHandle } from './opfs.ts'

type Held = { readonly name: string }
type Work = (lock: Held | null) => unknown

/** One holder a name, in the order asked. */
class Locks {
  readonly #last = new Map<string, Promise<unknown>>()

  async request(name: string, ...[first, second]: readonly [Work] | readonly [{ readonly ifAvailable?: boolean }, Work]): Promise<unknown> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [first, second as Work]
    const before = this.#last.get(name)
    if (before !== undefined && options.ifAvailable === true) return work(null)
    const mine = (before ?? Promise.resolve()).then(() => work({ name }))
    const settled = mine.then(() => undefined, () => undefined)
    this.#last.set(name, settled)
    await settled
    if (this.#last.get(name) === settled) this.#last.delete(name)
    return mine
  }
}

/** The outbox's own thread, without a thread: it knows its page by messages alone. */
class OutboxThread {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  readonly #loaded: Promise<unknown>

  constructor() {
    Object.assign(globalThis, { postMessage: (data: unknown) => this.onmessage?.({ data: structuredClone(data) }) })
    this.#loaded = import('../../src/sync/outbox.worker.ts')
  }

  postMessage(message: unknown): void {
    const data: unknown = structuredClone(message)
    const inside = globalThis as unknown as { readonly onmessage: (event: { readonly data: unknown }) => void }
    void this.#loaded.then(() => inside.onmessage({ data }))
  }
}

const outside = globalThis.fetch

/** `folder` holds what the browser would keep. */
export function furnish(folder: string): void {
  const storage = { getDirectory: async () => new FolderHandle(folder, ''), persist: async () => true, persisted: async () => true }
  const navigator = { locks: new Locks(), storage }
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
  Object.assign(globalThis, {
    FileSystemHandle: FileHandle,
    FileSystemFileHandle: FileHandle,
    FileSystemDirectoryHandle: FolderHandle,
    Worker: OutboxThread,
    fetch: offline,
  })
}

/** From now on the page comes from there, and so does what it asks for. */
export function connect(origin: string): void {
  globalThis.fetch = (path, init) => (isAsset(path) ? offline(path) : outside(new URL(String(path), origin), init))
}

export function disconnect(): void {
  globalThis.fetch = offline
}

/** What was installed is here; all else is not. */
async function offline(path: unknown): Promise<Response> {
  if (isAsset(path)) return new Response(readFileSync(fileURLToPath(path)))
  throw new TypeError('no network')
}

function isAsset(path: unknown): path is string {
  return typeof path === 'string' && path.startsWith('file:')
}
