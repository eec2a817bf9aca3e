"""May this person do this to this report, and which of its answers may they see?

A report belongs to whoever made it and to the centre they chose. Police see what the reporter released,
of their own force or of nobody's yet. Whatever is not allowed here looks as if it did not exist.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, assert_never

from waymark.agencies.records import (
    ALL_GROUPS,
    DENIED,
    NO_GROUPS,
    Act,
    Decision,
    FieldGroup,
    ReportFacts,
)
from waymark.identity.records import User
from waymark_sync.policy import UNKNOWN
from waymark_sync.report import RELEASED_TO_POLICE, SharingChoice

WITHOUT_PERSON: Final = ALL_GROUPS - {"identity", "contact"}

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


READS: Final[frozenset[Act]] = frozenset({"view_report", "list_reports"})
ANSWERS: Final[frozenset[Act]] = frozenset(
    {"ask_reporter", "update_reporter", "signpost", "close_report", "reopen_report", "mark_reply_read"}
)
"""What whoever answers for a report may do: its force when it is released, else its centre."""
OF_ITS_FORCE: Final[frozenset[Act]] = ANSWERS | {"decide_report", "forward_report"}
OF_A_CENTRE: Final[frozenset[Act]] = frozenset(
    {"list_reports", "list_devices", "make_device_code", "revoke_device", "explain_gap"}
)
OF_OFFERED: Final[frozenset[Act]] = frozenset({"accept_report", "send_back_report"})


def decide(user: User, act: Act, report: ReportFacts | None = None) -> Decision:
    """`report` is None exactly for acts that are about no single report."""
    match user.role:
        case "police_triage":
            return _police(user, act, report)
        case "centre_worker":
            return _centre(user, act, report)
        case "intake_custodian":
            return Decision(allowed=act in ("list_quarantine", "reopen_quarantine") and report is None)
        case _ as never:
            assert_never(never)


def released(sharing_choice: SharingChoice) -> bool:
    """Has the reporter released it to the police at all?"""
    return sharing_choice in RELEASED_TO_POLICE


def _police(user: User, act: Act, report: ReportFacts | None) -> Decision:
    if report is None:
        return Decision(allowed=act == "list_reports")
    groups = TO_POLICE[report.sharing_choice]
    if not groups or user.force_id is None:
        return DENIED
    own, nobodys = report.force_id == user.force_id, report.force_id == UNKNOWN
    offered = report.offered_force_id == user.force_id
    may = (
        (act in READS and (own or nobodys or offered))
        or (act == "acknowledge_report" and (own or nobodys))
        or (act == "take_report" and nobodys)
        # An offer rests until it is answered: two forces must not speak to the reporter at once.
        or (act in OF_ITS_FORCE and own and report.offered_force_id is None)
        or (act in OF_OFFERED and offered)
    )
    return _seen(groups) if may else DENIED


def _centre(user: User, act: Act, report: ReportFacts | None) -> Decision:
    if report is None:
        return Decision(allowed=act in OF_A_CENTRE)
    if user.centre_id is None or report.centre_id != user.centre_id:
        return DENIED
    if act in READS:
        return _seen(ALL_GROUPS)
    # What is released is answered by the police: a centre's word must not look like theirs.
    answers = act == "acknowledge_report" or act in ANSWERS
    return _seen(ALL_GROUPS) if answers and not released(report.sharing_choice) else DENIED


def _seen(groups: frozenset[FieldGroup]) -> Decision:
    return Decision(allowed=True, groups=groups, hidden=ALL_GROUPS - groups)
