/**
 * What the desk API answers, checked. Codes that a newer server may add (states, strands, kinds of event,
 * actions in the history) stay text; the closed sets that decide what the desk shows are refused.
 */

import { ShapeError, flag, instant, listOf, oneOf, or, orNull, shape, text, whole } from './checked.ts'
import type { Read, Reader } from './checked.ts'

/** Those that have a page at the desk. */
export const ROLES = [
  'police_triage',
  'hate_crime_coordinator',
  'centre_worker',
  'centre_supervisor',
  'dpo',
  'intake_custodian',
] as const
export const SHARING_CHOICES = ['P1', 'P2', 'P3', 'U1', 'A1', 'A2'] as const

const codes = or(listOf(text), [])
const sharingChoice = oneOf(...SHARING_CHOICES)

export const readUser = shape({
  id: text,
  name: text,
  role: oneOf(...ROLES),
  force_id: orNull(text),
  force_name: orNull(text),
  centre_id: orNull(text),
  centre_name: orNull(text),
})
export const readSession = shape({
  user: readUser,
  demo: or(flag, false),
  factor_needed: or(flag, false),
  shared: or(flag, false),
  locked: or(flag, false),
})
export type User = Read<typeof readUser> & {
  readonly demo: boolean
  /** Until something beside the password is set up, nothing but the own account is there. */
  readonly lacks: boolean
  /** Other people use this browser, too. */
  readonly shared: boolean
  readonly locked: boolean
}
/** Of WebAuthn: goes to the browser as it came. */
export const readOptions: Reader<Readonly<Record<string, unknown>>> = (raw, place) => {
  if (typeof raw !== 'object' || raw === null) throw new ShapeError(place, 'an object')
  return raw as Readonly<Record<string, unknown>>
}
export const readAccount = shape({
  passkeys: listOf(shape({ id: text, name: text, made_at: instant, used_at: orNull(instant), backed_up: flag })),
  sessions: listOf(
    shape({ began_at: instant, last_seen_at: instant, how: oneOf('password', 'passkey', 'code', 'recovery_code'), this_one: flag }),
  ),
  totp: or(flag, false),
  recovery_left: or(whole, 0),
})
export type Account = Read<typeof readAccount>
const role = oneOf(...ROLES)
export const readPeople = shape({
  people: listOf(
    shape({
      id: text,
      username: text,
      name: text,
      role: text,
      since: text,
      until: orNull(text),
      last_login_on: orNull(text),
      passkeys: whole,
      totp: flag,
    }),
  ),
  waiting: listOf(shape({ id: text, name: text, role, made_at: instant, expires_at: instant })),
  roles: listOf(role),
})
export type People = Read<typeof readPeople>
export type Colleague = People['people'][number]
export const readInvited = shape({ token: text, expires_at: instant })
export type Invited = Read<typeof readInvited>
export const readOffer = shape({ name: text, role: text, organisation: text, invited_by: text, expires_at: instant })
export type Offer = Read<typeof readOffer>

export const readSecured = shape({ account: readAccount, recovery_codes: or(listOf(text), []) })
export type Secured = Read<typeof readSecured>
export const readTotpSecret = shape({ secret: text, uri: text })
export type TotpSecret = Read<typeof readTotpSecret>
export type Role = User['role']
/** Who speaks for a force. What anybody may do is decided by the server. */
export const isPolice = (role: Role): boolean => role === 'police_triage' || role === 'hate_crime_coordinator'
/** Who works at a centre, where reporters come. */
export const atCentre = (role: Role): boolean => role === 'centre_worker' || role === 'centre_supervisor'
/** Who says how long a centre keeps a report. */
export const keepsReports = (role: Role): boolean => role === 'centre_supervisor' || role === 'dpo'
/** Who invites the people of their own place, and lets them go. */
export const lookingAfter = (role: Role): boolean => role === 'centre_supervisor' || role === 'hate_crime_coordinator'
export type SharingChoice = (typeof SHARING_CHOICES)[number]

export const readWhen = shape({
  precision: text,
  start: orNull(text),
  end: orNull(text),
  text: or(text, ''),
})
export type When = Read<typeof readWhen>

/** The queue may send the words of `when`, its fields, or nothing. */
const whenOrWords: Reader<When | string | null> = (raw, place) => {
  if (raw === undefined || raw === null) return null
  return typeof raw === 'string' ? raw : readWhen(raw, place)
}

export const readRow = shape({
  id: text,
  reference: text,
  received_at: instant,
  state: text,
  sharing_choice: sharingChoice,
  area: orNull(text),
  force_id: orNull(text),
  strands: codes,
  event_types: codes,
  when: whenOrWords,
  acknowledged_at: orNull(instant),
  channel: or(text, ''),
  centre_name: orNull(text),
  queue: or(text, ''),
  version: or(whole, 0),
  due_at: orNull(instant),
  due_for: orNull(text),
  overdue: or(flag, false),
  reply_waiting: or(flag, false),
  with_pictures: or(flag, false),
  offer: orNull(text),
})
export type ReportRow = Read<typeof readRow>

const count = or(whole, 0)
/** Each stops at 1,000, which then means "or more". */
const readCounts = shape({
  waiting: whole,
  acknowledged: whole,
  needs_info: count,
  reply_waiting: count,
  offered: count,
  decided: count,
  closed: count,
  apart: count,
})
export type Counts = Read<typeof readCounts>

