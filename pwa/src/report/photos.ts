/**
 * Photos of the report that is being written. In memory like the answers, and gone with them: what the person
 * chose, what was made of it, and the address of a small picture to look at.
 */

import { computed, effect, signal } from '@preact/signals'
import { dropPicture, type PreparedPicture } from '../sync/index.ts'
import { LINE_MAX } from '../sync/protocol.generated.ts'

/** `undecided`: its hidden details cannot be taken out here, and the person has not said what to do. */
export type Photo = {
  readonly id: string
  readonly file: File
  readonly caption: string
  /** Counts how often it was prepared, so that an older result is not taken for the newest. */
  readonly attempt: number
  readonly made:
    | { readonly state: 'preparing' }
    | { readonly state: 'undecided' }
    | { readonly state: 'ready'; readonly picture: PreparedPicture; readonly address: string | null }
}
export type ReadyPhoto = Photo & { readonly made: { readonly state: 'ready' } }

const PREPARING_MS_MAX = 20_000 // the largest photo on a slow phone, several times over

export const photos = signal<readonly Photo[]>([])
/** Place, time and camera go along as evidence: only where the person asks for it. */
export const keepsDetails = signal(false)

export const readyPhotos = computed(() => photos.value.filter(isReady))

export function isReady(photo: Photo): photo is ReadyPhoto {
  return photo.made.state === 'ready'
}

export function bytesOf({ content }: PreparedPicture): number {
  return content instanceof Blob ? content.size : content.length
}

/** A caption as it will be sealed. Too long a one is refused on its page; here no bypass may spoil the report. */
export function sealedCaption({ caption }: Photo): string {
  return [...caption.trim().replace(/\p{Surrogate}/gu, '\ufffd')].slice(0, LINE_MAX).join('')
}

/** What goes into the report, once all of it is prepared; null when that takes too long. */
export async function picturesInTime(): Promise<readonly PreparedPicture[] | null> {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), PREPARING_MS_MAX))
  const prepared = await Promise.race([settled().then(() => true), late])
  return prepared ? readyPhotos.peek().map((photo) => ({ ...photo.made.picture, caption: sealedCaption(photo) })) : null
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (photos.value.every((photo) => photo.made.state !== 'preparing')) queueMicrotask(() => (stop(), resolve()))
    })
  })
}

/** What was made of a photo that will not go along. */
export function letGo({ made }: Photo): void {
  if (made.state !== 'ready') return
  if (made.address !== null) URL.revokeObjectURL(made.address)
  void dropPicture(made.picture).catch(() => undefined) // swept later
}

/** The report is sealed, or the person leaves: nothing of them stays in memory. */
export function forgetPhotos(): void {
  const gone = photos.peek()
  photos.value = []
  keepsDetails.value = false
  gone.forEach(letGo)
}
