"""What the core is told and what it asks to be done. Values alone: nothing here acts.

An event carries the time and a number drawn at random, so that the core needs neither clock nor chance.
"""

from typing import Literal

from msgspec import Struct

from waymark_sync.answers import Failure
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox_rows import Held, Row, Scope
from waymark_sync.protocol import ManifestResponse, PullResponse, PushResponse, Retained

Wake = Literal["start", "sealed", "timer", "online", "visible", "knock", "asked"]
"""`asked`: a person wants it now, so waiting times are set aside."""


class Order(Struct, frozen=True, kw_only=True):
    """That a device is taken out of service, as it came. `genuine`: the service has signed it."""

    device_id: str
    scope: str
    genuine: bool


# Changes to the outbox.


class TakeReceipt(Struct, frozen=True, kw_only=True):
    """If these very bytes still wait."""

    body: ReceiptBody
    sha256: bytes


class SetAside(Struct, frozen=True, kw_only=True):
    """The service stored nothing and will not; our own check of the bytes agrees."""

    row: Row
    error: str


class Postpone(Struct, frozen=True, kw_only=True):
    """If nobody else has had an answer for it meanwhile."""

    row: Row
    next_try_ms: int
    error: str
    attempts: int
    companions: int
    solo_failures: int


class LetGo(Struct, frozen=True, kw_only=True):
    """Of the sealed bytes, if this is still the receipt that is held."""

    item_id: str
    sha256: bytes
    incarnation: str
    pos: int


class OfferAgain(Struct, frozen=True, kw_only=True):
    """If this is still the receipt that is held: the service has nothing like it."""

    item_id: str
    sha256: bytes
    pos: int


class KeepPage(Struct, frozen=True, kw_only=True):
    """Messages and cursor."""

    feed_id: str
    page: PullResponse


class MarkApplied(Struct, frozen=True, kw_only=True):
    message_id: str


class Remember(Struct, frozen=True, kw_only=True):
    key: Literal["challenge", "not_before"]
    value: str | int


class SendNow(Struct, frozen=True, kw_only=True):
    """No report waits for its time any longer."""


class Obey(Struct, frozen=True, kw_only=True):
    """This device is out of service: nothing new is made here from now on. A wider order takes the place of a
    narrower one, never the other way round; the same again changes nothing.
    """

    device_id: str
    scope: Scope


class PassOver(Struct, frozen=True, kw_only=True):
    """An order came that binds nobody here. It is counted, and that is all."""


Write = (
    TakeReceipt
    | SetAside
    | Postpone
    | LetGo
    | OfferAgain
    | KeepPage
    | MarkApplied
    | Remember
    | SendNow
    | Obey
    | PassOver
)


# Effects.


class ReadDue(Struct, frozen=True, kw_only=True):
    """Answered by DueRead."""

    now_ms: int


class ReadRetained(Struct, frozen=True, kw_only=True):
    """Receipted reports whose bytes are held, after this one in order. Answered by RetainedRead."""

    device_id: str
    item_id: str


class SendPush(Struct, frozen=True, kw_only=True):
    """No rows: a heartbeat. Answered by PushAnswered or Failed, always: a request that ends without either
    leaves the drainer waiting."""

    number: int
    rows: tuple[Row, ...]
    seen: str | None
    """The lineage known when it was sent."""


class SendManifest(Struct, frozen=True, kw_only=True):
    """Answered by ManifestAnswered or Failed."""

    number: int
    device_id: str
    retained: tuple[Retained, ...]
    seen: str | None


class SendPull(Struct, frozen=True, kw_only=True):
    """Answered by PageCame, whose messages were verified, or Failed."""

    number: int
    seen: str | None


class Apply(Struct, frozen=True, kw_only=True):
    """All of it in one transaction, or none. Answered by Applied.

    incarnation: which lineage told this. Where it is not the one kept: it is the news if the one kept is
    still `seen`, and then all that is held is queued and every cursor forgotten before the writes; otherwise
    another drainer has learnt more meanwhile, and nothing is written (`stale`).
    """

    number: int
    writes: tuple[Write, ...]
    incarnation: str | None = None
    seen: str | None = None


