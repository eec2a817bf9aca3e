"""Nouns of intake."""

from typing import Literal

from msgspec import Struct

from waymark_sync.protocol import Envelope, Header, ItemResult, QueueState, Verdict
from waymark_sync.report import SharingChoice

Lane = Literal["enrolled", "visitor"]
State = Literal["waiting", "opened", "quarantined", "dead_letter"]


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
    """One request, read: what can be stored, and what cannot."""

    device_id: str
    queue: QueueState | None
    arrivals: tuple[Arrival, ...]
    rejected: tuple[ItemResult, ...] = ()

    @property
    def sealed_bytes(self) -> int:
        """What it takes of the memory while it waits."""
        return sum(len(arrival.envelope.sealed) for arrival in self.arrivals)


class Standing(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one arrival, durably."""

    verdict: Verdict
    pos: int


class Committed(Struct, frozen=True, kw_only=True):
    """What one push got. `standings` are in the order of its arrivals."""

    incarnation: str
    restore_floor: int
    downstream: bool
    standings: tuple[Standing, ...]


class WaitingItem(Struct, frozen=True, kw_only=True):
    """A stored item that nobody has opened yet."""

    pos: int
    item_id: str
    sha256: bytes
    header: bytes
    sealed: bytes
    sig: bytes
    received_at: str


class Held(Struct, frozen=True, kw_only=True):
    """An item for the intake custodian: metadata alone, never content."""

    id: str
    pos: int
    received_at: str
    lane: Lane
    reason: str
    bytes: int
    device_id: str


class OpenedReport(Struct, frozen=True, kw_only=True):
    """What routing needs of a report, in the clear. `body` and `wrapped` are of no use without the vault."""

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
    wrapped: bytes


class DeviceSeen(Struct, frozen=True, kw_only=True):
    """The last heartbeat of an enrolled device."""

    device_id: str
    queued: int
    at: str
