/**
 * What the rest of the app sees of the outbox, the device and the directory. No wire shapes here: those
 * are in `protocol.generated.ts`.
 */

import type { AccessBody, LockState, Proof, ReportBody, SignpostedService } from './protocol.generated.ts'

/** How a return code looks: seven words, or a number that looks like a parcel's. */
export type CodeForm = 'words' | 'digits'

export type ReportState = 'ready' | 'sending' | 'sent' | 'acknowledged' | 'attention' | 'retrying' | 'erased'

export type FeedMessage = {
  readonly id: string
  /** `ack`, `message`, `status`, `signpost` or `needs_attention`; others are kept but not shown. */
  readonly kind: string
  /** UTC, `2026-01-02T03:04:05.678Z`. */
  readonly at: string
  readonly fromName: string
  readonly text: string
  /** An answer is hoped for. Nobody has to give one. */
  readonly asks: boolean
  /** Of a `status`: what was decided. The text says it in words. */
  readonly code: string
  /** Of a `signpost`: who can help, as it was when it was suggested. */
  readonly services: readonly SignpostedService[]
  /** Of an `access`: who may read the report and who has; null otherwise. The latest one holds. */
  readonly access: Access | null
}

export type Access = Pick<AccessBody, 'police' | 'seen'>

/** Something that the reporter has written about a report. Its words are sealed: only the service reads them. */
export type SaidMore = {
  readonly itemId: string
  /** The feed of the key that signed it: of the report, when it was written where the report was made. */
  readonly feedId: string
  readonly at: string
  readonly state: 'waiting' | 'sent' | 'attention'
}

export type OutboxCard = {
  readonly itemId: string
  readonly reference: string
  readonly createdAt: string
  /** Of the sealed envelope, as it travels. */
  readonly bytes: number
  readonly state: ReportState
  readonly attempts: number
  /** A code, never a sentence and never an answer. */
  readonly lastError: string | null
  /** Milliseconds since 1970, device clock; null when nothing is planned. */
  readonly nextTryAt: number | null
  readonly sentAt: string | null
  readonly position: number | null
  readonly messages: readonly FeedMessage[]
  /** What was written about it from this device, oldest first. */
  readonly said: readonly SaidMore[]
  readonly mode: 'visitor' | 'centre'
  readonly files: FilesOfReport
}

/** Files that follow a report. `lost`: not on this device any more, and no proof that they arrived. */
export type FilesOfReport = {
  readonly total: number
  readonly arrived: number
  readonly lost: number
  /** Large ones that wait for Wi-Fi, because the person said so. */
  readonly resting: number
}

/**
 * `waits`: not sent. `kept`: sent, and held until every backup of the service has it. `again`: sent once and presumed
 * not arrived. `answered`: by a person. `person`: somebody must look.
 */
export type CustodyState = 'waits' | 'kept' | 'again' | 'answered' | 'person'

export type CustodyItem = {
  readonly itemId: string
  readonly reference: string
  readonly createdAt: string
  readonly kind: 'report' | 'message'
  readonly state: CustodyState
  /** Nothing proves that the service has it: it goes into a sealed copy. */
  readonly sealedHere: boolean
  readonly filesWaiting: number
}

/** The service has named a day from which this build may no longer make reports. */
export type EndOfLife = { readonly level: 'soft_eol' | 'hard_eol'; readonly on: string }

/** What a device answers for. */
export type Custody = {
  /** Newest first, without what was let go of. */
  readonly items: readonly CustodyItem[]
  /** How many were let go of: every backup of the service holds them. */
  readonly safe: number
  /** How many were made here and are here no longer, in no state. */
  readonly missing: number
  /** How many the service has erased: of those, nothing is here but their references. */
  readonly erased: number
  /** Of what was not proved to have arrived. */
  readonly oldestAt: string | null
  /** Milliseconds since 1970, device clock. */
  readonly reachedAt: number | null
  readonly roomBytes: number | null
  readonly build: string
  readonly endOfLife: EndOfLife | null
}

export type SyncStatus = {
  readonly phase: 'idle' | 'sending' | 'offline' | 'stopped'
  readonly lastSuccessAt: string | null
  /** null until asked: `navigator.storage.persisted()`. */
  readonly durable: boolean | null
  /** null until the SQLite worker has been tried. */
  readonly opfs: boolean | null
  /** True once everything that saving needs is on the device. */
  readonly offlineReady: boolean
  /** A newer version is waiting; `applyUpdate()` takes it. */
  readonly updateReady: boolean
  readonly queued: number
  /** A code when a store of this device does not work as it must. */
  readonly storageFault: string | null
  readonly endOfLife: EndOfLife | null
}

/** `sending`: what is here goes first. `done`: its keys are destroyed. `by_time`: so they are, and nobody ordered it. */
export type OutOfService = 'sending' | 'done' | 'by_time'

export type DeviceIdentity =
  | { readonly mode: 'visitor' }
  | {
      readonly mode: 'centre'
      readonly deviceId: string
      readonly centreId: string
      readonly centreName: string
      readonly outOfService: OutOfService | null
      /** By time without its service. `locked`: nothing that came back is opened. */
      readonly lock: LockState
      /** When it locks itself, by the device's clock. Null: no time runs. */
      readonly locksAt: number | null
    }

