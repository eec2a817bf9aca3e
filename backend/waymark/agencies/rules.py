"""May this person do this to this report, and which of its answers may they see?

A report belongs to whoever made it and to the centre they chose. Police see what the reporter released,
of their own force or of nobody's yet, and what an override opened. Every role is refused everything that is
not written here. Whatever is not allowed looks as if it did not exist.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, get_args

from msgspec import Struct

from waymark.agencies.records import (
    ALL_GROUPS,
    DENIED,
    NO_GROUPS,
    OF_THE_PERSON,
    Act,
    Decision,
    FieldGroup,
    Reason,
    ReportFacts,
    Ruling,
    Side,
)
from waymark.identity.records import Role, User
from waymark.identity.rules import member
from waymark_sync.policy import UNKNOWN
from waymark_sync.report import RELEASED_TO_POLICE, SharingChoice

WITHOUT_PERSON: Final = ALL_GROUPS - OF_THE_PERSON

TO_POLICE: Final[Mapping[SharingChoice, frozenset[FieldGroup]]] = MappingProxyType(
    {
        "P1": ALL_GROUPS,
        "P2": WITHOUT_PERSON,  # the centre stays between
        "P3": WITHOUT_PERSON,
        "U1": NO_GROUPS,
        "A1": NO_GROUPS,
        "A2": NO_GROUPS,
    }
)
"""The most that each choice can release. What is written down can only be less."""

READS: Final[frozenset[Act]] = frozenset({"view_report", "list_reports"})
ANSWERS: Final[frozenset[Act]] = frozenset(
    {"ask_reporter", "update_reporter", "signpost", "close_report", "reopen_report", "mark_reply_read"}
)
"""What whoever answers for a report may do: its force when it is released, else its centre."""
OF_ITS_FORCE: Final[frozenset[Act]] = ANSWERS | {"decide_report", "forward_report"}
OF_OFFERED: Final[frozenset[Act]] = frozenset({"accept_report", "send_back_report"})
EXCEPTIONS: Final[frozenset[Act]] = frozenset({"override_release", "end_override", "unmask"})
"""What a reporter did not ask for, each for a reason that is written down."""
OF_A_CENTRE: Final[frozenset[Act]] = frozenset(
    {"list_reports", "return_to_list", "list_devices", "make_device_code", "revoke_device", "explain_gap"}
)


HOLDS: Final[frozenset[Act]] = frozenset({"hold_report", "lift_hold"})
KEEPS: Final[frozenset[Act]] = HOLDS | {"confirm_erasure", "keep_report"}
"""Of those who answer for what a centre keeps, and for how long."""
OF_PEOPLE: Final[frozenset[Act]] = frozenset({"list_people", "invite_person", "end_membership"})
"""Of one's own place. Which roles somebody may give stands in `identity.invitations.rules`."""


class Powers(Struct, frozen=True, kw_only=True):
    """What a role is there for. Where it may do it is decided for each report."""

    side: Side = "none"
    without_report: frozenset[Act] = frozenset()
    on_report: frozenset[Act] = frozenset()


_OF_POLICE: Final = Powers(
    side="police",
    without_report=frozenset({"list_reports", "return_to_list"}),
    on_report=READS | OF_ITS_FORCE | OF_OFFERED | {"acknowledge_report", "take_report"},
)
_OF_VOLUNTEERS: Final = Powers(
    side="centre",
    without_report=OF_A_CENTRE,
    on_report=READS | ANSWERS | {"acknowledge_report", "narrow_release", "erase_report"},
)
POWERS: Final[Mapping[Role, Powers]] = MappingProxyType(
    {
        "centre_worker": _OF_VOLUNTEERS,
        "centre_supervisor": Powers(
            side="centre",
            without_report=OF_A_CENTRE | OF_PEOPLE | {"list_reviews"},
            on_report=_OF_VOLUNTEERS.on_report | EXCEPTIONS | KEEPS,
        ),
        "police_triage": _OF_POLICE,
        "hate_crime_coordinator": Powers(
            side="police",
            without_report=_OF_POLICE.without_report | OF_PEOPLE,
            on_report=_OF_POLICE.on_report | HOLDS,
        ),
        # Of a centre; one of a force finds nothing here.
        "dpo": Powers(
            side="centre",
            without_report=frozenset({"list_reports", "list_reviews"}),
            on_report=READS | EXCEPTIONS | KEEPS | {"erase_report"},
        ),
        "intake_custodian": Powers(
            side="custodian", without_report=frozenset({"list_quarantine", "reopen_quarantine"})
        ),
    }
)
"""A role that is not here may do nothing: no route is for it yet."""
NONE: Final = Powers()


def may(actor: User, act: Act, report: ReportFacts | None, group: FieldGroup | None, now: datetime) -> Ruling:
    """May this person do this, and see this group of answers by doing it?

    report: None exactly for acts that are about no single report. group: None asks for the act alone.
    """
    powers = POWERS.get(actor.role, NONE)
    if not member(actor, now=now):
        return _no("not_a_member")
    if act not in (powers.without_report if report is None else powers.on_report):
        return _no("not_for_role")
    if report is None:
        return _yes("of_the_role") if _placed(powers.side, actor) else _no("other_tenant")
    ruling = _police(actor, act, report) if powers.side == "police" else _centre(actor, act, report)
    if ruling.answer == "no" or group is None:
        return ruling
    return _group(powers.side, actor, act, report, group)


