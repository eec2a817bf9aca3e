import { expect, test } from 'vitest'
import { DOCX, groupOf, kindOfFile, ODT } from '../../src/sync/files-kinds.ts'

const latin = (text: string, more = 200): Blob =>
  new Blob([Uint8Array.from(text, (sign) => sign.charCodeAt(0)), new Uint8Array(more)])
const boxed = (brand: string): Blob => latin(`\0\0\0\x18ftyp${brand}`)
const webm = (codec: string): Blob => latin(`\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm${'\0'.repeat(40)}${codec}`)

test.each<[string, Blob, string | null]>([
  ['jpeg', latin('\xff\xd8\xff\xe0'), 'image/jpeg'],
  ['png', latin('\x89PNG\r\n\x1a\n'), 'image/png'],
  ['webp', latin('RIFF\x01\x02\x03\x04WEBP'), 'image/webp'],
  ['gif', latin('GIF89a'), 'image/gif'],
  ['avif', boxed('avif'), 'image/avif'],
  ['heic', boxed('heic'), 'image/heic'],
  ['heif', boxed('mif1'), 'image/heic'],
  ['wav', latin('RIFF\0\0\0\0WAVE'), 'audio/wav'],
  ['opus', latin(`OggS${'\0'.repeat(24)}OpusHead`), 'audio/ogg'],
  ['a film in ogg', latin(`OggS${'\0'.repeat(24)}\x80theora`), null],
  ['mp3', latin('\xff\xfb\x90\0'), 'audio/mpeg'],
  ['mp3 with tags', latin('ID3\x04'), 'audio/mpeg'],
  ['aac', latin('\xff\xf1\x50\x80'), 'audio/aac'],
  ['amr', latin('#!AMR\n'), 'audio/amr'],
  ['m4a', boxed('M4A '), 'audio/mp4'],
  ['mp4', boxed('isom'), 'video/mp4'],
  ['mov', boxed('qt  '), 'video/quicktime'],
  ['recorded sound', webm('A_OPUS'), 'audio/webm'],
  ['recorded film', webm('V_VP9A_OPUS'), 'video/webm'],
  ['pdf', latin('%PDF-1.7\n'), 'application/pdf'],
  ['docx', latin('PK\x03\x04 [Content_Types].xml word/document.xml'), DOCX],
  ['docx with programs', latin('PK\x03\x04 word/document.xml word/vbaProject.bin'), null],
  ['odt', latin(`PK\x03\x04${'\0'.repeat(26)}mimetype${ODT}PK`), ODT],
  ['packed files', latin('PK\x03\x04 a.txt'), null],
  ['words', new Blob(['They came at ten.\r\n']), 'text/plain'],
  ['words whose last sign is cut', new Blob(['a'.repeat(4_095), 'ü'.repeat(10)]), 'text/plain'],
  ['a page', new Blob(['<!doctype html>']), null],
  ['a script', new Blob(['#!/bin/sh']), null],
  ['a program', latin('MZ\x90'), null],
  ['zeros', latin(''), null],
  ['nothing', new Blob([]), null],
])('%s', async (_, file, kind) => {
  expect(await kindOfFile(file)).toBe(kind)
})

test.each([
  ['image/heic', 'photo'],
  ['audio/webm', 'sound'],
  ['video/mp4', 'video'],
  ['application/pdf', 'document'],
  ['text/plain', 'document'],
] as const)('a person calls %s a %s', (kind, group) => {
  expect(groupOf(kind)).toBe(group)
})
