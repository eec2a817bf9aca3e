"""Nouns of triage, and the shapes that the desk is answered with."""

from typing import Any, Literal

from msgspec import Struct

from waymark.agencies.records import Decision, Release
from waymark.attachments.records import AttachmentView
from waymark.audit.records import Look
from waymark.intake.records import Lock
from waymark.kernel.vault import CannotDecrypt
from waymark_sync.messages import SignpostedService
from waymark_sync.report import SharingChoice

State = Literal[
    "received",
    "screened",
    "awaiting_triage",
    "in_triage",
    "needs_info",
    "transferred",
    "crime_recorded",
    "crime_not_recorded",
    "non_crime_recorded",
    "intelligence_only",
    "support_only",
    "not_hate_referred",
    "centre_only",
    "closed",
    "reopened",
]
Standing = Literal["waiting", "acknowledged", "needs_info", "decided", "closed"]
"""Whose turn it is: the queue that a report lies in."""
Side = Literal["police", "centre", "service", "reporter"]
Told = Literal["", "reporter", "nobody"]
DueFor = Literal["acknowledge", "decide"]


class TriageReport(Struct, frozen=True, kw_only=True):
    """Where one report stands, with what opens it for whoever asks. That needs the vault."""

    report_id: str
    state: State
    queue: Standing
    force_id: str
    centre_id: str
    centre_name: str
    sharing_choice: SharingChoice
    area: str
    received_at: str
    channel: str
    has_pictures: bool
    feed_id: str
    schema_v: int
    note: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    due_at: str | None
    due_for: DueFor | None
    asked_at: str | None
    reply_waiting: bool
    decided: str | None
    offered_force_id: str | None
    offered_at: str | None
    version: int
    body: bytes
    person: bytes | None
    holder: str | None
    wrapped: bytes | None
    """None: whoever asks was not given the report's keys."""
    released: bool = False
    """Is it in the lists of its force?"""
    released_groups: str | None = None
    """What the reporter lets the police see now: names with a space between."""
    campaign_id: str | None = None
    """The flood that it came in, while it lies apart."""
    opened_groups: str | None = None
    """What an override opened to the report's force."""
    hold_side: Literal["police", "centre"] | None = None
    """Who has put a hold on it: nothing erases it before they lift it."""
    erasure_by: str | None = None
    """Who has asked that it be erased, while nothing else has been done since."""

    @property
    def lock(self) -> Lock:
        """Raises CannotDecrypt."""
        if self.holder is None or self.wrapped is None:
            raise CannotDecrypt
        return Lock(
            report_id=self.report_id,
            holder=self.holder,
            wrapped=self.wrapped,
            schema_v=self.schema_v,
            body=self.body,
            person=self.person,
        )


class Event(Struct, frozen=True, kw_only=True):
    """What was done to a report. `text` and `detail` are encrypted under the report's key."""

    id: str
    report_id: str
    number: int
    at: str
    who: str
    side: Side
    action: str
    code: str = ""
    told: Told = ""
    text: bytes | None = None
    detail: bytes | None = None
    message_number: int | None = None


class EventDetail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of an act is for people at desks. Only `services` has been told to the reporter."""

    note: str = ""
    reason: str = ""
    """By code."""
    crime_reference: str = ""
    force_name: str = ""
    services: tuple[SignpostedService, ...] = ()


class Listed(Struct, frozen=True, kw_only=True):
    """One line of the list. What is not released is empty."""

    id: str
    reference: str
    received_at: str
    age_s: int
    state: State
    queue: Standing
    version: int
    sharing_choice: SharingChoice
    area: str
    force_id: str
    strands: tuple[str, ...]
    event_types: tuple[str, ...]
    when: dict[str, Any] | None
    acknowledged_at: str | None
    due_at: str | None
    due_for: DueFor | None
    overdue: bool
    reply_waiting: bool
    with_pictures: bool
    offer: Literal["in", "out"] | None
    """`in`: another force asks this one to take it."""
    channel: str
    centre_name: str


class HistoryLine(Struct, frozen=True, kw_only=True):
    """`note`, `reason`, `crime_reference` and `force_name` are empty for another side's reader."""

    at: str
    who: str
    side: Side
    action: str
    text: str
    code: str
    label: str
    told: Told
    note: str
    reason: str
    reason_label: str
    crime_reference: str
    force_name: str
    services: tuple[SignpostedService, ...]


class ReportAnswer(Struct, frozen=True, kw_only=True):
    report: dict[str, Any]
    """Field groups that may be seen, by name, beside the summary; `hidden_groups`, `acts` and choices."""
    history: tuple[HistoryLine, ...]


class Acknowledgement(Struct, frozen=True, kw_only=True):
    acknowledged_at: str
    delivered_to: Literal["device", "nobody"]
    """`nobody`: the reporter gave no way to answer."""


class Taken(Struct, frozen=True, kw_only=True):
    force_id: str


class Done(Struct, frozen=True, kw_only=True):
    """Where a report stands after an act."""

    version: int
    state: State
    queue: Standing
    told: Told


class Viewed(Struct, frozen=True, kw_only=True):
    report: TriageReport
    decision: Decision
    events: list[Event]
    can_reach: bool
    """Is there any way to answer the reporter?"""
    attachments: tuple[AttachmentView, ...]
    """None where pictures are not released."""
    release: Release
    looks: tuple[Look, ...]
    """Who has opened it. None for the police: the centre answers for who sees what."""
