"""Nouns of intake."""

from typing import Literal

from msgspec import Struct

from waymark.identity.records import EarlierKey, Revoked
from waymark.mailbox.records import Feed, ReturnWay, SealedMessage
from waymark_sync.messages import Proof
from waymark_sync.protocol import Envelope, Header, ItemResult, QueueState, Receipt, Verdict
from waymark_sync.rekeying import Rekey
from waymark_sync.report import SharingChoice

Lane = Literal["enrolled", "visitor"]
State = Literal["waiting", "opened", "quarantined", "dead_letter"]
ReopenReason = Literal["able_to_do_more", "device_known", "asked"]
HeldState = Literal["quarantined", "dead_letter", "conflict"]


class Arrival(Struct, frozen=True, kw_only=True, gc=False):
    """One item of a push whose structure and hash are right. Nothing else has been checked."""

    index: int
    """Its place in the request."""
    header: Header
    envelope: Envelope

    @property
    def lane(self) -> Lane:
        return "enrolled" if self.header.public_key is None else "visitor"


class Push(Struct, frozen=True, kw_only=True):
    """One request, read: what can be stored, and what cannot, or not now."""

    device_id: str
    queue: QueueState | None
    arrivals: tuple[Arrival, ...]
    app_build: str = ""
    unstored: tuple[ItemResult, ...] = ()
    """`rejected`, or `retry`."""
    work: bytes | None = None
    """As it came; `worked` once it has been checked."""
    can_work: bool = False
    """Its sender would, if it were asked."""
    worked: bool = False
    asked: bytes | None = None
    """The challenge that it is answered with."""
    rekey: tuple[Rekey, ...] = ()
    """The way to new keys, of a tablet that has taken some."""

    @property
    def sealed_bytes(self) -> int:
        """What it takes of the memory while it waits."""
        return sum(len(arrival.envelope.sealed) for arrival in self.arrivals)

    @property
    def of_visitors(self) -> bool:
        """Does it bring visitors' items and nothing else?"""
        return bool(self.arrivals) and all(arrival.lane == "visitor" for arrival in self.arrivals)


