"""Nouns of retention."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from waymark.intake.erasing.store import Tombstone
from waymark.triage.records import Standing
from waymark_sync.report import TEXT_MAX, SharingChoice

Ground = Literal["reporter_asked", "not_needed", "taken_in_by_mistake", "ordered"]
"""Why a report is erased. `reporter_asked`: through the centre."""
RETAINED: Final = "retention"
"""The ground of what went by itself, at the end of its time."""


class AskErasure(Struct, frozen=True, kw_only=True):
    version: int
    ground: Ground
    note: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    """For the second person. It goes with the report."""


class ConfirmErasure(Struct, frozen=True, kw_only=True):
    version: int


class Hold(Struct, frozen=True, kw_only=True):
    """Nothing erases the report until it is lifted."""

    version: int
    reason: str
    """A code of the policy's `hold_reasons`."""
    note: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]


class Lift(Struct, frozen=True, kw_only=True):
    version: int
    note: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]


class Keep(Struct, frozen=True, kw_only=True):
    """It was looked at, and is still needed."""

    version: int
    reason: str
    """A code of the policy's `keep_reasons`."""
    months: Literal[3, 6, 12]
    """Until somebody is asked again."""


class Review(Struct, frozen=True, kw_only=True):
    """A closed report of which it is time to say whether it is still needed."""

    report_id: str
    sharing_choice: SharingChoice
    closed_at: str
    review_at: str
    kept_for: str | None
    hold_side: Literal["police", "centre"] | None
    erasure_by: str | None


class ReviewLine(Struct, frozen=True, kw_only=True):
    id: str
    reference: str
    sharing_choice: SharingChoice
    closed_at: str
    review_at: str
    kept_for: str
    """In words, of whoever decided that last; empty: nobody has been asked yet."""
    held: bool
    erasure_asked: bool


class ReviewsAnswer(Struct, frozen=True, kw_only=True):
    reviews: tuple[ReviewLine, ...]
    """The longest due first."""
    more: bool
    erases_after_days: int | None
    """How long after its day a report goes by itself; None: nothing goes by itself."""


class Case(Struct, frozen=True, kw_only=True):
    """All that decides whether a report may go by itself."""

    report_id: str
    queue: Standing
    review_at: str
    version: int
    acknowledged_at: str | None
    reply_waiting: bool
    hold_side: str | None
    erasure_by: str | None
    files_coming: bool
    """Something that its reporter is sending has not arrived in full."""
    opened: bool
    """An override stands: a force reads it."""


class Closed(Struct, frozen=True, kw_only=True):
    report_id: str
    centre_id: str
    sharing_choice: SharingChoice
    closed_at: str


class Request(Struct, frozen=True, kw_only=True):
    report_id: str
    version: int
    asked_by: str
    asked_at: str
    ground: Ground


class Erased(Struct, frozen=True, kw_only=True):
    """One report that was erased, as the list outside the database has it."""

    form: Literal["waymark-erased/1"] = "waymark-erased/1"
    report_id: str
    at: str
    ground: str
    tombstones: tuple[Tombstone, ...]


class ErasedReport(Struct, frozen=True, kw_only=True):
    """Answer to the second person."""

    erased_at: str
    ground: str
