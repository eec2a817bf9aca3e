"""Nouns of access: what a report is to the decision, what may be done, and what may be seen."""

from typing import Final, Literal

from msgspec import Struct

from waymark_sync.report import SharingChoice

Act = Literal[
    "list_reports",
    "view_report",
    "acknowledge_report",
    "take_report",
    "ask_reporter",
    "update_reporter",
    "signpost",
    "decide_report",
    "close_report",
    "reopen_report",
    "forward_report",
    "accept_report",
    "send_back_report",
    "mark_reply_read",
    "list_quarantine",
    "reopen_quarantine",
    "list_devices",
    "make_device_code",
    "revoke_device",
    "explain_gap",
]

FieldGroup = Literal[
    "summary", "incident", "narrative", "strand", "location", "support", "pictures", "identity", "contact"
]
"""Answers are released by group. `summary` is what every list shows: times, area, sharing choice, centre."""

ALL_GROUPS: Final[frozenset[FieldGroup]] = frozenset(
    {
        "summary",
        "incident",
        "narrative",
        "strand",
        "location",
        "support",
        "pictures",
        "identity",
        "contact",
    }
)
NO_GROUPS: Final[frozenset[FieldGroup]] = frozenset()


class ReportFacts(Struct, frozen=True, kw_only=True):
    """All that the decision may know of a report."""

    sharing_choice: SharingChoice
    centre_id: str
    force_id: str
    """`unknown` where no pack placed it and nobody has taken it."""
    offered_force_id: str | None = None
    """The force that has been asked to take it. It sees the report, and so does the one that asked."""


class Decision(Struct, frozen=True, kw_only=True):
    """Not allowed means: answered exactly as if there were nothing there."""

    allowed: bool
    groups: frozenset[FieldGroup] = NO_GROUPS
    """What may be shown; empty when not allowed."""
    hidden: frozenset[FieldGroup] = NO_GROUPS
    """What the report holds beyond that, so that the page can say so. Empty when not allowed."""


DENIED: Final = Decision(allowed=False)
