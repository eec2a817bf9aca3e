/**
 * The folder that holds sealed files, one for each attachment. A page and a service worker can both read it and
 * take files out; only the outbox's thread writes (`files-keep.ts`).
 */

import type { Bytes } from './bytes.ts'

const FOLDER = '.waymark-files'

/** The sealed bytes are not on this device any more. */
export class FileLost extends Error {
  override readonly name = 'FileLost'
}

export async function filesFolder(create = false): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create })
}

/** Raises FileLost. */
export async function sealedFile(attId: string): Promise<File> {
  try {
    return await (await (await filesFolder()).getFileHandle(attId)).getFile()
  } catch (error) {
    throw isGone(error) ? new FileLost() : error
  }
}

/** Raises FileLost, also when the file is shorter than it must be. */
export async function pieceOf(attId: string, from: number, to: number): Promise<Bytes> {
  const piece = new Uint8Array(await (await sealedFile(attId)).slice(from, to).arrayBuffer())
  if (piece.length !== to - from) throw new FileLost()
  return piece
}

/** False when it could not be removed now: a later look tries again. */
export async function removeFile(attId: string): Promise<boolean> {
  try {
    await (await filesFolder()).removeEntry(attId)
    return true
  } catch (error) {
    return isGone(error)
  }
}

/** Names of all that is there, with the time of the last change in milliseconds since 1970. */
export async function filesHere(): Promise<readonly { readonly attId: string; readonly changedAt: number }[]> {
  const found: { attId: string; changedAt: number }[] = []
  try {
    for await (const [attId, handle] of entriesOf(await filesFolder()))
      if (handle.kind === 'file') found.push({ attId, changedAt: (await handle.getFile()).lastModified })
  } catch (error) {
    if (!isGone(error)) throw error
  }
  return found
}

type Entry = FileSystemFileHandle | FileSystemDirectoryHandle
type Listed = { readonly entries: () => AsyncIterable<readonly [string, Entry]> }

/** Not in every version of TypeScript's own library. */
function entriesOf(folder: FileSystemDirectoryHandle): AsyncIterable<readonly [string, Entry]> {
  return (folder as unknown as Listed).entries()
}

function isGone(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError'
}