export const readQueue = shape({
  reports: listOf(readRow),
  next: orNull(text),
  counts: readCounts,
})
export type QueuePage = Read<typeof readQueue>

export const readNews = shape({ newest: orNull(instant), counts: readCounts })

/** Floods of which something lies apart in this person's lists. */
export const readFloods = shape({
  campaigns: listOf(
    shape({
      id: text,
      areas: codes,
      began_at: instant,
      last_at: instant,
      count: whole,
      hours: listOf(shape({ at: text, count: whole })),
    }),
  ),
})
export type Flood = Read<typeof readFloods>['campaigns'][number]
export const readReturned = shape({ returned: whole })

const named = listOf(shape({ id: text, name: text }))
export const readChoices = shape({ areas: named, centres: named, forces: or(named, []) })
export type Choices = Read<typeof readChoices>

export const readSafeContact = shape({
  methods: codes,
  phone: or(text, ''),
  email: or(text, ''),
  times: or(text, ''),
  voicemail_ok: or(flag, false),
  /** An unknown code falls to the most careful reading. */
  say_who_calling: (raw): 'nothing' | 'first_name' | 'organisation' =>
    raw === 'first_name' || raw === 'organisation' ? raw : 'nothing',
  code_word: or(text, ''),
  must_not_know: or(text, ''),
})
export type SafeContact = Read<typeof readSafeContact>

const words = or(text, '')
export const readService = shape({
  id: text,
  name: text,
  description: words,
  phone: words,
  url: words,
  why: codes,
})
export type Service = Read<typeof readService>
export const readSuggestions = shape({ services: listOf(readService) })

export const readHistoryEntry = shape({
  at: instant,
  who: words,
  side: words,
  action: text,
  text: words,
  code: words,
  label: words,
  told: words,
  note: words,
  reason: words,
  reason_label: words,
  crime_reference: words,
  force_name: words,
  services: or(listOf(readService), []),
})
export type HistoryEntry = Read<typeof readHistoryEntry>

export const readAcknowledged = shape({ acknowledged_at: instant, delivered_to: oneOf('device', 'nobody') })
export type Acknowledged = Read<typeof readAcknowledged>

/** Where a report stands after any other act. */
export const readErased = shape({ erased_at: instant, ground: text })
export const readReviews = shape({
  reviews: listOf(
    shape({
      id: text,
      reference: text,
      sharing_choice: sharingChoice,
      closed_at: instant,
      review_at: instant,
      kept_for: text,
      held: flag,
      erasure_asked: flag,
    }),
  ),
  more: flag,
  erases_after_days: orNull(whole),
})
export type Reviews = Read<typeof readReviews>
export const readDone = shape({ version: or(whole, 0), told: words })
export const readTaken = shape({ force_id: text })

export const readQuarantine = shape({
  items: listOf(
    shape({
      id: text,
      received_at: instant,
      lane: text,
      state: or(text, ''),
      reason: text,
      bytes: whole,
      device_id_short: or(text, ''),
    }),
  ),
  next: or(orNull(text), null),
})
export type QuarantinePage = Read<typeof readQuarantine>

export const readReopened = shape({ reopened: whole })
export type QuarantineEntry = Read<typeof readQuarantine>['items'][number]

export const readDeviceCode = shape({ code: text, expires_at: instant })
export type DeviceCode = Read<typeof readDeviceCode>

/** Reports that a tablet has made and that never came. */
const readGap = shape({
  epoch: text,
  count: whole,
  first_seq: whole,
  made_after: orNull(instant),
  made_before: instant,
  state: text,
  explained: or(orNull(text), null),
  explained_at: or(orNull(instant), null),
})

export const readDevices = shape({
  devices: listOf(
    shape({
      id: text,
      label: text,
      enrolled_at: instant,
      last_seen_at: orNull(instant),
      /** Reports that the tablet said were still waiting on it when it was last seen. */
      queued: orNull(whole),
      oldest_age_s: or(orNull(whole), null),
      app_build: or(orNull(text), null),
      /** Of its build: `soft_eol` or `hard_eol`, and the day. */
      end_of_life: orNull(shape({ level: text, on: instant })),
      /** `durable`, or `may_go` where its browser may throw away what it keeps. */
      storage: or(orNull(text), null),
      clock_ahead_s: or(orNull(whole), null),
      gaps: or(listOf(readGap), []),
      revoked_at: or(orNull(instant), null),
      revoke_scope: or(orNull(text), null),
      /** When it was given the order while it asked for news, with nothing to send. */
      order_told_at: or(orNull(instant), null),
      /** Reports that it had said it held when it was taken out; null: it had said nothing. */
      held_when_revoked: or(orNull(whole), null),
      come_since_revoked: or(whole, 0),
      /** Null: it has the keys that it was enrolled with. */
      keys_since: or(orNull(instant), null),
      /** When keys that it had given up were first used as its own. */
      keys_doubted_at: or(orNull(instant), null),
    }),
  ),
})
export type EnrolledDevice = Read<typeof readDevices>['devices'][number]
export type Gap = Read<typeof readGap>

export const readProblem = shape({ code: orNull(text), title: or(text, ''), next: or(text, ''), detail: or(text, '') })
