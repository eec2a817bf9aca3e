"""Nouns of access: what a report is to the decision, what may be done, and what may be seen."""

from typing import Final, Literal

from msgspec import Struct

from waymark.audit.records import Actor
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
    "narrow_release",
    "override_release",
    "end_override",
    "unmask",
    "erase_report",
    "confirm_erasure",
    "hold_report",
    "lift_hold",
    "keep_report",
    "return_to_list",
    "list_quarantine",
    "reopen_quarantine",
    "list_devices",
    "make_device_code",
    "revoke_device",
    "explain_gap",
    "list_reviews",
    "list_people",
    "invite_person",
    "end_membership",
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
OF_THE_PERSON: Final[frozenset[FieldGroup]] = frozenset({"identity", "contact"})

Side = Literal["police", "centre", "custodian", "none"]

Told = Literal["yes", "no", "unsafe"]
"""Does the person who was harmed know? `unsafe`: telling them could harm them."""

Reason = Literal[
    "released",
    "overridden",
    "own_centre",
    "of_the_role",
    "asked_for",
    "not_a_member",
    "not_for_role",
    "not_released",
    "other_tenant",
    "not_theirs_to_answer",
    "nothing_to_narrow",
    "nothing_opened",
    "handed_over",
    "need_to_know",
    "nothing_masked",
]
"""Why: for tests, for the matrix and for the page that shows a masked group. Never told to who is refused."""


class ReportFacts(Struct, frozen=True, kw_only=True):
    """All that the decision may know of a report."""

    sharing_choice: SharingChoice
    centre_id: str
    force_id: str
    """`unknown` where no pack placed it and nobody has taken it."""
    offered_force_id: str | None = None
    """The force that has been asked to take it. It sees the report, and so does the one that asked."""
    released: frozenset[FieldGroup] = NO_GROUPS
    """What the reporter lets the police see now. Nothing, unless somebody wrote down that they do."""
    opened: frozenset[FieldGroup] = NO_GROUPS
    """What an override opened to the report's own force."""
    handed_over: bool = False
    """The police have it: the centre's part is done."""


class Ruling(Struct, frozen=True, kw_only=True):
    """`masked`: the page says that it is there, and who may see it gives a reason first."""

    answer: Literal["yes", "no", "masked"]
    reason: Reason


class Decision(Struct, frozen=True, kw_only=True):
    """Not allowed means: answered exactly as if there were nothing there."""

    allowed: bool
    groups: frozenset[FieldGroup] = NO_GROUPS
    """What may be shown; empty when not allowed."""
    masked: frozenset[FieldGroup] = NO_GROUPS
    """What is there and covered."""
    hidden: frozenset[FieldGroup] = NO_GROUPS
    """What the report holds beyond that, so that the page can say so. Empty when not allowed."""


class Change(Struct, frozen=True, kw_only=True):
    """Somebody changed who may see what of a report."""

    version: int
    basis: Literal["choice", "narrowed", "override", "override_ended"]
    at: str
    actor_id: str
    actor_role: str
    ground: str | None = None
    told: Told | None = None


class Grant(Struct, frozen=True, kw_only=True):
    """One group of answers that the police may or might see, for as long as it goes on."""

    field_group: FieldGroup
    basis: Literal["choice", "override"]
    from_version: int
    valid_from: str
    until_version: int | None = None
    valid_to: str | None = None
    """None: it goes on."""


class Release(Struct, frozen=True, kw_only=True):
    """Everything that was ever written down about who may see what of one report, oldest first."""

    changes: tuple[Change, ...] = ()
    grants: tuple[Grant, ...] = ()


class Seeable(Struct, frozen=True, kw_only=True):
    """A group that the police may see now, and why."""

    group: FieldGroup
    basis: Literal["choice", "override"]
    since: str
    ground_label: str = ""
    told: Told | None = None
    """Of an override: does the person who was harmed know?"""


class Version(Struct, frozen=True, kw_only=True):
    version: int
    basis: Literal["choice", "narrowed", "override", "override_ended"]
    at: str
    by: str
    """The role that decided; `reporter` where they did it themselves."""
    groups: tuple[FieldGroup, ...]
    ground_label: str = ""
    told: Told | None = None


class ReleaseShown(Struct, frozen=True, kw_only=True):
    """As the page of a report has it."""

    now: tuple[Seeable, ...]
    versions: tuple[Version, ...]
    """For the report's own centre; the police read what they may see, and why."""


REPORTER: Final = Actor(id="reporter", role="reporter")
"""Whoever made the report, as far as a key or a code can prove it."""
DENIED: Final = Decision(allowed=False)
