"""Nouns of the worklist, and the shapes that it is answered with."""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from waymark.custody.records import Gap, Why
from waymark.identity.records import RevokeScope
from waymark.intake.records import HeldState
from waymark.triage.records import Listed
from waymark_sync.protocol import Alert, Epoch
from waymark_sync.report import Channel, SharingChoice

Seq = Annotated[int, Meta(ge=1, le=4_503_599_627_370_495)]

Queue = Literal[
    "waiting", "acknowledged", "needs_info", "reply_waiting", "offered", "decided", "closed", "apart", "all"
]


class Filter(Struct, frozen=True, kw_only=True):
    """What of a list is wanted. Empty means: whatever there is."""

    queue: Queue = "all"
    area: str = ""
    centre: str = ""
    sharing: SharingChoice | Literal[""] = ""
    channel: Channel | Literal[""] = ""
    received_from: str = ""
    """Time, included."""
    received_before: str = ""
    """Time, not included."""
    with_pictures: bool = False
    overdue: bool = False


class Counts(Struct, frozen=True, kw_only=True):
    """Each stops at COUNT_MAX, which then means "or more"."""

    waiting: int = 0
    acknowledged: int = 0
    needs_info: int = 0
    reply_waiting: int = 0
    offered: int = 0
    decided: int = 0
    closed: int = 0
    apart: int = 0
    """Came in a flood, and is in none of the others."""


class Counted(Struct, frozen=True, kw_only=True):
    queue: str
    count: int


class Cursor(Struct, frozen=True, kw_only=True):
    """The last row of the page before."""

    received_at: str
    report_id: str


class ReportsAnswer(Struct, frozen=True, kw_only=True):
    reports: tuple[Listed, ...]
    next: str | None
    """Cursor of the next page under the same filters; None on the last."""
    counts: Counts


class Named(Struct, frozen=True, kw_only=True):
    id: str
    name: str


class ChoicesAnswer(Struct, frozen=True, kw_only=True):
    """What a list can be filtered by."""

    areas: tuple[Named, ...]
    centres: tuple[Named, ...]
    forces: tuple[Named, ...]


class Change(Struct, frozen=True, kw_only=True):
    """How often anything has changed for a force or a centre."""

    scope: str
    number: int


class News(Struct, frozen=True, kw_only=True):
    """What a page that waits is told: numbers and a time, nothing of any report."""

    newest: str | None
    """When the newest report that may be seen came."""
    counts: Counts


class HeldItem(Struct, frozen=True, kw_only=True):
    """Metadata of an item that could not be opened."""

    id: str
    received_at: str
    lane: str
    state: HeldState
    reason: str
    bytes: int
    device_id_short: str


class QuarantineAnswer(Struct, frozen=True, kw_only=True):
    items: tuple[HeldItem, ...]
    next: str | None
    """Cursor of the next page; None on the last."""


class ReopenedAnswer(Struct, frozen=True, kw_only=True):
    reopened: int
    """How many of them were held and are tried again."""


BuildEnds = Callable[[str], Alert | None]
"""What the service tells a device that runs this build of the app."""


class DeviceLine(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    enrolled_at: str
    last_seen_at: str | None
    queued: int | None
    """Reports that it said it still held; None when it has not been heard of."""
    oldest_age_s: int | None = None
    """Of the oldest of these."""
    app_build: str | None = None
    end_of_life: Alert | None = None
    """What a tablet with this build is told; None while its build is good."""
    storage: str | None = None
    """`durable`, or `may_go` where its browser may throw away what it keeps."""
    clock_ahead_s: int | None = None
    gaps: tuple[Gap, ...] = ()
    """Reports that it has made and that never came. A person can still ask who used it."""
    revoked_at: str | None = None
    revoke_scope: RevokeScope | None = None
    order_told_at: str | None = None
    """When it was first given the order to leave without having anything to send."""
    held_when_revoked: int | None = None
    """Reports that it had said it held when it was taken out. None: it had said nothing."""
    come_since_revoked: int = 0
    keys_since: str | None = None
    """Since when it has the keys that it has. None: since it was enrolled."""
    keys_doubted_at: str | None = None
    """When keys that it had given up were first used as its own: there may be a copy of it."""


class DevicesAnswer(Struct, frozen=True, kw_only=True):
    devices: tuple[DeviceLine, ...]


class RevokeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    scope: RevokeScope = "keys"


class ExplainRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    epoch: Epoch
    first_seq: Seq
    count: Seq
    why: Why


class CodeAnswer(Struct, frozen=True, kw_only=True):
    code: str
    expires_at: str
