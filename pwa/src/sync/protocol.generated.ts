/**
 * The protocol's messages, the report's body, their limits and labels.
 * Rendered by `python -m waymark_sync.typescript`; change the Structs, not this file.
 */

export type Uuid = string

export type Epoch = string

export type Kid = string

export type Sha256 = Uint8Array<ArrayBuffer>

/** ECDSA P-256, SHA-256, as r || s. */
export type Signature = Uint8Array<ArrayBuffer>

/** P-256 public key, uncompressed: 0x04 || x || y. */
export type Point = Uint8Array<ArrayBuffer>

export type Natural = number

/** Prefix of the HPKE `info`; with a suffix, of every signed text. */
export const LABEL = 'waymark-sync/1'

export const LABEL_ITEM = 'waymark-sync/1/item'

export const LABEL_PULL = 'waymark-sync/1/pull'

export const LABEL_ENROL = 'waymark-sync/1/enrol'

export const LABEL_RECEIPT = 'waymark-sync/1/receipt'

export const LABEL_KEYS = 'waymark-sync/1/keys'

export const LABEL_MESSAGE = 'waymark-sync/1/message'

export const LABEL_MESSAGE_SIG = 'waymark-sync/1/message/sig'

export const LABEL_ATT = 'waymark-sync/1/att'

export const LABEL_RETURN = 'waymark-sync/1/return'

export const PROTOCOL_VERSION = 1

/** DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Other numbers are reserved. */
export const SUITE_P256 = 1

/** A push of this many text reports is about 300 kB: seconds on a 2G link */
export const ITEMS_MAX = 64

/** One item of the largest bucket fits, with room for its frame */
export const PUSH_BYTES_MAX = 1048576

/** About 20 attachments' manifest */
export const HEADER_BYTES_MAX = 4096

/** The largest padding bucket, HPKE's encapsulated key and tag */
export const SEALED_BYTES_MAX = 262225

/** Messages are small; a page stays under 500 kB */
export const PULL_LIMIT_MAX = 100

/** About 25 kB: seconds on a 2G link */
export const MANIFEST_MAX = 256

/** Of plaintext: eight seconds on a 256 kbit/s link, so little is sent twice */
export const ATT_CHUNK_BYTES = 262144

export const ATT_TAG_BYTES = 16

/** Sealed, one attachment: 50 MiB of sound, film or paper, and its tags */
export const ATT_BYTES_MAX = 52432000

/** Sealed, all attachments of one report: three of the largest */
export const ATT_TOTAL_BYTES_MAX = 157296000

export const ATT_COUNT_MAX = 10

/** Plaintext lengths in bytes: the sealed length then says little about the story. */
export const PADDING_BUCKETS = [4096, 16384, 65536, 262144] as const

/** A verdict this list does not hold means `retry`. */
export type Verdict = 'accepted' | 'duplicate' | 'conflict' | 'rejected' | 'retry'

export const STORED = ['accepted', 'duplicate', 'conflict'] as const

export type MessageKind = 'receipt' | 'ack' | 'status' | 'signpost' | 'message' | 'attachment' | 'form' | 'directory' | 'key' | 'revoke' | 'needs_attention'

/** One sealed attachment that follows its report. `sha256` is of the sealed bytes. */
export type Attachment = {
  readonly att_id: Uuid
  readonly size: Natural
  readonly sha256: Sha256
}

/** Announces an attachment that the header of a stored item lists. Repeating it changes nothing. */
export type AttStart = {
  readonly item_id: Uuid
  readonly att_id: Uuid
}

/** How much of an attachment is durable. `leaf` and `receipt` are there once it is complete. */
export type AttState = {
  readonly att_id: Uuid
  /** Sealed bytes that have reached the disk; the next chunk begins here. */
  readonly offset: Natural
  readonly size: Natural
  readonly complete?: boolean
  /** Of its item; once complete, its own. */
  readonly pos?: Natural | null
  /** Of `leaf_bytes(att_id, sha256, pos, "complete")`. */
  readonly leaf?: Leaf | null
  readonly receipt?: Receipt | null
}

/** What the service may know of a return code. Made on the device; the code itself never travels. */
export type ReturnKeys = {
  readonly locator_hash: Sha256
  readonly verifier: Sha256
}