class OpenReceipts(Struct, frozen=True, kw_only=True):
    """Open and verify the receipts among the messages. Answered by ReceiptsOpened."""


class RenewKeys(Struct, frozen=True, kw_only=True):
    """The service has a newer key set. Not answered."""

    issued_at: int


class ReadQueue(Struct, frozen=True, kw_only=True):
    """Answered by QueueRead."""


class CarryOut(Struct, frozen=True, kw_only=True):
    """Nothing waits here any more: destroy what the order is about, and note that it is done.

    Twice is harmless; whoever dies before it is asked again by the next pass. Not answered.
    """

    scope: Scope


class SetTimer(Struct, frozen=True, kw_only=True):
    """Wake with `timer` at that time, in place of any earlier timer. None: nothing is left to do."""

    at_ms: int | None


class Rest(Struct, frozen=True, kw_only=True):
    """The pass is over."""

    stored: int
    refused: int
    received: int
    failure: Failure | None


Request = SendPush | SendManifest | SendPull
Effect = (
    ReadDue
    | ReadRetained
    | ReadQueue
    | Request
    | Apply
    | OpenReceipts
    | RenewKeys
    | CarryOut
    | SetTimer
    | Rest
)


# Events.


class Woken(Struct, frozen=True, kw_only=True):
    now_ms: int
    reason: Wake


class DueRead(Struct, frozen=True, kw_only=True):
    """`now_ms` as asked. `not_before` as it was remembered, nought when it never was."""

    now_ms: int
    rows: tuple[Row, ...]
    incarnation: str | None
    not_before: int
    heartbeat: bool = True
    """May a request without reports be sent? A victim's phone says nothing of itself."""
    pulls: bool = True
    """Is there a feed to ask?"""


class RetainedRead(Struct, frozen=True, kw_only=True):
    now_ms: int
    held: tuple[Held, ...]
    incarnation: str | None


class PushAnswered(Struct, frozen=True, kw_only=True):
    """The receipt's signature was verified; what it covers was not."""

    now_ms: int
    luck: float
    """From 0 up to, not including, 1."""
    request: SendPush
    response: PushResponse
    order: Order | None = None
    own_id: str | None = None
    """Of the enrolled device that this is."""


class ManifestAnswered(Struct, frozen=True, kw_only=True):
    """As PushAnswered."""

    now_ms: int
    luck: float
    request: SendManifest
    response: ManifestResponse
    order: Order | None = None
    own_id: str | None = None


class PageCame(Struct, frozen=True, kw_only=True):
    """The signature of every message was verified."""

    now_ms: int
    request: SendPull
    feed_id: str
    page: PullResponse


class Failed(Struct, frozen=True, kw_only=True):
    """Whatever was not an answer of the service, as `answers` understands it. It may bring an order."""

    now_ms: int
    luck: float
    request: Request
    failure: Failure
    order: Order | None = None
    own_id: str | None = None


class Applied(Struct, frozen=True, kw_only=True):
    now_ms: int
    number: int
    stale: bool = False
    requeued: bool = False
    """A new lineage: all that is held is queued again."""


class QueueRead(Struct, frozen=True, kw_only=True):
    """What is left when a pass is over, whoever has added to it meanwhile."""

    now_ms: int
    next_try_ms: int | None
    """Of all that is queued; nought for at once, None when nothing is."""
    holding: bool
    """Receipted reports, or files, are held still."""
    not_before: int
    leaving: Scope | None = None
    """An order that is obeyed here, and not yet carried out as a whole."""
    draining: bool = False
    """A report or a file has yet to arrive. One that fails again and again, all alone, is not waited for."""
    stuck: bool = False
    """Reports are here that never arrived, waited for or not."""


class OpenedReceipt(Struct, frozen=True, kw_only=True):
    """Its signature was verified. `row`: what is held under its id."""

    message_id: str
    body: ReceiptBody
    row: Row


class ReceiptsOpened(Struct, frozen=True, kw_only=True):
    now_ms: int
    receipts: tuple[OpenedReceipt, ...]
    incarnation: str | None


Event = (
    Woken
    | DueRead
    | RetainedRead
    | PushAnswered
    | ManifestAnswered
    | PageCame
    | Failed
    | Applied
    | ReceiptsOpened
    | QueueRead
)
