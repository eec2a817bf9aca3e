/** From chosen files to photos that can be sealed, one after another: a phone has room for few at once. */

import { batch, signal } from '@preact/signals'
import { dropPicture, PictureFailed, type PictureFailedCode, preparePicture, type PreparedPicture } from '../../sync/index.ts'
import { ATT_COUNT_MAX, ATT_TOTAL_BYTES_MAX } from '../../sync/protocol.generated.ts'
import { bytesOf, isReady, keepsDetails, letGo, type Photo, photos, readyPhotos } from '../photos.ts'

/** A file that was chosen and is no part of the report. */
export type Refused =
  | { readonly code: Exclude<PictureFailedCode, 'cannot_strip'>; readonly name: string }
  | { readonly code: 'too_many'; readonly count: number }

/** What a screen reader should hear; nothing at first. */
export type News =
  | { readonly type: 'none' }
  | { readonly type: 'preparing'; readonly number: number; readonly count: number }
  | { readonly type: 'ready'; readonly count: number }
  | { readonly type: 'removed'; readonly count: number }

export const refused = signal<readonly Refused[]>([])
export const news = signal<News>({ type: 'none' })

/** With room for the tags of their chunks. */
export const TOTAL_BYTES_MAX = Math.floor(ATT_TOTAL_BYTES_MAX * (1 - 1 / 10_000))

let queue: Promise<void> = Promise.resolve()

/** Resolves when all of them are prepared or refused. */
export function choose(files: readonly File[]): Promise<void> {
  const room = Math.max(0, ATT_COUNT_MAX - photos.peek().length)
  const over = files.length - room
  const chosen = files.slice(0, room).map((file): Photo => {
    return { id: crypto.randomUUID(), file, caption: '', attempt: 0, made: { state: 'preparing' } }
  })
  batch(() => {
    refused.value = over > 0 ? [{ code: 'too_many', count: over }] : []
    photos.value = [...photos.peek(), ...chosen]
  })
  return prepareAll(chosen.map((photo) => photo.id))
}

/** Prepare every photo again, so that all of them are treated alike. */
export function keepDetails(kept: boolean): Promise<void> {
  keepsDetails.value = kept
  return prepareAll(photos.peek().map((photo) => photo.id))
}

/** The way out where hidden details cannot be taken out. */
export function keepThisOne(id: string): Promise<void> {
  return prepareAll([id], true)
}

export function describe(id: string, caption: string): void {
  change(id, (photo) => ({ ...photo, caption }))
}

export function remove(id: string): void {
  const gone = photos.peek().find((photo) => photo.id === id)
  photos.value = photos.peek().filter((photo) => photo.id !== id)
  if (gone !== undefined) letGo(gone)
  news.value = { type: 'removed', count: photos.peek().length }
}

async function prepareAll(ids: readonly string[], kept: boolean = keepsDetails.peek()): Promise<void> {
  for (const id of ids) change(id, again)
  const begun = photos.peek().filter((photo) => ids.includes(photo.id))
  for (const [index, photo] of begun.entries()) {
    const told: News = { type: 'preparing', number: index + 1, count: begun.length }
    queue = queue.then(() => prepare(photo, kept, told))
  }
  await queue
  if (begun.length > 0) news.value = { type: 'ready', count: photos.peek().filter(isReady).length }
}

function again(photo: Photo): Photo {
  letGo(photo)
  return { ...photo, attempt: photo.attempt + 1, made: { state: 'preparing' } }
}

async function prepare(photo: Photo, kept: boolean, told: News): Promise<void> {
  if (!isWanted(photo)) return
  news.value = told
  try {
    took(photo, fitting(await prepared(photo.file, kept)))
  } catch (error) {
    failed(photo, error instanceof PictureFailed ? error.code : 'unreadable')
  }
}

/** Some kinds can only be drawn anew; their hidden details cannot be kept, and the photo's line says so. */
async function prepared(file: File, kept: boolean): Promise<PreparedPicture> {
  try {
    return await preparePicture(file, kept)
  } catch (error) {
    if (kept && error instanceof PictureFailed && error.code === 'wrong_type') return preparePicture(file, false)
    throw error
  }
}

/** Raises PictureFailed where it is too much with the others. */
function fitting(picture: PreparedPicture): PreparedPicture {
  const others = readyPhotos.peek().reduce((sum, photo) => sum + bytesOf(photo.made.picture), 0)
  if (others + bytesOf(picture) <= TOTAL_BYTES_MAX) return picture
  void dropPicture(picture).catch(() => undefined) // swept later
  throw new PictureFailed('all_too_large')
}

function took(photo: Photo, picture: PreparedPicture): void {
  const looked = picture.preview ?? (picture.mediaType.startsWith('audio/') ? photo.file : null)
  const address = isWanted(photo) && looked !== null ? URL.createObjectURL(looked) : null
  const made = { state: 'ready', picture, address } as const
  if (isWanted(photo)) change(photo.id, (now) => ({ ...now, made }))
  else letGo({ ...photo, made }) // taken out, or left, while it was being prepared
}

function failed(photo: Photo, code: PictureFailedCode): void {
  if (!isWanted(photo)) return
  if (code === 'cannot_strip') return change(photo.id, (now) => ({ ...now, made: { state: 'undecided' } }))
  batch(() => {
    photos.value = photos.peek().filter((one) => one.id !== photo.id)
    refused.value = [...refused.peek(), { code, name: photo.file.name }]
  })
}

function isWanted({ id, attempt }: Photo): boolean {
  return photos.peek().some((photo) => photo.id === id && photo.attempt === attempt)
}

function change(id: string, changed: (photo: Photo) => Photo): void {
  photos.value = photos.peek().map((photo) => (photo.id === id ? changed(photo) : photo))
}
