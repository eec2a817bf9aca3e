/** From a chosen file to what is sealed. All that can be read is in memory, or still the person's own file. */

import { type Bytes } from './bytes.ts'
import { dropSealed, sealAhead } from './files-ahead.ts'
import { PLAIN_BYTES_MAX } from './files-seal.ts'
import { call, OutboxUnavailable } from './outbox.ts'
import { CannotDecode, type Encoded, encodePicture, encodePreview } from './pictures-encode.ts'
import { PictureFailed, type PreparedPicture } from './types.ts'

const HEAD_BYTES = 12
const JPEG = 'image/jpeg'
/** Kinds that the service can open. Others can be drawn anew, which makes them JPEG. */
const SENT_AS_IS: ReadonlySet<string> = new Set([JPEG, 'image/png', 'image/webp', 'image/heic'])
const HEIF_BRANDS: ReadonlySet<string> = new Set(['mif1', 'heic', 'heix', 'heim', 'heis', 'hevc', 'msf1'])

/** `keepDetails`: the file as it is, with what it tells beside the picture. Raises PictureFailed. */
export async function preparePicture(file: File, keepDetails: boolean): Promise<PreparedPicture> {
  const kind = await kindOf(file)
  const picture = await (keepDetails ? asItIs(file, kind) : drawnAnew(file, kind))
  void sealAhead(picture.content)
  return picture
}

/** It was taken out again. */
export function dropPicture(picture: PreparedPicture): Promise<void> {
  return dropSealed(picture.content)
}

async function drawnAnew(file: File, kind: string): Promise<PreparedPicture> {
  try {
    const { picture, preview } = await encoded(file)
    return { content: picture, mediaType: JPEG, caption: '', hiddenDetails: 'removed', preview: asBlob(preview) }
  } catch (error) {
    // A phone's own kind, perhaps, that this browser cannot read: the service can.
    throw new PictureFailed(kind === 'image/heic' ? 'cannot_strip' : 'unreadable', { cause: error })
  }
}

async function asItIs(file: File, kind: string): Promise<PreparedPicture> {
  if (!SENT_AS_IS.has(kind)) throw new PictureFailed('wrong_type')
  const preview = await encodePreview(file).then(asBlob, () => null)
  return { content: file, mediaType: kind, caption: '', hiddenDetails: 'kept', preview }
}

/** In the outbox's thread, so that the page stays awake; here where that thread cannot draw. */
async function encoded(file: File): Promise<Encoded> {
  try {
    return await call('encodePicture', file)
  } catch (error) {
    if (error instanceof OutboxUnavailable && error.message.startsWith('CannotDecode')) throw new CannotDecode()
    return encodePicture(file)
  }
}

/** By its first bytes: names and types are only what somebody has called it. Raises PictureFailed. */
async function kindOf(file: File): Promise<string> {
  if (file.size === 0) throw new PictureFailed('empty')
  if (file.size > PLAIN_BYTES_MAX) throw new PictureFailed('too_large')
  const head = await file.slice(0, HEAD_BYTES).arrayBuffer().catch(() => null)
  if (head === null) throw new PictureFailed('unreadable')
  const kind = kindByBytes(new Uint8Array(head))
  if (kind === null) throw new PictureFailed('wrong_type')
  return kind
}

export function kindByBytes(head: Bytes): string | null {
  const text = String.fromCharCode(...head)
  if (text.startsWith('\xff\xd8\xff')) return JPEG
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('GIF8')) return 'image/gif'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp'
  if (text.slice(4, 8) !== 'ftyp') return null
  if (text.slice(8, 12) === 'avif') return 'image/avif'
  return HEIF_BRANDS.has(text.slice(8, 12)) ? 'image/heic' : null
}

/** Small: what the person looks at, not what is sent. */
function asBlob(preview: Bytes): Blob {
  return new Blob([preview], { type: JPEG })
}
