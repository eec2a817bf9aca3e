/** From a chosen file to what is sealed. All that can be read is in memory, or still the person's own file. */

import { type Bytes } from './bytes.ts'
import { dropSealed, sealAhead } from './files-ahead.ts'
import { groupOf, JPEG, kindOfFile } from './files-kinds.ts'
import { PLAIN_BYTES_MAX } from './files-seal.ts'
import { call, OutboxUnavailable } from './outbox.ts'
import { CannotDecode, type Encoded, encodePicture, encodePreview } from './pictures-encode.ts'
import { PictureFailed, type PreparedPicture } from './types.ts'

/** Kinds that the service can open. Others can be drawn anew, which makes them JPEG. */
const SENT_AS_IS: ReadonlySet<string> = new Set([JPEG, 'image/png', 'image/webp', 'image/heic'])

/** `keepDetails`: the file as it is, with what it tells beside the picture. Raises PictureFailed. */
export async function preparePicture(file: File, keepDetails: boolean): Promise<PreparedPicture> {
  const kind = await kindOf(file)
  const picture = await prepared(file, kind, keepDetails)
  void sealAhead(picture.content)
  return picture
}

function prepared(file: File, kind: string, keepDetails: boolean): Promise<PreparedPicture> | PreparedPicture {
  if (groupOf(kind) !== 'photo') return untouched(file, kind)
  return keepDetails ? asItIs(file, kind) : drawnAnew(file, kind)
}

/** A sound, a film or a paper: nothing here can take out what it hides, and its card says so. */
function untouched(file: File, kind: string): PreparedPicture {
  return { content: file, mediaType: kind, caption: '', hiddenDetails: 'kept', preview: null }
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

/** Raises PictureFailed. */
async function kindOf(file: File): Promise<string> {
  if (file.size === 0) throw new PictureFailed('empty')
  if (file.size > PLAIN_BYTES_MAX) throw new PictureFailed('too_large')
  const kind = await kindOfFile(file).catch((cause: unknown) => {
    throw new PictureFailed('unreadable', { cause })
  })
  if (kind === null) throw new PictureFailed('wrong_type')
  return kind
}

/** Small: what the person looks at, not what is sent. */
function asBlob(preview: Bytes): Blob {
  return new Blob([preview], { type: JPEG })
}
