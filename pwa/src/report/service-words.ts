/** A suggestion in words: why it is shown, when it is open, how it is reached. Times come as `17:00`. */

import { isKey, language, t, tCode } from '../i18n/index.ts'
import type { Reason, Service } from '../sync/index.ts'

const OPENING = ['open_always', 'open_until', 'opens']
const NOON = '12:00'
const MIDNIGHT = '00:00'

/** "Open until 5 pm"; empty when no hours are known. */
export function openingWords(reasons: readonly Reason[]): string {
  const found = reasons.find(({ code }) => OPENING.includes(code))
  if (found === undefined) return ''
  if (found.code === 'open_always') return t('services.open_always')
  if (found.code === 'open_until') return t('services.open_until', { time: clock(found.value) })
  const [day = '', time = ''] = found.value.split(' ')
  return t('services.opens', { day: tCode('services', `day_${day}`), time: clock(time) })
}

/** One line for each reason that has words; one from a newer directory is left out. */
export function whyWords(reasons: readonly Reason[]): readonly string[] {
  return reasons.map(why).filter((words) => words !== '')
}

function why({ code, value }: Reason): string {
  switch (code) {
    case 'sub_strand':
      return t('services.why_sub_strand', { what: tCode('sub', value) })
    case 'strand':
      return t('services.why_strand', { what: tCode('strand', value) })
    case 'language':
      return value === 'other' ? t('services.why_language_other') : t('services.why_language', { language: languageName(value) })
    case 'channel':
      return t('services.why_channel', { way: tCode('way', value) })
    case 'need':
      return t('services.why_need', { need: tCode('need', value) })
    case 'national':
      return value.includes(' ') ? t('services.why_national_part', { nations: nations(value) }) : t('services.why_national')
    case 'ages':
      return ages(value)
    case 'waiting':
      return t('services.why_waiting', { days: Number(value) })
    default: {
      const key = `services.why_${code}`
      return isKey(key) ? t(key) : ''
    }
  }
}

function nations(value: string): string {
  return listed(value.split(' ').map((each) => tCode('services', `nation_${each}`)))
}

/** `11-25`, `-17`, `18-` */
function ages(value: string): string {
  const [from = '', to = ''] = value.split('-')
  if (from === '') return t('services.why_ages_to', { to: Number(to) })
  return to === '' ? t('services.why_ages_from', { from: Number(from) }) : t('services.why_ages_between', { from: Number(from), to: Number(to) })
}

export function waysWords({ channels }: Service): string {
  return channels.length === 0 ? '' : t('services.ways', { ways: listed(channels.map((way) => tCode('way', way))) })
}

export function languagesWords({ languages }: Service): string {
  return languages.length === 0 ? '' : t('services.languages', { languages: listed(languages.map(languageName)) })
}

/** In the language of the page; the tag itself where nobody knows its name. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([language().code], { type: 'language', fallback: 'code' }).of(tag) ?? tag
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? '' : words.reduce((first, second) => t('services.and', { first, second }))
}

function clock(time: string): string {
  if (time === MIDNIGHT) return t('services.midnight')
  if (time === NOON) return t('services.noon')
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const code = language().code === 'en' ? 'en-GB' : language().code
  const style = { hour: 'numeric', hour12: true, timeZone: 'UTC', ...(minutes !== 0 && { minute: '2-digit' as const }) } as const
  return new Intl.DateTimeFormat(code, style).format(Date.UTC(2026, 0, 1, hours, minutes)).replace(/\s/g, '\u00a0')
}
