"""Every message of the sync protocol, and the limits of each.

The only definition of the wire: TypeScript's types are rendered from these Structs. Sealed bytes,
headers, hashes and signatures travel as they are (msgpack) or as base64url without padding (JSON).
New fields have defaults, no field ever changes its type, unknown fields are ignored.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from waymark_sync.field_types import Epoch as Epoch
from waymark_sync.field_types import Kid as Kid
from waymark_sync.field_types import Natural as Natural
from waymark_sync.field_types import Point as Point
from waymark_sync.field_types import Sha256 as Sha256
from waymark_sync.field_types import Signature as Signature
from waymark_sync.field_types import Uuid as Uuid
from waymark_sync.leaves import leaf_bytes as leaf_bytes
from waymark_sync.orders import InService as InService
from waymark_sync.orders import Revocation as Revocation
from waymark_sync.orders import revoke_text as revoke_text
from waymark_sync.rekeying import Rekeyed, Steps

LABEL = b"waymark-sync/1"
"""Prefix of the HPKE `info`; with a suffix, of every signed text."""
LABEL_ITEM = LABEL + b"/item"
LABEL_PULL = LABEL + b"/pull"
LABEL_ENROL = LABEL + b"/enrol"
LABEL_RECEIPT = LABEL + b"/receipt"
LABEL_KEYS = LABEL + b"/keys"
LABEL_MESSAGE = LABEL + b"/message"
LABEL_MESSAGE_SIG = LABEL_MESSAGE + b"/sig"
LABEL_ATT = LABEL + b"/att"
LABEL_RETURN = LABEL + b"/return"

PROTOCOL_VERSION = 1
SUITE_P256 = 1
"""DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Other numbers are reserved."""

ITEMS_MAX = 64  # a push of this many text reports is about 300 kB: seconds on a 2G link
PUSH_BYTES_MAX = 1_048_576  # one item of the largest bucket fits, with room for its frame
HEADER_BYTES_MAX = 4_096  # about 20 attachments' manifest
SEALED_BYTES_MAX = 262_144 + 81  # the largest padding bucket, HPKE's encapsulated key and tag
PULL_LIMIT_MAX = 100  # messages are small; a page stays under 500 kB
MANIFEST_MAX = 256  # about 25 kB: seconds on a 2G link
ATT_CHUNK_BYTES = 262_144  # of plaintext: eight seconds on a 256 kbit/s link, so little is sent twice
ATT_TAG_BYTES = 16
ATT_BYTES_MAX = 52_432_000  # sealed, one attachment: 50 MiB of sound, film or paper, and its tags
ATT_TOTAL_BYTES_MAX = 157_296_000  # sealed, all attachments of one report: three of the largest
ATT_COUNT_MAX = 10
PADDING_BUCKETS = (4_096, 16_384, 65_536, 262_144)
"""Plaintext lengths in bytes: the sealed length then says little about the story."""

Verdict = Literal["accepted", "duplicate", "conflict", "rejected", "retry"]
"""A verdict this list does not hold means `retry`."""
STORED: tuple[Verdict, ...] = ("accepted", "duplicate", "conflict")

MessageKind = Literal[
    "receipt",
    "ack",
    "status",
    "signpost",
    "message",
    "attachment",
    "form",
    "directory",
    "key",
    "revoke",
    "needs_attention",
]


class Attachment(Struct, frozen=True, kw_only=True):
    """One sealed attachment that follows its report. `sha256` is of the sealed bytes."""

    att_id: Uuid
    size: Natural
    sha256: Sha256


class AttStart(Struct, frozen=True, kw_only=True):
    """Announces an attachment that the header of a stored item lists. Repeating it changes nothing."""

    item_id: Uuid
    att_id: Uuid


class AttState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of an attachment is durable. `leaf` and `receipt` are there once it is complete."""

    att_id: Uuid
    offset: Natural
    """Sealed bytes that have reached the disk; the next chunk begins here."""
    size: Natural
    complete: bool = False
    pos: Natural | None = None
    """Of its item; once complete, its own."""
    leaf: "Leaf | None" = None
    """Of `leaf_bytes(att_id, sha256, pos, "complete")`."""
    receipt: "Receipt | None" = None


class ReturnKeys(Struct, frozen=True, kw_only=True):
    """What the service may know of a return code. Made on the device; the code itself never travels."""

    locator_hash: Sha256
    verifier: Sha256


class Header(Struct, frozen=True, kw_only=True):
    """What travels in the clear. Its exact bytes are part of the HPKE `info` and are never re-encoded."""

    v: Literal[1] = 1
    suite: int = SUITE_P256
    kid: Kid
    device_id: Uuid
    """A centre device's enrolled id; a visitor makes a random one per report."""
    epoch: Epoch
    """64 random bits, minted when the local store is created or found empty."""
    seq: Annotated[int, Meta(ge=1, le=9_007_199_254_740_991)]
    """1, 2, 3 ... per (device_id, epoch), never reused. Only to notice gaps."""
    item_id: Uuid
    """UUIDv4. The human reference derives from it."""
    kind: Annotated[str, Meta(min_length=1, max_length=32)] = "report"
    schema_v: Annotated[int, Meta(ge=1, le=65_535)] = 1
    att: Annotated[tuple[Attachment, ...], Meta(max_length=20)] = ()
    reply_key: Point | None = None
    """Answers to the reporter are sealed to this key. None: answers go to the centre device alone."""
    public_key: Point | None = None
    """A visitor's signing key. None on an enrolled device, whose key the service holds."""
    return_keys: ReturnKeys | None = None