/** What travels in the clear. Its exact bytes are part of the HPKE `info` and are never re-encoded. */
export type Header = {
  readonly v?: 1
  readonly suite?: number
  readonly kid: Kid
  /** A centre device's enrolled id; a visitor makes a random one per report. */
  readonly device_id: Uuid
  /** 64 random bits, minted when the local store is created or found empty. */
  readonly epoch: Epoch
  /** 1, 2, 3 ... per (device_id, epoch), never reused. Only to notice gaps. */
  readonly seq: number
  /** UUIDv4. The human reference derives from it. */
  readonly item_id: Uuid
  readonly kind?: string
  readonly schema_v?: number
  readonly att?: readonly Attachment[]
  /** Answers to the reporter are sealed to this key. None: answers go to the centre device alone. */
  readonly reply_key?: Point | null
  /** A visitor's signing key. None on an enrolled device, whose key the service holds. */
  readonly public_key?: Point | null
  readonly return_keys?: ReturnKeys | null
}

/** One sealed item, as it lies in the outbox and on the wire. */
export type Envelope = {
  readonly header: Uint8Array<ArrayBuffer>
  readonly sealed: Uint8Array<ArrayBuffer>
  /** SHA-256 of header || sealed. */
  readonly sha256: Sha256
  /** By the device's key over LABEL_ITEM || sha256. */
  readonly sig: Signature
}

/** What the device still holds; how the service notices that something never came. */
export type QueueState = {
  readonly epoch: Epoch
  readonly max_seq: Natural
  readonly queued: Natural
  readonly oldest_age_s?: Natural
  readonly kids?: readonly Kid[]
  /** By the device's own clock, in milliseconds: only to say how wrong it is. */
  readonly device_time?: Natural | null
  /** `durable`, or `may_go` where the browser may throw away what it keeps. */
  readonly storage?: string | null
}

/** One report or file whose bytes a device still holds, as its receipt has it. */
export type Retained = {
  /** `item_id` of a report, `att_id` of a file. */
  readonly id: Uuid
  readonly sha256: Sha256
  readonly pos: number
}

/**
 * Asks which of these the service does not hold. Of one device and signed by nobody, as a push is:
 * who knows the hash of sealed bytes may ask after them.
 */
export type ManifestRequest = {
  readonly v?: 1
  readonly device_id: Uuid
  readonly incarnation_seen?: Uuid | null
  readonly retained: readonly Retained[]
}

/**
 * Up to ITEMS_MAX envelopes of one device; none at all is a heartbeat.
 *
 * Items are read one by one (`msgspec.Raw`), so that a malformed one condemns only itself.
 */
export type PushRequest = {
  readonly v?: 1
  readonly device_id: Uuid
  readonly incarnation_seen?: Uuid | null
  readonly app_build?: string
  readonly caps?: readonly string[]
  readonly queue?: QueueState | null
  readonly items?: readonly Envelope[]
  readonly work?: Uint8Array<ArrayBuffer> | null
  readonly rekey?: Steps
}

/** Where a result stands in the receipt's Merkle tree (RFC 9162, section 2.1). */
export type Leaf = {
  readonly index: Natural
  readonly size: number
  readonly path: readonly Sha256[]
}

/** What became of one item. `pos` and `leaf` are there exactly when the verdict is one of STORED. */
export type ItemResult = {
  /** As the header has it; empty where the header could not be read (`index` still tells). */
  readonly item_id: string
  readonly index: Natural
  readonly verdict: string
  readonly reason?: string | null
  readonly retry_after_s?: Natural | null
  readonly pos?: Natural | null
  readonly leaf?: Leaf | null
  readonly gone?: boolean
}

/** Signed proof that the leaves under `root` were durable at `at`. Text signed: `receipt_text`. */
export type Receipt = {
  readonly incarnation: Uuid
  readonly restore_floor: Natural
  /** Server time, milliseconds since 1970 UTC. */
  readonly at: Natural
  readonly kid: Kid
  readonly root: Sha256
  readonly sig: Signature
}

/** The service will stop taking new captures of this build. Queued items are always taken. */
export type Alert = {
  /** `soft_eol`: from that day on. `hard_eol`: since then. A reader passes over any other. */
  readonly level: string
  readonly on: string
  readonly url?: string | null
}

