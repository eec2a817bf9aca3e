/** What is wrong with the photos of a report, each with what to do next. */

import { t } from '../../i18n/index.ts'
import { ATT_BYTES_MAX, ATT_COUNT_MAX, ATT_TOTAL_BYTES_MAX, LINE_MAX } from '../../sync/protocol.generated.ts'
import type { FieldError } from '../../ui/words.ts'
import { type Photo, photos } from '../photos.ts'
import { type Refused, refused } from './prepare.ts'

const MEGABYTE = 1024 * 1024

export const LIMITS = { size: Math.floor(ATT_BYTES_MAX / MEGABYTE), total: Math.floor(ATT_TOTAL_BYTES_MAX / MEGABYTE) }

/** The button that chooses photos; errors about files that are no part of the report lead there. */
export const CHOOSE = 'pictures'

export function chosenErrors(): readonly FieldError[] {
  return refused.value.map((one) => ({ field: CHOOSE, text: refusedText(one) }))
}

/** One line each, at the photo it is about. */
export function photoErrors(): readonly FieldError[] {
  return photos.value.flatMap((photo, index) => photoError(photo, index + 1) ?? [])
}

export function photoError(photo: Photo, number: number): FieldError | null {
  if (photo.made.state === 'undecided') return { field: `keep-${photo.id}`, text: t('error.pictures.cannot_strip', { number }) }
  if ([...photo.caption.trim()].length <= LINE_MAX) return null
  return { field: `caption-${photo.id}`, text: t('error.pictures.caption', { number, max: LINE_MAX }) }
}

function refusedText(one: Refused): string {
  if (one.code === 'too_many') return t('error.pictures.too_many', { max: ATT_COUNT_MAX, count: one.count })
  return t(`error.pictures.${one.code}`, { name: isolated(one.name), ...LIMITS })
}

/** A name keeps its own direction inside the sentence. */
function isolated(name: string): string {
  return `\u2068${name}\u2069`
}
