/**
 * A picture drawn anew: upright, of a bounded size, with nothing in it but what is seen. Works in a worker and, for
 * browsers whose workers cannot draw, in a page.
 */

import type { Bytes } from './bytes.ts'

const SIDE_MAX = 4_096 // also within the area that iOS lets a canvas have
const PREVIEW_SIDE_MAX = 320
const QUALITY = 0.88
const JPEG = 'image/jpeg'

export type Encoded = { readonly picture: Bytes; readonly preview: Bytes }

/** Not an image to this browser. */
export class CannotDecode extends Error {
  override readonly name = 'CannotDecode'
}

/** Nothing here can draw: the other thread may be able to. */
export class CannotDraw extends Error {
  override readonly name = 'CannotDraw'
}

/** Raises CannotDecode or CannotDraw. */
export async function encodePicture(file: Blob): Promise<Encoded> {
  const image = await decoded(file)
  try {
    const picture = await drawn(image, SIDE_MAX)
    return { picture, preview: await drawn(image, PREVIEW_SIDE_MAX) }
  } finally {
    image.close()
  }
}

/** What the person sees of a file that is sent as it is. Raises as above. */
export async function encodePreview(file: Blob): Promise<Bytes> {
  const image = await decoded(file)
  try {
    return await drawn(image, PREVIEW_SIDE_MAX)
  } finally {
    image.close()
  }
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (cause) {
    throw new CannotDecode('', { cause })
  }
}

async function drawn(image: ImageBitmap, sideMax: number): Promise<Bytes> {
  const scale = Math.min(1, sideMax / Math.max(image.width, image.height))
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number]
  const canvas = canvasOf(width, height)
  const context = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null
  if (context === null) throw new CannotDraw()
  context.imageSmoothingQuality = 'high'
  context.fillStyle = '#fff' // behind what is transparent
  context.fillRect(0, 0, width, height)
  context.drawImage(image, 0, 0, width, height)
  const bytes = await jpeg(canvas)
  canvas.width = canvas.height = 0 // gives the pixels back at once: a phone has room for few such canvases
  return bytes
}

function canvasOf(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  if ('OffscreenCanvas' in globalThis) return new OffscreenCanvas(width, height)
  if (!('document' in globalThis)) throw new CannotDraw()
  return Object.assign(document.createElement('canvas'), { width, height })
}

/** As bytes at once: a browser may lay a blob of this size on the disk, in the clear. */
async function jpeg(canvas: OffscreenCanvas | HTMLCanvasElement): Promise<Bytes> {
  const blob =
    'convertToBlob' in canvas
      ? await canvas.convertToBlob({ type: JPEG, quality: QUALITY })
      : await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, JPEG, QUALITY))
  if (blob === null || blob.type !== JPEG) throw new CannotDraw()
  return new Uint8Array(await blob.arrayBuffer())
}