/** Sent after the commit. `receipt` is None when nothing was stored. */
export type PushResponse = {
  readonly incarnation: Uuid
  readonly server_time: Natural
  readonly restore_floor: Natural
  readonly downstream: boolean
  /** Opaque; to be signed in the next pull. Good for a few minutes of server time. */
  readonly challenge: string
  readonly results: readonly ItemResult[]
  readonly receipt?: Receipt | null
  /** `issued_at` of the current key set: larger than the device's own means fetch it. */
  readonly keys_issued_at?: Natural
  readonly backoff_s?: Natural | null
  readonly alert?: Alert | null
  readonly revoke?: Revocation | null
  readonly in_service?: InService | null
  readonly work?: Uint8Array<ArrayBuffer> | null
  readonly rekey?: boolean
  readonly rekeyed?: Rekeyed | null
}

/**
 * `receipt` covers all that is not missing, and is None when all is: see `manifest_leaves`.
 *
 * Its floor was read in the transaction that looked, so what it covers may be let go of under it.
 */
export type ManifestResponse = {
  readonly incarnation: Uuid
  /** Not held with these bytes at this position: to be sent again. */
  readonly missing?: readonly Uuid[]
  readonly receipt?: Receipt | null
  readonly revoke?: Revocation | null
}

/**
 * One entry of a device's feed. `sealed` is HPKE to the feed's key with `message_info` as info.
 *
 * Anybody can seal to a visitor's feed, whose key travels in the header; only the service can sign.
 */
export type Message = {
  readonly id: Uuid
  readonly pos: Natural
  /** One of MessageKind. An unknown kind is stored raw and replayed after an upgrade. */
  readonly kind: string
  readonly sealed: Uint8Array<ArrayBuffer>
  /** The receipt key that signed. */
  readonly kid: Kid
  /** Over `message_text`. */
  readonly sig: Signature
  readonly min_caps?: readonly string[]
}

/** A page of the feed. `reset`: forget the old cursor; the messages start again from the first. */
export type PullResponse = {
  readonly incarnation: Uuid
  readonly cursor: string
  readonly more: boolean
  readonly messages: readonly Message[]
  readonly challenge: string
  readonly reset?: boolean
}

/** A centre tablet presents the one-time code that was made at the desk. */
export type EnrolRequest = {
  readonly code: string
  readonly sign_key: Point
  /** The device's ECDH key: its feed is sealed to it. */
  readonly seal_key: Point
  /** By `sign_key` over LABEL_ENROL || code as typed, upper-case, without spaces or hyphens || seal_key. */
  readonly sig: Signature
}

export type EnrolResponse = {
  readonly device_id: Uuid
  readonly centre_id: string
  readonly centre_name: string
}

/** Seal only to `current` ones, to one with a `centre_id` only reports to that centre; verify with any. */
export type ServiceKey = {
  readonly kid: Kid
  readonly use: 'seal' | 'receipt'
  readonly suite: number
  readonly public: Point
  readonly state?: 'current' | 'retiring' | 'retired'
  readonly centre_id?: string
}

export type KeySet = {
  readonly issued_at: Natural
  readonly keys: readonly ServiceKey[]
}

/** `payload` is msgpack of KeySet; `sig` over LABEL_KEYS || payload, by the root that the build pins. */
export type SignedKeySet = {
  readonly payload: Uint8Array<ArrayBuffer>
  readonly sig: Signature
}

/** A file of sealed envelopes, carried by hand. Same bytes, so the same dedupe. */
export type ExportedQueue = {
  /** Told apart from any other file by this. */
  readonly format: 'waymark-sealed-queue/1'
  readonly items: readonly Envelope[]
}

export const LABEL_REVOKE = 'waymark-sync/1/revoke'

export const LABEL_IN_SERVICE = 'waymark-sync/1/in-service'

/**
 * An order to one enrolled device, signed by the service. Text signed: `revoke_text`.
 *
 * keys: once its queue is empty it lets go of its keys and of what was sent to it; what it has sealed stays.
 * all: so it does, and once no backup lacks any of it, it empties itself.
 */
export type Revocation = {
  readonly device_id: Uuid
  /** `keys` or `all`. A device passes over an order whose scope it does not know. */
  readonly scope: string
  /** The same order again changes nothing. */
  readonly nonce: Uuid
  /** Server time, milliseconds since 1970 UTC, when a person decided it. */
  readonly at: Natural
  readonly kid: Kid
  readonly sig: Signature
}

