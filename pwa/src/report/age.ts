/** How long ago something was, in words of the chosen language. */

import { language } from '../i18n/index.ts'

/** "5 minutes", "3 hours", "2 days"; empty for the first minute. A clock that was set back gives nothing. */
export function age(sinceMs: number, nowMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - sinceMs) / 60_000))
  if (minutes === 0) return ''
  const hours = Math.round(minutes / 60)
  if (minutes < 60) return inUnits(minutes, 'minute')
  return hours < 48 ? inUnits(hours, 'hour') : inUnits(Math.round(hours / 24), 'day')
}

function inUnits(count: number, unit: 'minute' | 'hour' | 'day'): string {
  return new Intl.NumberFormat(language().code, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}
