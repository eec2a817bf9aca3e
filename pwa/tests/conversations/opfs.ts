/**
 * A browser's private folders on a folder of the disk: as much of them as SQLite's pool and the files of reports use.
 * Nothing is flushed: what a cut of power leaves is asked elsewhere.
 */

import * as fs from 'node:fs'
import { join } from 'node:path'

type Place = { readonly at: number }

class AccessHandle {
  readonly #file: number

  constructor(path: string) {
    this.#file = fs.openSync(path, 'r+')
  }

  read(into: Uint8Array, { at }: Place): number {
    return fs.readSync(this.#file, into, 0, into.byteLength, at)
  }

  write(bytes: Uint8Array, { at }: Place): number {
    return fs.writeSync(this.#file, bytes, 0, bytes.byteLength, at)
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#file, size)
  }

  getSize(): number {
    return fs.fstatSync(this.#file).size
  }

  flush(): void {
    // See above.
  }

  close(): void {
    fs.closeSync(this.#file)
  }
}

export class FileHandle {
  readonly kind = 'file'
  readonly name: string
  readonly #path: string

  constructor(folder: string, name: string) {
    this.name = name
    this.#path = join(folder, name)
  }

  async createSyncAccessHandle(): Promise<AccessHandle> {
    return new AccessHandle(this.#path)
  }

  async getFile(): Promise<File> {
    return new File([fs.readFileSync(this.#path)], this.name, { lastModified: fs.statSync(this.#path).mtimeMs })
  }
}

export class FolderHandle {
  readonly kind = 'directory'
  readonly name: string
  readonly #path: string

  constructor(folder: string, name: string) {
    this.name = name
    this.#path = join(folder, name)
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<FileHandle> {
    this.#find(name, create, (path) => fs.writeFileSync(path, ''))
    return new FileHandle(this.#path, name)
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<FolderHandle> {
    this.#find(name, create, (path) => fs.mkdirSync(path))
    return new FolderHandle(this.#path, name)
  }

  async removeEntry(name: string, { recursive = false } = {}): Promise<void> {
    this.#find(name, false, () => undefined)
    fs.rmSync(join(this.#path, name), { recursive })
  }

  async *entries(): AsyncGenerator<readonly [string, FileHandle | FolderHandle]> {
    for (const entry of fs.readdirSync(this.#path, { withFileTypes: true }))
      yield [entry.name, new (entry.isFile() ? FileHandle : FolderHandle)(this.#path, entry.name)]
  }

  [Symbol.asyncIterator](): AsyncGenerator<readonly [string, FileHandle | FolderHandle]> {
    return this.entries()
  }

  async *values(): AsyncGenerator<FileHandle | FolderHandle> {
    for await (const [, handle] of this.entries()) yield handle
  }

  #find(name: string, create: boolean, make: (path: string) => void): void {
    const path = join(this.#path, name)
    if (fs.existsSync(path)) return
    if (!create) throw new DOMException(name, 'NotFoundError')
    make(path)
  }
}
