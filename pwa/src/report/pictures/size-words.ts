import { t } from '../../i18n/index.ts'

const KILOBYTE = 1_024
const MEGABYTE = 1_048_576

/** Nobody needs to know it to the byte. */
export function sizeWords(bytes: number): string {
  if (bytes < MEGABYTE) return t('pictures.size_kb', { count: Math.max(1, Math.round(bytes / KILOBYTE)) })
  return t('pictures.size_mb', { count: Math.round((10 * bytes) / MEGABYTE) / 10 })
}
