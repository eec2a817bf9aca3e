"""Nouns of attachments."""

from typing import Literal

from msgspec import Struct

from waymark.intake.records import Lock

State = Literal["waiting", "complete", "shown", "unshown"]
"""`complete`: all of it is here. Afterwards a picture is made of it, or there is a reason why not."""

Reason = Literal[
    "kind_not_shown",
    "original_only",
    "unsafe",
    "cannot_open",
    "not_in_report",
    "too_many_pixels",
    "damaged",
    "too_costly",
    "failed",
]
"""Why there is no picture. The sealed original is kept; of `original_only` it may be handed out."""

HiddenDetails = Literal["removed", "kept"]


class Announced(Struct, frozen=True, kw_only=True):
    """Where a header may list an attachment: a stored item, or one kept as a conflict."""

    pos: int
    lane: Literal["enrolled", "visitor"]
    header: bytes


class Held(Struct, frozen=True, kw_only=True):
    """One attachment as far as it has come."""

    att_id: str
    item_id: str
    pos: int
    """Of its item; once complete, its own."""
    lane: Literal["enrolled", "visitor"]
    size: int
    sha256: bytes
    received: int
    """Sealed bytes that are durable."""
    state: State
    reason: Reason | None = None
    expired_at: str | None = None
    """When its bytes were given up for want of room or patience; None once it goes on."""


class Untold(Struct, frozen=True, kw_only=True):
    """A complete attachment of an opened report whose reporter has not heard of it."""

    att_id: str
    item_id: str
    pos: int
    size: int
    sha256: bytes
    feed_id: str


class Undeveloped(Struct, frozen=True, kw_only=True):
    """A complete attachment of an opened report. The rest is of no use without the vault."""

    att_id: str
    report_id: str
    tries: int
    schema_v: int
    body: bytes
    holder: str
    wrapped: bytes

    @property
    def lock(self) -> Lock:
        return Lock(
            report_id=self.report_id,
            holder=self.holder,
            wrapped=self.wrapped,
            schema_v=self.schema_v,
            body=self.body,
        )


class Original(Undeveloped, frozen=True, kw_only=True):
    """The file as it was sent, of a kind that may be handed out."""

    kind: str
    size: int
    """Of the sealed bytes."""


class Made(Struct, frozen=True, kw_only=True):
    """What may be looked at, in the clear."""

    media_type: str
    content: bytes
    kind: str | None
    """Of the original, where that may be handed out, too."""


class Picture(Struct, frozen=True, kw_only=True):
    """What may be looked at, encrypted under its report's key."""

    att_id: str
    report_id: str
    media_type: str
    size: int
    body: bytes


class Standing(Struct, frozen=True, kw_only=True):
    """What the database says of one attachment with its picture."""

    att_id: str
    state: State
    reason: Reason | None
    received: int
    media_type: str | None
    picture_size: int | None
    kind: str | None


class AttachmentView(Struct, frozen=True, kw_only=True):
    """One attachment of a report, as the desk may be told."""

    att_id: str
    state: State
    reason: Reason | None
    size: int
    """Sealed bytes in all."""
    offset: int
    """Sealed bytes that have come."""
    caption: str = ""
    hidden_details: HiddenDetails | None = None
    """None: the report does not say, or has not been opened."""
    media_type: str | None = None
    """Of the picture that may be looked at; None when there is none."""
    picture_size: int | None = None
    kind: str | None = None
    """Of the original, where that may be handed out; None where it may not."""
