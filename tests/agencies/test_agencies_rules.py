"""Every role, every act, every sharing choice, own and other: one table, written out by hand."""

from itertools import product
from typing import Final, get_args

import pytest

from waymark.agencies.records import ALL_GROUPS, DENIED, Act, FieldGroup, ReportFacts
from waymark.agencies.rules import decide
from waymark.identity.records import Role, User
from waymark_sync.report import SharingChoice

CHOICES: Final[tuple[SharingChoice, ...]] = get_args(SharingChoice)
ACTS: Final[tuple[Act, ...]] = get_args(Act)
FORCES = ("own-force", "other-force", "unknown")
CENTRES = ("own-centre", "other-centre")
WITHOUT_PERSON: Final[frozenset[FieldGroup]] = frozenset(
    {"summary", "incident", "narrative", "strand", "location", "support", "pictures"}
)
SEES = ("list_reports", "view_report")
ANSWERS = ("ask_reporter", "update_reporter", "signpost", "close_report", "reopen_report", "mark_reply_read")


def user(role: Role) -> User:
    police, centre = role == "police_triage", role == "centre_worker"
    return User(
        id="u",
        name="U",
        role=role,
        force_id="own-force" if police else None,
        force_name="Own" if police else None,
        centre_id="own-centre" if centre else None,
        centre_name="Own" if centre else None,
    )


def expected(role: str, act: str, choice: str, force: str, centre: str) -> frozenset[FieldGroup] | None:
    """None: nothing there."""
    if role == "police_triage" and choice in ("P1", "P2", "P3") and force != "other-force":
        groups = ALL_GROUPS if choice == "P1" else WITHOUT_PERSON
        own = (*ANSWERS, "decide_report", "forward_report") if force == "own-force" else ("take_report",)
        return groups if act in (*SEES, "acknowledge_report", *own) else None
    if role == "centre_worker" and centre == "own-centre":
        possible = (*SEES, *(["acknowledge_report", *ANSWERS] if choice[0] in "UA" else []))
        return ALL_GROUPS if act in possible else None
    return None


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("act", ACTS)
def test_every_decision_about_a_report(role: Role, act: Act) -> None:
    for choice, force, centre in product(CHOICES, FORCES, CENTRES):
        decision = decide(
            user(role), act, ReportFacts(sharing_choice=choice, centre_id=centre, force_id=force)
        )

        groups = expected(role, act, choice, force, centre)
        assert decision.allowed == (groups is not None), (choice, force, centre)
        assert decision.groups == (groups or frozenset())
        assert decision.hidden == (ALL_GROUPS - groups if groups is not None else frozenset())


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("police_triage", {"list_reports"}),
        (
            "centre_worker",
            {"list_reports", "list_devices", "make_device_code", "revoke_device", "explain_gap"},
        ),
        ("intake_custodian", {"list_quarantine", "reopen_quarantine"}),
    ],
)
def test_every_decision_about_no_single_report(role: Role, allowed: set[str]) -> None:
    assert {act for act in ACTS if decide(user(role), act).allowed} == allowed


@pytest.mark.parametrize("choice", ["U1", "A1", "A2"])
def test_no_police_act_ever_reaches_what_was_not_released(choice: SharingChoice) -> None:
    for act, force in product(ACTS, FORCES):
        facts = ReportFacts(sharing_choice=choice, centre_id="own-centre", force_id=force)
        assert decide(user("police_triage"), act, facts) == DENIED


@pytest.mark.parametrize("act", ACTS)
def test_what_is_offered_is_seen_by_both_forces_and_answered_for_by_none(act: Act) -> None:
    offered_here = ReportFacts(
        sharing_choice="P2", centre_id="c", force_id="other-force", offered_force_id="own-force"
    )
    offered_away = ReportFacts(
        sharing_choice="P2", centre_id="c", force_id="own-force", offered_force_id="other-force"
    )

    assert decide(user("police_triage"), act, offered_here).allowed == (
        act in (*SEES, "accept_report", "send_back_report")
    )
    # Acknowledging makes no sense any more: it was needed before it could be offered.
    assert decide(user("police_triage"), act, offered_away).allowed == (act in (*SEES, "acknowledge_report"))
