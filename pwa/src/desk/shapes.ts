/**
 * What the desk API answers, checked. Codes that a newer server may add (states, strands, kinds of event,
 * actions in the history) stay text; the closed sets that decide what the desk shows are refused.
 */

import { flag, instant, listOf, oneOf, or, orNull, shape, text, whole } from './checked.ts'
import type { Read, Reader } from './checked.ts'

export const ROLES = ['police_triage', 'centre_worker', 'intake_custodian'] as const
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
  demo: or(flag, false),
})
export const readSession = shape({ user: readUser })
export type User = Read<typeof readUser>
export type Role = User['role']
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
})
export type ReportRow = Read<typeof readRow>

export const readQueue = shape({
  reports: listOf(readRow),
  next: orNull(text),
  counts: shape({ waiting: whole, acknowledged: whole }),
})
export type QueuePage = Read<typeof readQueue>

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

export const readHistoryEntry = shape({ at: instant, who: or(text, ''), action: text, text: or(text, '') })
export type HistoryEntry = Read<typeof readHistoryEntry>

export const readAcknowledged = shape({ acknowledged_at: instant, delivered_to: oneOf('device', 'nobody') })
export type Acknowledged = Read<typeof readAcknowledged>

export const readQuarantine = shape({
  items: listOf(
    shape({
      id: text,
      received_at: instant,
      lane: text,
      reason: text,
      bytes: whole,
      device_id_short: or(text, ''),
    }),
  ),
})
export type QuarantineEntry = Read<typeof readQuarantine>['items'][number]

export const readDeviceCode = shape({ code: text, expires_at: instant })
export type DeviceCode = Read<typeof readDeviceCode>

export const readDevices = shape({
  devices: listOf(
    shape({
      id: text,
      label: text,
      enrolled_at: instant,
      last_seen_at: orNull(instant),
      /** Reports that the tablet said were still waiting on it when it was last seen. */
      queued: orNull(whole),
    }),
  ),
})
export type EnrolledDevice = Read<typeof readDevices>['devices'][number]

export const readProblem = shape({ code: orNull(text), title: or(text, ''), next: or(text, '') })
