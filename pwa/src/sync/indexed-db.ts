/**
 * A small promise layer over IndexedDB. Writes ask for strict durability. A connection that the browser
 * has dropped (Safari does so at random) is opened again once, and the work is tried a second time.
 */

const DROPPED: ReadonlySet<string> = new Set(['UnknownError', 'InvalidStateError', 'AbortError'])

/** `from`: the version that is there; 0 where there is none. */
export type Upgrade = (db: IDBDatabase, from: number) => void
export type Stores<Name extends string> = (name: Name) => IDBObjectStore

export class Store<Name extends string> {
  readonly #name: string
  readonly #version: number
  readonly #upgrade: Upgrade
  #opened: Promise<IDBDatabase> | null = null
  #worked = false

  constructor(name: string, version: number, upgrade: Upgrade) {
    this.#name = name
    this.#version = version
    this.#upgrade = upgrade
  }

  /** One read transaction. `work` may only wait for requests of this transaction. */
  read<T>(names: readonly Name[], work: (stores: Stores<Name>) => Promise<T>): Promise<T> {
    return this.#transact(names, 'readonly', work)
  }

  /** One transaction, all or nothing, durable when the promise resolves. */
  write<T>(names: readonly Name[], work: (stores: Stores<Name>) => Promise<T>): Promise<T> {
    return this.#transact(names, 'readwrite', work)
  }

  /** Something was read or written since the page began: the browser does not forbid it. */
  get worked(): boolean {
    return this.#worked
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    if (opened !== null) (await opened.catch(() => null))?.close()
  }

  async #transact<T>(
    names: readonly Name[],
    mode: IDBTransactionMode,
    work: (stores: Stores<Name>) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#once(names, mode, work)
    } catch (error) {
      if (!(error instanceof DOMException) || !DROPPED.has(error.name)) throw error
      await this.close()
      return this.#once(names, mode, work)
    }
  }

  async #once<T>(
    names: readonly Name[],
    mode: IDBTransactionMode,
    work: (stores: Stores<Name>) => Promise<T>,
  ): Promise<T> {
    const db = await this.#open()
    const transaction = db.transaction(names, mode, { durability: 'strict' })
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new DOMException('aborted', 'AbortError'))
    })
    done.catch(() => undefined)
    try {
      const result = await work((name) => transaction.objectStore(name))
      await done
      this.#worked = true
      return result
    } catch (error) {
      abort(transaction)
      throw error
    }
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(this.#name, this.#version)
      request.onupgradeneeded = (event) => this.#upgrade(request.result, event.oldVersion)
      request.onsuccess = () => {
        const forget = () => void this.close()
        // Another tab brings a newer version: let go, so that it need not wait for us.
        request.result.onversionchange = forget
        request.result.onclose = forget
        resolve(request.result)
      }
      request.onerror = () => {
        this.#opened = null
        reject(request.error ?? new DOMException('cannot open', 'UnknownError'))
      }
    })
    return this.#opened
  }
}

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new DOMException('request failed', 'UnknownError'))
  })
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // Already finished: its own error is the one that counts.
  }
}