/**
 * The service's word that this device was in service at `at`. Text signed: `in_service_text`.
 *
 * A device that was taken out gets none, so whoever keeps the order from it cannot keep it open.
 */
export type InService = {
  readonly device_id: Uuid
  /** Server time, milliseconds since 1970 UTC. */
  readonly at: Natural
  readonly kid: Kid
  readonly sig: Signature
}

export const LABEL_REKEY = 'waymark-sync/1/rekey'

export const LABEL_REKEYED = 'waymark-sync/1/rekeyed'

/** Kept by a device: two years of backups, at one change in ninety days. */
export const STEPS_MAX = 8

/** One step of an enrolled device from its keys to new ones. */
export type Rekey = {
  readonly old_sign_key: Point
  readonly sign_key: Point
  /** Its feed is sealed to it from then on. */
  readonly seal_key: Point
  readonly epoch: Epoch
  /** The last number of this epoch that the old key has signed. What it signs beyond comes from a copy. */
  readonly seq: Natural
  /** By the old key over `rekey_text`. */
  readonly old_sig: Signature
  /** By the new one over the same. */
  readonly new_sig: Signature
}

export type Steps = readonly Rekey[]

/** The service's word that this key of the device counts. Text signed: `rekeyed_text`. */
export type Rekeyed = {
  readonly device_id: Uuid
  readonly sign_key: Point
  /** Server time, milliseconds since 1970 UTC. */
  readonly at: Natural
  readonly kid: Kid
  readonly sig: Signature
}

/** A week to carry it to where there is a network */
export const LOCK_WARN_MS = 1987200000

/** A centre that closes over a summer month may find it locked, and connects it */
export const LOCK_MS = 2592000000

/** Nobody has missed it, or somebody keeps it from its service */
export const LOCK_WIPE_MS = 7776000000

/** Of being seen locked before anything is destroyed: a clock may be wrong */
export const LOCK_GRACE_MS = 86400000

export type LockState = 'open' | 'warned' | 'locked' | 'wiped'

/** What a device keeps of its last contact. */
export type ContactClock = {
  /** Service's time of the newest word, ms. An older word, or the same again, is no contact. */
  readonly at: Natural
  /** By the device's clock. */
  readonly heard: number
  /** The longest time without contact that the clock has ever shown. Only a word takes it back. */
  readonly passed?: Natural
  /** `passed` when it was first found locked. None: it is not. */
  readonly locked?: Natural | null
}

export type Lock = {
  readonly state: LockState
  /** To be kept. None: no word ever came, so no time runs. */
  readonly clock: ContactClock | null
  /** Until it locks. None: no time runs. */
  readonly left_ms?: Natural | null
}

export const LABEL_SUBSCRIBE = 'waymark-sync/1/subscribe'

/** Where a content-free knock goes (RFC 8030). Signed like a pull, by the key of the feed. */
export type Subscription = {
  readonly device_id: Uuid
  readonly endpoint: string
  readonly p256dh: Point
  readonly auth: Uint8Array<ArrayBuffer>
  readonly challenge: string
  /** By the feed's key over `subscribe_text`. */
  readonly sig: Signature
}

/** What a browser subscribes to: the `applicationServerKey` of its push manager (RFC 8292). */
export type KnockKey = {
  readonly public: Point
}

export type SubscriptionEnd = {
  readonly device_id: Uuid
  readonly challenge: string
  /** Over `subscribe_text` without a place. */
  readonly sig: Signature
}

/** Before a code: the report is closed, unless a later `status` says otherwise. */
export const CLOSED_CODE = 'closed.'

/** Kinds `ack`, `status`, `message`: a person has read the report and says something. */
export type AckBody = {
  readonly item_id: Uuid
  /** UTC, `2026-01-02T03:04:05.678Z`. */
  readonly at: string
  /** The organisation that answers, as the reporter knows it. */
  readonly from_name: string
  readonly text?: string
  /** `message`: an answer is hoped for. Nobody has to give one. */
  readonly asks?: boolean
  /** `status`: what was decided, by the policy pack's code; after CLOSED_CODE, why it was closed. */
  readonly code?: string
}

/** A service as it was when it was suggested: readable without the directory. */
export type SignpostedService = {
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly phone?: string
  readonly url?: string
  /** Reasons by code, as the matching gives them. */
  readonly why?: readonly string[]
}

