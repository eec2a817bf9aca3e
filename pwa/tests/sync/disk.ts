/** A folder of files as browsers give one to a page: node has none. In memory, and as full as a test says. */

import type { Bytes } from '../../src/sync/bytes.ts'

type Kept = { bytes: Bytes; changedAt: number }

export class Disk {
  readonly files = new Map<string, Kept>()
  /** Bytes that still fit. */
  room = Infinity
  /** Turns a bit of what is written: a broken disk. */
  corrupts = false
  locked = false
  readonly reads: { readonly name: string; readonly from: number; readonly to: number }[] = []

  put(name: string, bytes: Bytes, changedAt = Date.now()): void {
    this.files.set(name, { bytes, changedAt })
  }

  names(): readonly string[] {
    return [...this.files.keys()].sort()
  }

  /** What `navigator.storage` is to a page. */
  get storage(): unknown {
    const removeEntry = async () => Promise.reject(new DOMException('no such folder', 'NotFoundError'))
    return { getDirectory: async () => ({ getDirectoryHandle: async () => this.#folder(), removeEntry }), persisted: async () => false }
  }

  #folder(): unknown {
    return {
      getFileHandle: async (name: string, { create = false } = {}) => {
        if (!this.files.has(name) && !create) throw new DOMException('no such file', 'NotFoundError')
        if (!this.files.has(name)) this.put(name, new Uint8Array())
        return this.#handle(name)
      },
      removeEntry: async (name: string) => {
        if (this.locked) throw new DOMException('open elsewhere', 'NoModificationAllowedError')
        if (!this.files.delete(name)) throw new DOMException('no such file', 'NotFoundError')
      },
      entries: () => this.#entries(),
    }
  }

  async *#entries(): AsyncGenerator<readonly [string, unknown]> {
    for (const name of this.names()) yield [name, this.#handle(name)]
  }

  #handle(name: string): unknown {
    return {
      kind: 'file',
      getFile: async () => this.#file(name),
      createSyncAccessHandle: async () => ({
        write: (bytes: Bytes, { at }: { at: number }) => this.#write(name, bytes, at),
        flush: () => undefined,
        close: () => undefined,
      }),
    }
  }

  #file(name: string): unknown {
    const kept = this.files.get(name) as Kept
    const slice = (from: number, to: number) => {
      this.reads.push({ name, from, to })
      return new Blob([kept.bytes.slice(from, to)])
    }
    return { size: kept.bytes.length, lastModified: kept.changedAt, slice }
  }

  #write(name: string, bytes: Bytes, at: number): number {
    if (bytes.length > this.room) throw new DOMException('full', 'QuotaExceededError')
    this.room -= bytes.length
    const kept = this.files.get(name) as Kept
    const grown = new Uint8Array(at + bytes.length)
    grown.set(kept.bytes)
    grown.set(bytes, at)
    if (this.corrupts) grown[at] = (grown[at] ?? 0) ^ 1
    kept.bytes = grown
    return bytes.length
  }
}