class Envelope(Struct, frozen=True, kw_only=True):
    """One sealed item, as it lies in the outbox and on the wire."""

    header: Annotated[bytes, Meta(min_length=1, max_length=HEADER_BYTES_MAX)]
    sealed: Annotated[bytes, Meta(min_length=1, max_length=SEALED_BYTES_MAX)]
    sha256: Sha256
    """SHA-256 of header || sealed."""
    sig: Signature
    """By the device's key over LABEL_ITEM || sha256."""


class QueueState(Struct, frozen=True, kw_only=True):
    """What the device still holds; how the service notices that something never came."""

    epoch: Epoch
    max_seq: Natural
    queued: Natural
    oldest_age_s: Natural = 0
    kids: Annotated[tuple[Kid, ...], Meta(max_length=16)] = ()
    device_time: Natural | None = None
    """By the device's own clock, in milliseconds: only to say how wrong it is."""
    storage: Annotated[str, Meta(max_length=16)] | None = None
    """`durable`, or `may_go` where the browser may throw away what it keeps."""


class Retained(Struct, frozen=True, kw_only=True):
    """One report or file whose bytes a device still holds, as its receipt has it."""

    id: Uuid
    """`item_id` of a report, `att_id` of a file."""
    sha256: Sha256
    pos: Annotated[int, Meta(ge=1, le=9_007_199_254_740_991)]


class ManifestRequest(Struct, frozen=True, kw_only=True):
    """Asks which of these the service does not hold. Of one device and signed by nobody, as a push is:
    who knows the hash of sealed bytes may ask after them.
    """

    v: Literal[1] = 1
    device_id: Uuid
    incarnation_seen: Uuid | None = None
    retained: Annotated[tuple[Retained, ...], Meta(max_length=MANIFEST_MAX)]


class PushRequest(Struct, frozen=True, kw_only=True):
    """Up to ITEMS_MAX envelopes of one device; none at all is a heartbeat.

    Items are read one by one (`msgspec.Raw`), so that a malformed one condemns only itself.
    """

    v: Literal[1] = 1
    device_id: Uuid
    incarnation_seen: Uuid | None = None
    app_build: Annotated[str, Meta(max_length=64)] = ""
    caps: Annotated[tuple[str, ...], Meta(max_length=32)] = ()
    queue: QueueState | None = None
    items: Annotated[tuple[Envelope, ...], Meta(max_length=ITEMS_MAX)] = ()
    work: bytes | None = None  # a visitor's proof (`work.py`); empty: it found none in time
    rekey: Steps = ()  # of an enrolled device that has taken new keys, until the service says that they count


class Leaf(Struct, frozen=True, kw_only=True):
    """Where a result stands in the receipt's Merkle tree (RFC 9162, section 2.1)."""

    index: Natural
    size: Annotated[int, Meta(ge=1)]
    path: tuple[Sha256, ...]


class ItemResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item. `pos` and `leaf` are there exactly when the verdict is one of STORED."""

    item_id: str
    """As the header has it; empty where the header could not be read (`index` still tells)."""
    index: Natural  # of the item in the request
    verdict: str
    reason: str | None = None
    retry_after_s: Natural | None = None
    pos: Natural | None = None
    leaf: Leaf | None = None
    gone: bool = False  # erased since: beside a receipt that covers it, the device lets go at once


class Receipt(Struct, frozen=True, kw_only=True):
    """Signed proof that the leaves under `root` were durable at `at`. Text signed: `receipt_text`."""

    incarnation: Uuid
    restore_floor: Natural
    at: Natural
    """Server time, milliseconds since 1970 UTC."""
    kid: Kid
    root: Sha256
    sig: Signature


class Alert(Struct, frozen=True, kw_only=True):
    """The service will stop taking new captures of this build. Queued items are always taken."""

    level: Annotated[str, Meta(max_length=16)]
    """`soft_eol`: from that day on. `hard_eol`: since then. A reader passes over any other."""
    on: str
    url: str | None = None


class PushResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sent after the commit. `receipt` is None when nothing was stored."""

    incarnation: Uuid
    server_time: Natural
    restore_floor: Natural
    downstream: bool  # true: a pull would bring something
    challenge: str
    """Opaque; to be signed in the next pull. Good for a few minutes of server time."""
    results: tuple[ItemResult, ...]
    receipt: Receipt | None = None
    keys_issued_at: Natural = 0
    """`issued_at` of the current key set: larger than the device's own means fetch it."""
    backoff_s: Natural | None = None
    alert: Alert | None = None
    revoke: Revocation | None = None  # the device that asks was taken out of its centre
    in_service: InService | None = None  # or it was not: its lock by time begins anew (section 9)
    work: bytes | None = None  # a challenge: every item is `retry` until the push comes with its proof
    rekey: bool = False  # the device that asks is to take new keys
    rekeyed: Rekeyed | None = None  # it did, and this one counts


class ManifestResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`receipt` covers all that is not missing, and is None when all is: see `manifest_leaves`.

    Its floor was read in the transaction that looked, so what it covers may be let go of under it.
    """

    incarnation: Uuid
    missing: tuple[Uuid, ...] = ()
    """Not held with these bytes at this position: to be sent again."""
    receipt: Receipt | None = None
    revoke: Revocation | None = None


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a device's feed. `sealed` is HPKE to the feed's key with `message_info` as info.

    Anybody can seal to a visitor's feed, whose key travels in the header; only the service can sign.
    """

    id: Uuid
    pos: Natural
    kind: Annotated[str, Meta(min_length=1, max_length=32)]
    """One of MessageKind. An unknown kind is stored raw and replayed after an upgrade."""
    sealed: bytes
    kid: Kid
    """The receipt key that signed."""
    sig: Signature
    """Over `message_text`."""
    min_caps: tuple[str, ...] = ()


class PullResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of the feed. `reset`: forget the old cursor; the messages start again from the first."""

    incarnation: Uuid
    cursor: str
    more: bool
    messages: tuple[Message, ...]
    challenge: str
    reset: bool = False


class EnrolRequest(Struct, frozen=True, kw_only=True):
    """A centre tablet presents the one-time code that was made at the desk."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    sign_key: Point
    seal_key: Point
    """The device's ECDH key: its feed is sealed to it."""
    sig: Signature
    """By `sign_key` over LABEL_ENROL || code as typed, upper-case, without spaces or hyphens || seal_key."""


class EnrolResponse(Struct, frozen=True, kw_only=True):
    device_id: Uuid
    centre_id: str
    centre_name: str


class ServiceKey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seal only to `current` ones, to one with a `centre_id` only reports to that centre; verify with any."""

    kid: Kid
    use: Literal["seal", "receipt"]
    suite: int
    public: Point
    state: Literal["current", "retiring", "retired"] = "current"
    centre_id: Annotated[str, Meta(max_length=64)] = ""


class KeySet(Struct, frozen=True, kw_only=True):
    issued_at: Natural
    keys: tuple[ServiceKey, ...]


class SignedKeySet(Struct, frozen=True, kw_only=True):
    """`payload` is msgpack of KeySet; `sig` over LABEL_KEYS || payload, by the root that the build pins."""

    payload: bytes
    sig: Signature


class ExportedQueue(Struct, frozen=True, kw_only=True):
    """A file of sealed envelopes, carried by hand. Same bytes, so the same dedupe."""

    format: Literal["waymark-sealed-queue/1"]
    """Told apart from any other file by this."""
    items: tuple[Envelope, ...]


def receipt_text(receipt: Receipt) -> bytes:
    """The bytes a receipt's signature covers: fixed widths, so nothing is ambiguous."""
    return b"".join(
        (
            LABEL_RECEIPT,
            bytes.fromhex(receipt.incarnation.replace("-", "")),
            receipt.restore_floor.to_bytes(8, "big"),
            receipt.at.to_bytes(8, "big"),
            len(receipt.kid).to_bytes(1, "big"),
            receipt.kid.encode("ascii"),
            receipt.root,
        )
    )


def pull_text(*, device_id: str, challenge: str, cursor: str, limit: int) -> bytes:
    """The bytes a pull's signature covers: five lines. No field holds a line break."""
    fields = (device_id, challenge, cursor, str(limit))
    return b"\n".join((LABEL_PULL, *(field.encode() for field in fields)))


def message_info(*, feed_id: str, message_id: str, kind: str) -> bytes:
    """HPKE `info` of a message: it cannot be moved to another feed or pass for another kind."""
    return b"\n".join((LABEL_MESSAGE, feed_id.encode(), message_id.encode(), kind.encode()))


def message_text(feed_id: str, message: Message) -> bytes:
    """The bytes a message's signature covers: fixed widths, so nothing is ambiguous.

    No incarnation: a message that was restored from a backup is still the service's word.
    """
    kind = message.kind.encode()
    return b"".join(
        (
            LABEL_MESSAGE_SIG,
            bytes.fromhex(feed_id.replace("-", "")),
            bytes.fromhex(message.id.replace("-", "")),
            message.pos.to_bytes(8, "big"),
            len(kind).to_bytes(1, "big"),
            kind,
            hashlib.sha256(message.sealed).digest(),
        )
    )


decode_header = msgspec.msgpack.Decoder(Header).decode
encode_header = msgspec.msgpack.Encoder().encode