/** Kind `signpost`: the services that somebody who has read the report suggests. Replaces any earlier. */
export type SignpostBody = {
  readonly item_id: Uuid
  readonly at: string
  readonly from_name: string
  readonly services: readonly SignpostedService[]
  readonly text?: string
}

/** Somebody has opened the report. Never a name. */
export type SeenBy = {
  readonly role: string
  readonly organisation: string
  /** The day, `2026-01-02`, UTC. */
  readonly on: string
}

/** Kind `access`: who may read the report and who has, where that is safe to say. Replaces earlier. */
export type AccessBody = {
  readonly item_id: Uuid
  readonly at: string
  /** Groups of answers that the police may read now. */
  readonly police: readonly string[]
  readonly seen: readonly SeenBy[]
}

/** Kind `receipt`: the receipt of an item whose answer may have been lost on the way. */
export type ReceiptBody = {
  readonly item_id: Uuid
  readonly result: ItemResult
  readonly receipt: Receipt
}

/** Kind `attachment`: one attachment is complete; its receipt, should the answer have been lost. */
export type AttachmentBody = {
  readonly item_id: Uuid
  readonly state: AttState
}

/** Kind `needs_attention`: the item is safe, but could not be read; a person looks at it. */
export type AttentionBody = {
  readonly item_id: Uuid
  readonly at: string
  readonly reason: string
}

/**
 * Proof of reporting, as a file or as text: that these bytes were durable at that time, and no more.
 *
 * It tells nothing of the report. The human reference derives from `item_id`.
 */
export type Proof = {
  readonly format?: 'waymark-proof/1'
  readonly item_id: Uuid
  readonly sha256: Sha256
  readonly result: ItemResult
  readonly receipt: Receipt
  /** The item's, where the receipt was the answer to its push; else empty. */
  readonly sig?: Uint8Array<ArrayBuffer>
}

/** A report's mailbox, opened with its return code: a page of its feed, and the proof. */
export type ReturnResponse = {
  /** Messages are opened and verified under this feed. */
  readonly feed_id: Uuid
  readonly proof: Proof
  readonly page: PullResponse
  /** Spaces up to a bucket: how long an answer is says little. */
  readonly pad?: string
}

export const SCHEMA_VERSION = 2

export const MESSAGE_SCHEMA_VERSION = 1

/** Recorded where a question was asked and skipped. An absent field was never asked. */
export const NOT_ANSWERED = 'not_answered'

/** Lists and objects inside each other: whoever reads it again may have less of a stack left */
export const DEPTH_MAX = 32

/** Characters; more is asked for as a second report rather than cut */
export const NARRATIVE_MAX = 20000

export const TEXT_MAX = 2000

export const LINE_MAX = 200

export type ReporterRole = 'victim' | 'witness' | 'third_party_friend_family' | 'third_party_professional' | 'organisation_victim'

/**
 * P1 police with my details; P2 police, the centre stays between; P3 police, no details; U1 support only,
 * no police; A1 anonymous with return code; A2 anonymous, for the figures only.
 */
export type SharingChoice = 'P1' | 'P2' | 'P3' | 'U1' | 'A1' | 'A2'

export const RELEASED_TO_POLICE = ['P1', 'P2', 'P3'] as const

export type Channel = 'self_phone' | 'centre_tablet'

export type FormatUsed = 'standard' | 'easy_read' | 'audio' | 'bsl' | 'large'

export type Line = string

export type Text = string

export type Codes = readonly string[]

export type Skipped = 'not_answered'

/** When it happened. `start` and `end` are local dates `YYYY-MM-DD`; nothing finer than was said. */
export type When = {
  readonly precision: 'exact' | 'day' | 'week' | 'month' | 'ongoing' | 'dont_know'
  readonly start?: string | null
  readonly end?: string | null
  /** The reporter's own words, for example "after evening prayer". */
  readonly text?: Line
}

/** Where it happened. A field that was asked by itself may be `not_answered`. */
export type Where = {
  readonly place_type?: Line | null
  /** As typed; upper case with one space where it is a UK postcode. */
  readonly postcode?: Line | null
  /** In the reporter's own words. */
  readonly text?: Text | null
}

