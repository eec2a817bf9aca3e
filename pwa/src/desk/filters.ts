/**
 * What a list is narrowed by, to and from an address. Only codes, ids of places and dates may stand there:
 * nothing that a person wrote, so that a browser's history tells nothing of a report.
 */

import { SHARING_CHOICES } from './shapes.ts'
import type { Choices, SharingChoice } from './shapes.ts'
import { localDate } from './times.ts'
import { say } from './words.ts'

export const QUEUES = ['waiting', 'acknowledged', 'needs_info', 'reply_waiting', 'offered', 'decided', 'closed', 'apart'] as const
export const CHANNELS = ['self_phone', 'centre_tablet'] as const
export type QueueName = (typeof QUEUES)[number]
export type Channel = (typeof CHANNELS)[number]

export type Filters = {
  /** null: all. */
  readonly queue: QueueName | null
  readonly area: string | null
  readonly centre: string | null
  readonly sharing: SharingChoice | null
  readonly channel: Channel | null
  /** `YYYY-MM-DD`, both days included. */
  readonly from: string | null
  readonly to: string | null
  readonly pictures: boolean
  readonly overdue: boolean
}

export const UNFILTERED: Filters = {
  queue: null,
  area: null,
  centre: null,
  sharing: null,
  channel: null,
  from: null,
  to: null,
  pictures: false,
  overdue: false,
}

const PLACE = /^[a-z0-9_-]{1,64}$/
const CURSOR = /^[A-Za-z0-9_-]{1,128}$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const YES = 'yes'

/** What is not known is left out, so that an old or a damaged address still shows a list. */
export function filtersIn(search: string): Filters {
  const asked = new URLSearchParams(search)
  const known = <Code extends string>(name: string, codes: readonly Code[]) =>
    codes.find((code) => code === asked.get(name)) ?? null
  const like = (name: string, pattern: RegExp) => {
    const value = asked.get(name)
    return value !== null && pattern.test(value) ? value : null
  }
  return {
    queue: known('queue', QUEUES),
    area: like('area', PLACE),
    centre: like('centre', PLACE),
    sharing: known('sharing', SHARING_CHOICES),
    channel: known('channel', CHANNELS),
    from: dayOr(like('from', DAY)),
    to: dayOr(like('to', DAY)),
    pictures: asked.get('pictures') === YES,
    overdue: asked.get('overdue') === YES,
  }
}

/** Where a page of older reports begins; null is the newest. */
export function cursorIn(search: string): string | null {
  const after = new URLSearchParams(search).get('after')
  return after !== null && CURSOR.test(after) ? after : null
}

/** `?queue=waiting&area=…`, or nothing at all for the whole list. */
export function searchOf(filters: Filters, cursor: string | null): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    if (value === true) query.set(name, YES)
    else if (typeof value === 'string') query.set(name, value)
  }
  if (cursor !== null) query.set('after', cursor)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** The same for the server. */
export function askedOf(filters: Filters, cursor: string | null, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) })
  const set = (name: string, value: string | null) => value !== null && query.set(name, value)
  set('queue', filters.queue)
  set('area', filters.area)
  set('centre', filters.centre)
  set('sharing', filters.sharing)
  set('channel', filters.channel)
  set('received_from', filters.from)
  set('received_to', filters.to)
  set('with_pictures', filters.pictures ? 'true' : null)
  set('overdue', filters.overdue ? 'true' : null)
  set('cursor', cursor)
  return query
}

export type Chip = { readonly id: keyof Filters; readonly label: string; readonly without: Filters }

/** One for each chosen filter. The queue has its tabs and is none. */
export function chipsOf(filters: Filters, choices: Choices | null): readonly Chip[] {
  const chips: Chip[] = []
  const add = (id: keyof Filters, label: string | null) => {
    if (label !== null) chips.push({ id, label, without: { ...filters, [id]: UNFILTERED[id] } })
  }
  const named = (list: readonly { id: string; name: string }[] | undefined, id: string | null) =>
    id === null ? null : (list?.find((one) => one.id === id)?.name ?? id)
  add('area', named(choices?.areas, filters.area))
  add('centre', named(choices?.centres, filters.centre))
  add('sharing', filters.sharing && say(`sharing.${filters.sharing}`))
  add('channel', filters.channel && say(`channel.${filters.channel}`))
  add('from', filters.from && say('filter.chip_from', { day: localDate(filters.from) }))
  add('to', filters.to && say('filter.chip_to', { day: localDate(filters.to) }))
  add('pictures', filters.pictures ? say('filter.pictures') : null)
  add('overdue', filters.overdue ? say('filter.overdue') : null)
  return chips
}

export const isNarrowed = (filters: Filters): boolean => chipsOf(filters, null).length > 0

function dayOr(day: string | null): string | null {
  return day !== null && !Number.isNaN(Date.parse(`${day}T00:00:00Z`)) ? day : null
}
