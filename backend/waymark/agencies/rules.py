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


def decide(user: User, act: Act, report: ReportFacts | None = None) -> Decision:
    """`report` is None exactly for acts that are about no single report."""
    match user.role:
        case "police_triage":
            return _police(user, act, report)
        case "centre_worker":
            return _centre(user, act, report)
        case "intake_custodian":
            return Decision(allowed=act == "list_quarantine" and report is None)
        case _ as never:
            assert_never(never)


def released(sharing_choice: SharingChoice) -> bool:
    """Has the reporter released it to the police at all?"""
    return sharing_choice in RELEASED_TO_POLICE


def _police(user: User, act: Act, report: ReportFacts | None) -> Decision:
    if report is None:
        return Decision(allowed=act == "list_reports")
    groups = TO_POLICE[report.sharing_choice]
    if not groups or user.force_id is None or report.force_id not in (user.force_id, UNKNOWN):
        return DENIED
    match act:
        case "view_report" | "acknowledge_report" | "list_reports":
            return _seen(groups)
        case "take_report":
            return _seen(groups) if report.force_id == UNKNOWN else DENIED
        case _:
            return DENIED


def _centre(user: User, act: Act, report: ReportFacts | None) -> Decision:
    if report is None:
        return Decision(allowed=act in ("list_reports", "list_devices", "make_device_code"))
    if user.centre_id is None or report.centre_id != user.centre_id:
        return DENIED
    match act:
        case "view_report" | "list_reports":
            return _seen(ALL_GROUPS)
        case "acknowledge_report":
            # What is released is answered by the police: a centre's word must not look like theirs.
            return DENIED if released(report.sharing_choice) else _seen(ALL_GROUPS)
        case _:
            return DENIED


def _seen(groups: frozenset[FieldGroup]) -> Decision:
    return Decision(allowed=True, groups=groups, hidden=ALL_GROUPS - groups)