/** How this person may be reached without harm. Shown as an instruction, never as a bare number. */
export type SafeContact = {
  /** Of call, text, email, letter, via_centre, no_contact. */
  readonly methods?: Codes
  readonly phone?: Line
  readonly email?: Line
  readonly times?: Line
  readonly voicemail_ok?: boolean
  readonly say_who_calling?: 'nothing' | 'first_name' | 'organisation'
  readonly code_word?: Line
  /** People or groups who must not learn of the report. */
  readonly must_not_know?: Text
}

/** The reporter has read when confidentiality ends. `text_version` names the words that were shown. */
export type LimitsAcknowledged = {
  readonly at: string
  readonly text_version: Line
}

/** One field per question. The five without which a report cannot be finished have no default. */
export type Answers = {
  readonly confidentiality_limits_ack: LimitsAcknowledged
  readonly reporter_role: ReporterRole
  /** Verbatim, in any language. */
  readonly narrative_original: string
  readonly when: When
  readonly sharing_choice: SharingChoice
  readonly event_types?: Codes | Skipped | null
  readonly strands?: Codes | Skipped | null
  /** `strand.sub_strand`, for example `race.gypsy_roma_traveller`. */
  readonly sub_strands?: Codes | Skipped | null
  readonly where?: Where | Skipped | null
  readonly name_known_as?: Line | null
  readonly safe_contact?: SafeContact | Skipped | null
  /** What help is wanted, by the directory's codes of need. */
  readonly support_needs?: Codes | Skipped | null
  /** BCP 47 tag in which help is wanted, `other` for one that the form does not list, or `not_answered`. */
  readonly preferred_language?: Line | null
}

/** How the report was taken down. */
export type Capture = {
  readonly channel: Channel
  /** Of the form: the same questions read, heard or signed. */
  readonly format_used?: FormatUsed
}

/** A report as a device seals it: JSON, padded to a bucket. */
export type ReportBody = {
  /** Repeats the header's, so that a body cannot be moved under another header. */
  readonly item_id: Uuid
  readonly form_version: Line
  readonly policy_version: Line
  readonly app_build: Line
  readonly capture: Capture
  /** The receiving centre, which the reporter was shown by name. */
  readonly centre_id: Line
  readonly ui_language: string
  /** Device clock, UTC. Data, never a decision. */
  readonly started_at: string
  readonly completed_at: string
  readonly answers: Answers
  readonly attachments?: readonly SealedFile[]
  /** Directory ids, in the order shown. */
  readonly signposts_shown?: Codes
  readonly directory_version?: Line
}

/** What opens one attachment of the header's `att`. The key travels nowhere else. */
export type SealedFile = {
  readonly att_id: Uuid
  /** 32 bytes, base64url: used for this one attachment alone. */
  readonly key: string
  /** As the device believes it to be. The service looks for itself. */
  readonly media_type: Line
  /** Of the file before sealing, in bytes. */
  readonly size: Natural
  readonly caption?: Line
  /** A photo may carry place, time and camera: taken out on the device unless the reporter keeps them. */
  readonly hidden_details?: 'removed' | 'kept'
}

/** What a reporter says about a report already made: the body of an item of kind `message`. */
export type MessageBody = {
  /** Repeats the header's. */
  readonly item_id: Uuid
  /** The report's item id. */
  readonly about: Uuid
  readonly text: string
  readonly app_build: Line
  readonly ui_language: string
  readonly written_at: string
  /** The message that asked. */
  readonly in_reply_to?: Uuid | null
  /** The return code's, base64url, when written with the code. None: signed by the report's own key. */
  readonly authenticator?: string | null
  /** What the police may not read from now on: `person` or `all`. Of another code the text counts. */
  readonly takes_back?: string
  /** Who may read the report, and who has? Answered by a message of kind `access`. */
  readonly asks_who?: boolean
}

/** Crockford's base 32: no I, L, O, U. */
export const REFERENCE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A number modulo 37 as one character: catches every wrong character and every swap of two letters. */
export const REFERENCE_CHECKS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U'

export const DELAY_FIRST_S = 2.0

export const DELAY_MAX_S = 900.0

/** Devices told the same Retry-After must not come back in the same second */
export const FLOOR_JITTER = 0.2

/** An item that failed this often all alone is shown to a person and tried daily */
export const SUSPECT_AFTER = 5

export const SUSPECT_DELAY_S = 86400.0
