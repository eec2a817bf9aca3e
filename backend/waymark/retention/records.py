"""Nouns of retention."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from waymark.intake.erasing.store import Tombstone
from waymark_sync.report import TEXT_MAX

Ground = Literal["reporter_asked", "not_needed", "taken_in_by_mistake", "ordered"]
"""Why a report is erased. `reporter_asked`: through the centre."""


class AskErasure(Struct, frozen=True, kw_only=True):
    version: int
    ground: Ground
    note: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    """For the second person. It goes with the report."""


class ConfirmErasure(Struct, frozen=True, kw_only=True):
    version: int


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