/** May this device be told, by a knock without content, that there is an answer? */
export type KnockState = 'unsupported' | 'off' | 'on' | 'denied'

/** `not_now`: the question was closed unanswered. `not_here`: this browser's push service is not knocked at. */
export type TurnedOn = 'on' | 'denied' | 'not_now' | 'no_connection' | 'not_here' | 'unsupported'

/** Which stores hold the sealed report. With only one of them, sending it soon matters more. */
export type Stored = 'both' | 'parcel-only' | 'outbox-only'

export type SavedReport = {
  readonly itemId: string
  readonly reference: string
  readonly stored: Stored
  /** `navigator.storage.persisted()` after asking: chooses between the two wordings of "saved". */
  readonly durable: boolean
  /** The return code that was given opens its mailbox. */
  readonly returnable: boolean
}

/** What goes along with a report. */
export type Extras = { readonly returnCode?: string | undefined; readonly pictures?: readonly PreparedPicture[] }

/** A report's mailbox, opened with its return code. In memory only. */
export type ReturnMailbox = {
  readonly itemId: string
  readonly reference: string
  /** Server time, milliseconds since 1970, from the signed receipt. */
  readonly receivedAt: number
  /** Oldest first. */
  readonly messages: readonly FeedMessage[]
  readonly proof: Proof
}

export type ReturnFailedCode =
  | 'unknown'
  | 'limited'
  | 'no_connection'
  | 'busy'
  | 'not_the_service'
  | 'cannot_derive'

/** The mailbox was not opened. `afterS`: how long to wait, where the service has said so. */
export class ReturnFailed extends Error {
  readonly code: ReturnFailedCode
  readonly afterS: number
  constructor(code: ReturnFailedCode, afterS = 0, options?: ErrorOptions) {
    super(code, options)
    this.name = 'ReturnFailed'
    this.code = code
    this.afterS = afterS
  }
}

export type MoreToSay = {
  /** Item id of the report. */
  readonly about: string
  readonly text: string
  readonly uiLanguage: string
  /** Id of the message that asked. */
  readonly inReplyTo: string | null
  /** What the police may not read from now on. The text says the same for a person. */
  readonly takesBack?: 'person' | 'all'
  /** Who may read it, and who has? The service answers by itself. */
  readonly asksWho?: boolean
}

export type ProofCheck = 'valid' | 'invalid' | 'unknown_key'

export type SaveFailedCode =
  | 'no_storage'
  | 'storage_full'
  | 'read_back_differs'
  | 'no_service_key'
  | 'too_long'
  | 'no_crypto'
  | 'device_keys_lost'
  | 'not_loaded'
  // Of the photos alone: without them the report can be saved.
  | 'pictures_full'
  | 'pictures_unreadable'
  | 'pictures_not_kept'

/** The report was not kept. The answers are still in memory, and the same call may be made again. */
export class SaveFailed extends Error {
  readonly code: SaveFailedCode
  constructor(code: SaveFailedCode, options?: ErrorOptions) {
    super(code, options)
    this.name = 'SaveFailed'
    this.code = code
  }
}

export type EnrolFailedCode = 'wrong_code' | 'used_or_expired' | 'too_many_tries' | 'no_connection' | 'no_storage'

export class EnrolFailed extends Error {
  readonly code: EnrolFailedCode
  constructor(code: EnrolFailedCode, options?: ErrorOptions) {
    super(code, options)
    this.name = 'EnrolFailed'
    this.code = code
  }
}

export type Centre = { readonly id: string; readonly name: string; readonly forceId: string | null }
export type ReceivingCentre = Centre & { readonly forceName: string | null }

export type { Reason, Service, Suggestion } from './directory.ts'
export type { Answers, Proof, SafeContact, SignpostedService, When, Where } from './protocol.generated.ts'

/** What the UI hands over: the report's body without what only the outbox knows. */
export type DraftBody = Omit<ReportBody, 'item_id' | 'app_build' | 'capture'>

/** A picture in memory. What is on this device's disk of it is sealed already. */
export type PreparedPicture = {
  /** Bytes rather than a blob, which a browser may lay on the disk; or the person's own file, read when sealed. */
  readonly content: Uint8Array<ArrayBuffer> | File
  readonly mediaType: string
  readonly caption: string
  /** Place, time and camera: taken out by drawing it anew, unless the reporter kept them. */
  readonly hiddenDetails: 'removed' | 'kept'
  /** A small one to look at; null where this browser cannot draw it. */
  readonly preview: Blob | null
}

/** `cannot_strip`: this browser cannot draw it, so its hidden details would go along. */
export type PictureFailedCode = 'wrong_type' | 'too_large' | 'all_too_large' | 'empty' | 'unreadable' | 'cannot_strip'

export class PictureFailed extends Error {
  readonly code: PictureFailedCode
  constructor(code: PictureFailedCode, options?: ErrorOptions) {
    super(code, options)
    this.name = 'PictureFailed'
    this.code = code
  }
}