def _placed(side: Side, user: User) -> bool:
    """Is this person of the kind of organisation that the role works for? A force may have a dpo, too."""
    match side:
        case "police":
            return user.force_id is not None
        case "centre":
            return user.centre_id is not None
        case _:
            return True


def decide(user: User, act: Act, report: ReportFacts | None = None, *, now: datetime) -> Decision:
    """`may` of every group at once."""
    if may(user, act, report, None, now).answer != "yes":
        return DENIED
    if report is None:
        return Decision(allowed=True)
    answers = {group: may(user, act, report, group, now).answer for group in get_args(FieldGroup)}
    return Decision(
        allowed=True,
        groups=frozenset(group for group, answer in answers.items() if answer == "yes"),
        masked=frozenset(group for group, answer in answers.items() if answer == "masked"),
        hidden=frozenset(group for group, answer in answers.items() if answer == "no"),
    )


def key_holders(report: ReportFacts) -> dict[str, bool]:
    """Who is given what opens the report, and whether name and contact, too.

    The centre always; the police what was released or opened, and nothing of what was not. A support-only
    report has one holder. What is nobody's yet is `force:unknown`, for which the service's own key stands in.
    """
    found = {f"centre:{report.centre_id}": True}
    released_now = visible_anyway(report)
    if own := released_now | report.opened:
        found[f"force:{report.force_id}"] = bool(own & OF_THE_PERSON)
    if released_now and report.offered_force_id is not None:
        found[f"force:{report.offered_force_id}"] = bool(released_now & OF_THE_PERSON)
    return found


def released(sharing_choice: SharingChoice) -> bool:
    """Has the reporter released it to the police at all?"""
    return sharing_choice in RELEASED_TO_POLICE


def _police(user: User, act: Act, report: ReportFacts) -> Ruling:
    given = visible_anyway(report)
    if user.force_id is None:
        return _no("other_tenant")
    own, nobodys = report.force_id == user.force_id, report.force_id == UNKNOWN
    if not given:
        # An override lets its own force read. Whoever answers for the report still does.
        return _yes("overridden") if report.opened and own and act in READS else _no("not_released")
    offered = report.offered_force_id == user.force_id
    if not (own or nobodys or offered):
        return _no("other_tenant")
    theirs = (
        act in READS
        or (act == "acknowledge_report" and (own or nobodys))
        or (act == "take_report" and nobodys)
        # An offer rests until it is answered: two forces must not speak to the reporter at once.
        or (act in OF_ITS_FORCE and own and report.offered_force_id is None)
        or (act in OF_OFFERED and offered)
        or (act in HOLDS and own)
    )
    return _yes("released") if theirs else _no("not_theirs_to_answer")


def _centre(user: User, act: Act, report: ReportFacts) -> Ruling:
    if user.centre_id is None or report.centre_id != user.centre_id:
        return _no("other_tenant")
    if act == "narrow_release" and not narrowable(report):
        return _no("nothing_to_narrow")
    if act == "end_override" and not report.opened:
        return _no("nothing_opened")
    # What is released is answered by the police: a centre's word must not look like theirs.
    if (act == "acknowledge_report" or act in ANSWERS) and released(report.sharing_choice):
        return _no("not_theirs_to_answer")
    return _yes("own_centre")


def narrowable(report: ReportFacts) -> frozenset[FieldGroup]:
    """What can be taken back. That there is a report is known where it has been read."""
    return visible_anyway(report) - {"summary"}


def openable(report: ReportFacts) -> frozenset[FieldGroup]:
    """What an override could open. The summary goes with whatever it is."""
    return ALL_GROUPS - report.opened - visible_anyway(report) - {"summary"}


def endable(report: ReportFacts) -> frozenset[FieldGroup]:
    """What is open by override and can be ended by itself."""
    return report.opened - {"summary"} or report.opened


def ended_with(report: ReportFacts, groups: frozenset[FieldGroup]) -> frozenset[FieldGroup]:
    """The summary stays while a force reads anything beside it, and goes with the last."""
    left = report.opened - groups
    return groups | (left if left <= {"summary"} else NO_GROUPS)


def _group(side: Side, user: User, act: Act, report: ReportFacts, group: FieldGroup) -> Ruling:
    if side == "police":
        if group in visible_anyway(report):
            return _yes("released")
        own = report.force_id == user.force_id
        return _yes("overridden") if own and group in report.opened else _no("not_released")
    covered = _covered(user, report, group)
    if act == "unmask":
        return _yes("asked_for") if covered is not None else _no("nothing_masked")
    return _yes("own_centre") if covered is None else Ruling(answer="masked", reason=covered)


def _covered(user: User, report: ReportFacts, group: FieldGroup) -> Reason | None:
    if user.role == "dpo":
        return None if group == "summary" else "need_to_know"
    # The go-between of a P2 goes on to need them.
    done = report.handed_over and report.sharing_choice in ("P1", "P3")
    return "handed_over" if done and group in OF_THE_PERSON else None


def visible_anyway(report: ReportFacts) -> frozenset[FieldGroup]:
    """What the police see by the reporter's own will."""
    return report.released & TO_POLICE[report.sharing_choice]


def _yes(reason: Reason) -> Ruling:
    return Ruling(answer="yes", reason=reason)


def _no(reason: Reason) -> Ruling:
    return Ruling(answer="no", reason=reason)
