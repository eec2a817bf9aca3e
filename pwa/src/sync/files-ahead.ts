/**
 * A photo is sealed when it is chosen, not when the report is finished: by then nobody waits for it. Until then its
 * key is nowhere but in this page's memory, so what lies on the disk opens to nobody; a lock says that this page
 * still lives, and what no page holds is swept (`files-store.ts`).
 */

import { removeFile, sealedFile } from './files-folder.ts'
import { filesLock } from './files-held.ts'
import type { KeptBytes } from './files-keep.ts'
import { call } from './outbox.ts'
import type { PreparedPicture } from './types.ts'

type Content = PreparedPicture['content']
/** `letGo` once a row names it, or once it is removed. */
export type Sealed = KeptBytes & { readonly attId: string; readonly letGo: () => void }

const ahead = new Map<Content, Promise<Sealed | null>>()

/** A failure is told when the report is finished: there may be room by then. */
export async function sealAhead(content: Content): Promise<void> {
  if (!ahead.has(content)) ahead.set(content, seal(content).catch(() => null))
  await ahead.get(content)
}

/** Once for each sealing: a key seals one file, of one report. Raises OutboxUnavailable. */
export async function takeSealed(content: Content): Promise<Sealed> {
  const sealed = await given(content)
  if (sealed === null) return seal(content)
  if (await isHere(sealed)) return sealed
  sealed.letGo()
  return seal(content)
}

/** It is not wanted any more. What cannot go now is swept later. */
export async function dropSealed(content: Content): Promise<void> {
  const sealed = await given(content)
  if (sealed === null) return
  await removeFile(sealed.attId).catch(() => false)
  sealed.letGo()
}

/** Somebody leaves. */
export async function dropAllSealed(): Promise<void> {
  await Promise.all([...ahead.keys()].map(dropSealed))
}

async function given(content: Content): Promise<Sealed | null> {
  const sealing = ahead.get(content)
  ahead.delete(content)
  return (await sealing) ?? null
}

async function seal(content: Content): Promise<Sealed> {
  const attId = crypto.randomUUID()
  const letGo = await hold(attId)
  try {
    return { attId, letGo, ...(await call('keepFile', attId, content)) }
  } catch (error) {
    letGo()
    throw error
  }
}

/** It was read back when it was written: now it only must not have been taken away since. */
async function isHere({ attId, size }: Sealed): Promise<boolean> {
  return sealedFile(attId).then(
    (file) => file.size === size,
    () => false,
  )
}

/** Before there is a file, so that no other tab takes it for one that nobody needs. */
function hold(attId: string): Promise<() => void> {
  if (!('locks' in navigator)) return Promise.resolve(() => undefined)
  return new Promise((held, failed) => {
    navigator.locks.request(filesLock(attId), () => new Promise<void>((letGo) => held(letGo))).catch(failed)
  })
}
