"""Nouns of triage, and the shapes that the desk is answered with."""

from typing import Any, Literal

from msgspec import Struct

from waymark_sync.report import SharingChoice

State = Literal["received", "screened", "awaiting_triage", "in_triage", "centre_only"]
Queue = Literal["waiting", "acknowledged", "all"]


class TriageReport(Struct, frozen=True, kw_only=True):
    """Where one report stands, with what opens it. `body` and `wrapped` need the vault."""

    report_id: str
    state: State
    force_id: str
    centre_id: str
    centre_name: str
    sharing_choice: SharingChoice
    area: str
    received_at: str
    channel: str
    feed_id: str
    schema_v: int
    note: str | None
    acknowledged_at: str | None
    version: int
    body: bytes
    wrapped: bytes


class Event(Struct, frozen=True, kw_only=True):
    """What was done to a report. `text` is encrypted under the report's key."""

    id: str
    report_id: str
    number: int
    at: str
    who: str
    action: str
    text: bytes | None = None


class Counts(Struct, frozen=True, kw_only=True):
    """Both stop at COUNT_MAX, which then means "or more"."""

    waiting: int
    acknowledged: int


class Cursor(Struct, frozen=True, kw_only=True):
    """The last row of the page before."""

    received_at: str
    report_id: str


class Listed(Struct, frozen=True, kw_only=True):
    """One line of the list. What is not released is empty."""

    id: str
    reference: str
    received_at: str
    age_s: int
    state: State
    sharing_choice: SharingChoice
    area: str
    force_id: str
    strands: tuple[str, ...]
    event_types: tuple[str, ...]
    when: dict[str, Any] | None
    acknowledged_at: str | None
    channel: str
    centre_name: str


class ReportsAnswer(Struct, frozen=True, kw_only=True):
    reports: tuple[Listed, ...]
    next: str | None
    """Cursor of the next page; None on the last."""
    counts: Counts


class HistoryLine(Struct, frozen=True, kw_only=True):
    at: str
    who: str
    action: str
    text: str


class ReportAnswer(Struct, frozen=True, kw_only=True):
    report: dict[str, Any]
    """Field groups that may be seen, by name, beside the summary; `hidden_groups` and `acts`."""
    history: tuple[HistoryLine, ...]


class Acknowledgement(Struct, frozen=True, kw_only=True):
    acknowledged_at: str
    delivered_to: Literal["device", "nobody"]
    """`nobody`: the reporter gave no way to answer."""


class Taken(Struct, frozen=True, kw_only=True):
    force_id: str


class HeldItem(Struct, frozen=True, kw_only=True):
    """Metadata of an item that could not be opened."""

    id: str
    received_at: str
    lane: str
    reason: str
    bytes: int
    device_id_short: str


class QuarantineAnswer(Struct, frozen=True, kw_only=True):
    items: tuple[HeldItem, ...]


class DeviceLine(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    enrolled_at: str
    last_seen_at: str | None
    queued: int | None
    """Reports that it said it still held; None when it has not been heard of."""


class DevicesAnswer(Struct, frozen=True, kw_only=True):
    devices: tuple[DeviceLine, ...]


class CodeAnswer(Struct, frozen=True, kw_only=True):
    code: str
    expires_at: str
