/**
 * Seals a file onto the disk and believes it only when it has read it back. In the outbox's thread: sync access
 * handles exist in dedicated workers alone, and are the one way to write that Safari has had from the start
 * (`createWritable` came there years later).
 */

import { createSHA256, type IHasher } from 'hash-wasm'
import { type Bytes, equal } from './bytes.ts'
import { filesFolder, removeFile, sealedFile } from './files-folder.ts'
import { newFileKey, type Plain, SEALED_CHUNK_BYTES, sealedChunks } from './files-seal.ts'

/** What the report says of it: the key inside, the rest in its header. */
export type KeptBytes = { readonly key: Bytes; readonly size: number; readonly sha256: Bytes }

type SyncHandle = {
  readonly write: (bytes: Bytes, options: { readonly at: number }) => number
  readonly flush: () => void
  readonly close: () => void
}
type Writable = FileSystemFileHandle & { readonly createSyncAccessHandle: () => Promise<SyncHandle> }

/** The person's own file could not be read: taken away, or changed since it was chosen. */
export class SourceUnreadable extends Error {
  override readonly name = 'SourceUnreadable'
}

export class ReadBackDiffers extends Error {
  override readonly name = 'ReadBackDiffers'
}

/** Durable and read back when it resolves; of a failure nothing is left. Raises QuotaExceededError and the above. */
export async function keepFile(attId: string, plain: Plain): Promise<KeptBytes> {
  try {
    const key = newFileKey()
    const written = await write(attId, sealedChunks(plain, key, attId))
    const read = await digestOnDisk(attId)
    if (read.size !== written.size || !equal(read.sha256, written.sha256)) throw new ReadBackDiffers()
    return { key, ...written }
  } catch (error) {
    await removeFile(attId).catch(() => false)
    throw error
  }
}

type Digest = { readonly size: number; readonly sha256: Bytes }

async function write(attId: string, chunks: AsyncGenerator<Bytes>): Promise<Digest> {
  const [hasher, handle] = await Promise.all([createSHA256(), opened(attId)])
  hasher.init()
  let size = 0
  try {
    for (let next = await read(chunks); next.done !== true; next = await read(chunks)) {
      const chunk = next.value
      if (handle.write(chunk, { at: size }) !== chunk.length) throw new DOMException('short write', 'QuotaExceededError')
      hasher.update(chunk)
      size += chunk.length
    }
    handle.flush()
  } finally {
    handle.close()
  }
  return { size, sha256: digest(hasher) }
}

/** Only the source is read here, so only the source can be at fault. */
async function read(chunks: AsyncGenerator<Bytes>): Promise<IteratorResult<Bytes>> {
  try {
    return await chunks.next()
  } catch (cause) {
    throw new SourceUnreadable('', { cause })
  }
}

async function opened(attId: string): Promise<SyncHandle> {
  const handle = await (await filesFolder(true)).getFileHandle(attId, { create: true })
  return (handle as Writable).createSyncAccessHandle()
}

async function digestOnDisk(attId: string): Promise<Digest> {
  const [hasher, file] = await Promise.all([createSHA256(), sealedFile(attId)])
  hasher.init()
  for (let at = 0; at < file.size; at += SEALED_CHUNK_BYTES)
    hasher.update(new Uint8Array(await file.slice(at, at + SEALED_CHUNK_BYTES).arrayBuffer()))
  return { size: file.size, sha256: digest(hasher) }
}

function digest(hasher: IHasher): Bytes {
  return new Uint8Array(hasher.digest('binary'))
}