class Standing(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one arrival, durably."""

    verdict: Verdict
    pos: int
    gone: bool = False
    """It was erased here: whoever still holds it lets go of it."""


class Stored(Struct, frozen=True, kw_only=True, gc=False):
    """What a commit has put at a position."""

    pos: int
    item_id: str
    envelope: Envelope


class Committed(Struct, frozen=True, kw_only=True):
    """What one push got. `standings` are in the order of its arrivals."""

    incarnation: str
    restore_floor: int
    downstream: bool
    standings: tuple[Standing, ...]
    revoked: Revoked | None = None
    """The device was taken out of its centre, and is told so."""
    in_service: bool = False
    """It was enrolled and is in service, and is told so: it then does not lock itself."""
    rekey: bool = False
    """It is to take new keys."""
    rekeyed: bytes | None = None
    """The key that counts from now on, of those that it has shown the way to."""


class Answered(Struct, frozen=True, kw_only=True):
    """What one push is told, ready to be sent."""

    committed: Committed
    at: int
    """Server time in milliseconds, after the commit."""
    results: tuple[ItemResult, ...]
    receipt: Receipt | None
    backoff_s: int | None = None


class WaitingItem(Struct, frozen=True, kw_only=True):
    """A stored item that nobody has opened yet."""

    pos: int
    item_id: str
    sha256: bytes
    header: bytes
    sealed: bytes
    sig: bytes
    received_at: str


class Visit(Struct, frozen=True, kw_only=True):
    """An item that a phone sent, and whether it had worked for it."""

    item_id: str
    worked: bool


class Keys(Struct, frozen=True, kw_only=True):
    """Never log, store or print them."""

    incident: bytes
    person: bytes | None
    """None: not given to whoever asks, or there is no such compartment yet."""

    def __repr__(self) -> str:
        return "Keys()"


class KeyRow(Struct, frozen=True, kw_only=True):
    """A report's keys as one holder was given them."""

    report_id: str
    holder: str
    kid: str
    person: bool
    wrapped: bytes


class Findable(Struct, frozen=True, kw_only=True):
    """What one holder can find a report again by: keyed digests by kind, of no meaning to another."""

    holder: str
    digests: dict[str, bytes]


class Lock(Struct, frozen=True, kw_only=True):
    """What a reader was given of a report's keys, and what they open."""

    report_id: str
    holder: str
    wrapped: bytes
    schema_v: int
    body: bytes
    person: bytes | None = None


class Sender(Struct, frozen=True, kw_only=True):
    """What the service holds about the device that an item's header names."""

    device: Feed | None
    """The enrolled device of that id, unless revoked."""
    revoked: bool
    feed: Feed | None
    """The visitor's feed that is already open under that id."""
    earlier: tuple[EarlierKey, ...] = ()
    """Keys that the enrolled device has given up."""


class Reading(Struct, frozen=True, kw_only=True):
    """An opened report, encrypted again under its own key, with what routing needs."""

    feed_id: str
    centre_id: str
    sharing_choice: SharingChoice
    force_id: str
    area: str
    channel: str
    schema_v: int
    note: str | None
    body: bytes
    person: bytes
    keys: tuple[KeyRow, ...]
    contacts: tuple[Findable, ...] = ()
    index_due: bool = False
    """Some of them are still to come."""


class WayBack(Struct, frozen=True, kw_only=True):
    """What the header's return keys ask for: a way to the mailbox, and the mailbox."""

    way: ReturnWay
    feed: Feed
    """The phone's own feed, or one for the code alone."""
    receipt: SealedMessage | None
    """For a feed of the code's own."""


class Said(Struct, frozen=True, kw_only=True):
    """What a message says, opened and not yet believed: whose it is can only be judged beside the report."""

    about: str
    sign_key: bytes | None
    """A phone's own; it has signed the item."""
    authenticator: bytes | None
    plaintext: bytes
    """Without the authenticator, which is kept nowhere."""
    proof: Proof


class Outcome(Struct, frozen=True, kw_only=True):
    """What opening one item found, ready to be written down."""

    pos: int
    item_id: str
    received_at: str
    state: State
    code: str | None = None
    """Why it is held; None when it was opened."""
    place: str | None = None
    """Where in the form it does not fit: a path, never a value."""
    judged: bytes = b""
    """The signature that was found wrong: it may have come again with another one meanwhile."""
    copy_of: str | None = None
    """A tablet whose given-up key has signed what it had not numbered then: it may have been copied."""
    report: Reading | None = None
    feed: Feed | None = None
    message: SealedMessage | None = None
    back: WayBack | None = None
    said: Said | None = None

    @property
    def reason(self) -> str | None:
        return f"{self.code}: {self.place}" if self.place else self.code


class Held(Struct, frozen=True, kw_only=True):
    """An item for the intake custodian: metadata alone, never content."""

    id: str
    pos: int
    received_at: str
    lane: Lane
    state: HeldState
    reason: str
    bytes: int
    device_id: str


class Opening(Struct, frozen=True, kw_only=True):
    """What routing needs of a report, in the clear. `body` and `person` are of no use without its keys."""

    id: str
    pos: int
    number: int
    feed_id: str
    centre_id: str
    sharing_choice: SharingChoice
    force_id: str
    area: str
    received_at: str
    opened_at: str
    channel: str
    schema_v: int
    note: str | None
    body: bytes
    person: bytes | None


class OpenedReport(Opening, frozen=True, kw_only=True):
    """As it is stored, with its keys as its centre was given them: the service does by itself with those."""

    holder: str
    wrapped: bytes

    @property
    def lock(self) -> Lock:
        return Lock(
            report_id=self.id,
            holder=self.holder,
            wrapped=self.wrapped,
            schema_v=self.schema_v,
            body=self.body,
            person=self.person,
        )


class OpenedMessage(Struct, frozen=True, kw_only=True):
    """What a reporter has added to a report. `body` opens with the report's key."""

    id: str
    number: int
    """In order of opening, a series of its own."""
    report_id: str
    received_at: str
    body: bytes


class DeviceSeen(Struct, frozen=True, kw_only=True):
    """The last heartbeat of an enrolled device."""

    device_id: str
    epoch: str
    queued: int
    oldest_age_s: int
    at: str
    app_build: str
    storage: str | None
    clock_ahead_s: int | None
