/**
 * What a chosen file is, by its bytes: names and types are only what somebody has called it. The service looks again
 * and believes nothing of this; here it spares people a long upload of what nobody may open.
 */

import type { Bytes } from './bytes.ts'

export const JPEG = 'image/jpeg'
export const TEXT = 'text/plain'
export const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
export const ODT = 'application/vnd.oasis.opendocument.text'
const HEAD_BYTES = 4_096
const TAIL_BYTES = 65_536
const HEIF_BRANDS: ReadonlySet<string> = new Set(['mif1', 'heic', 'heix', 'heim', 'heis', 'hevc', 'msf1'])
const VIDEO_BRAND = /^(iso|mp4|avc1|dash|MSNV|M4V|3gp|3g2|f4v)/
const MARKUP = /^\s*(<|#!|%!|\{\\rtf)/
const CONTROLS = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/

/** Null: nothing that is taken. Rejects where the file cannot be read. */
export async function kindOfFile(file: Blob): Promise<string | null> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  const kind = kindByBytes(head)
  if (kind !== null) return kind
  if (latin(head).startsWith('PK\x03\x04')) return documentIn(latin(head), file)
  return isText(head, file.size) ? TEXT : null
}

/** A picture, a sound, a film or a PDF. */
export function kindByBytes(head: Bytes): string | null {
  const text = latin(head)
  return picture(text) ?? boxed(text) ?? sound(head, text)
}

/** What a person calls it. */
export function groupOf(mediaType: string): 'photo' | 'sound' | 'video' | 'document' {
  if (mediaType.startsWith('image/')) return 'photo'
  if (mediaType.startsWith('audio/')) return 'sound'
  return mediaType.startsWith('video/') ? 'video' : 'document'
}

function picture(text: string): string | null {
  if (text.startsWith('\xff\xd8\xff')) return JPEG
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('GIF8')) return 'image/gif'
  return text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP' ? 'image/webp' : null
}

function boxed(text: string): string | null {
  if (text.slice(4, 8) !== 'ftyp') return null
  const brand = text.slice(8, 12)
  if (brand === 'avif') return 'image/avif'
  if (HEIF_BRANDS.has(brand)) return 'image/heic'
  if (brand === 'qt  ') return 'video/quicktime'
  if (brand === 'M4A ' || brand === 'M4B ') return 'audio/mp4'
  return VIDEO_BRAND.test(brand) ? 'video/mp4' : null
}

function sound(head: Bytes, text: string): string | null {
  if (/^%PDF-[12]\./.test(text)) return 'application/pdf'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WAVE') return 'audio/wav'
  if (text.startsWith('OggS')) return /OpusHead|\x01vorbis/.test(text.slice(0, 64)) ? 'audio/ogg' : null
  if (text.startsWith('#!AMR')) return 'audio/amr'
  if (/^ID3[\x02-\x04]/.test(text)) return 'audio/mpeg'
  if (text.startsWith('\x1a\x45\xdf\xa3')) return webm(text)
  const [first = 0, second = 0] = head
  if (first !== 0xff) return null
  if ((second & 0xf6) === 0xf0) return 'audio/aac'
  return (second & 0xe6) === 0xe2 ? 'audio/mpeg' : null
}

function webm(text: string): string | null {
  if (!text.slice(0, 80).includes('\x42\x82\x84webm')) return null
  if (/V_VP8|V_VP9|V_AV1/.test(text)) return 'video/webm'
  return /A_OPUS|A_VORBIS/.test(text) ? 'audio/webm' : null
}

/** A packed document names what it holds at its end. */
async function documentIn(head: string, file: Blob): Promise<string | null> {
  if (head.slice(30).startsWith(`mimetype${ODT}PK`)) return ODT
  const tail = latin(new Uint8Array(await file.slice(Math.max(0, file.size - TAIL_BYTES)).arrayBuffer()))
  return tail.includes('word/document.xml') && !/vbaproject/i.test(tail) ? DOCX : null
}

function isText(head: Bytes, size: number): boolean {
  const wide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  const name = wide ? (head[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8'
  try {
    // The last sign may be cut in two where the head is not all.
    const text = new TextDecoder(name, { fatal: true }).decode(head, { stream: size > head.length })
    return text.trim() !== '' && !MARKUP.test(text) && !CONTROLS.test(text)
  } catch {
    return false
  }
}

function latin(bytes: Bytes): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
