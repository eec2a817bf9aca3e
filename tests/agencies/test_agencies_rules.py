"""Every role, every act, every sharing choice, own and other: one table, written out by hand."""

from datetime import UTC, datetime
from itertools import product
from typing import Final, get_args

import pytest

from waymark.agencies.records import ALL_GROUPS, DENIED, Act, FieldGroup, ReportFacts
from waymark.agencies.rules import TO_POLICE, decide, endable, ended_with, may
from waymark.identity.records import Role, User
from waymark_sync.report import SharingChoice

NOW: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHOICES: Final[tuple[SharingChoice, ...]] = get_args(SharingChoice)
ACTS: Final[tuple[Act, ...]] = get_args(Act)
ROLES: Final[tuple[Role, ...]] = get_args(Role)
FORCES = ("own-force", "other-force", "unknown")
CENTRES = ("own-centre", "other-centre")
WITHOUT_PERSON: Final[frozenset[FieldGroup]] = frozenset(
    {"summary", "incident", "narrative", "strand", "location", "support", "pictures"}
)
CHOSEN: Final[dict[str, frozenset[FieldGroup]]] = {
    "P1": ALL_GROUPS,
    **dict.fromkeys(("P2", "P3"), WITHOUT_PERSON),
    **dict.fromkeys(("U1", "A1", "A2"), frozenset()),
}
POLICE: Final = ("police_triage", "hate_crime_coordinator")
CENTRE: Final = ("centre_worker", "centre_supervisor")
SEES = ("list_reports", "view_report")
ANSWERS = ("ask_reporter", "update_reporter", "signpost", "close_report", "reopen_report", "mark_reply_read")
HOLDS = ("hold_report", "lift_hold")
EXCEPTIONS = ("override_release", "unmask", "confirm_erasure", "keep_report", *HOLDS)
"""Beside `end_override`, which is for where there is something to end."""


def user(role: Role, **more: str | None) -> User:
    """A dpo of a centre; everybody who is not of a centre is of a force, which most have no use for."""
    centre = role in (*CENTRE, "dpo")
    return User(
        id="u",
        name="U",
        role=role,
        force_id=None if centre else "own-force",
        force_name=None if centre else "Own",
        centre_id="own-centre" if centre else None,
        centre_name="Own" if centre else None,
        **more,
    )


def facts(choice: SharingChoice, *, force: str = "own-force", centre: str = "own-centre") -> ReportFacts:
    return ReportFacts(sharing_choice=choice, centre_id=centre, force_id=force, released=CHOSEN[choice])


def expected(role: str, act: str, choice: str, force: str, centre: str) -> frozenset[FieldGroup] | None:
    """None: nothing there."""
    if role in POLICE and choice in ("P1", "P2", "P3") and force != "other-force":
        own = (*ANSWERS, "decide_report", "forward_report") if force == "own-force" else ("take_report",)
        held = HOLDS if role == "hate_crime_coordinator" and force == "own-force" else ()
        return CHOSEN[choice] if act in (*SEES, "acknowledge_report", *own, *held) else None
    if role in CENTRE and centre == "own-centre":
        released = choice in ("P1", "P2", "P3")
        possible = (
            *SEES,
            "erase_report",
            *(["narrow_release"] if released else ["acknowledge_report", *ANSWERS]),
            *(EXCEPTIONS if role == "centre_supervisor" else ()),
        )
        if act == "unmask" and act in possible:
            return frozenset()  # nothing is covered before the police have it
        return ALL_GROUPS if act in possible else None
    if role == "dpo" and centre == "own-centre" and act in (*SEES, "erase_report", *EXCEPTIONS):
        return ALL_GROUPS - {"summary"} if act == "unmask" else frozenset({"summary"})
    return None


@pytest.mark.parametrize("role", ROLES)
def test_every_decision_about_a_report(role: Role) -> None:
    for act, choice, force, centre in product(ACTS, CHOICES, FORCES, CENTRES):
        decision = decide(user(role), act, facts(choice, force=force, centre=centre), now=NOW)

        groups = expected(role, act, choice, force, centre)
        assert decision.allowed == (groups is not None), (act, choice, force, centre)
        assert decision.groups == (groups or frozenset()), (act, choice, force, centre)
        assert not decision.groups & decision.masked
        seen = decision.groups | decision.masked | decision.hidden
        assert seen == (ALL_GROUPS if decision.allowed else frozenset())


OF_A_CENTRE = {"list_devices", "make_device_code", "revoke_device", "explain_gap"}
SORTS = {"list_reports", "return_to_list"}
PEOPLE = {"list_people", "invite_person", "end_membership"}
GENERAL: Final[dict[str, set[str]]] = {
    **dict.fromkeys(CENTRE, OF_A_CENTRE | SORTS),
    **dict.fromkeys(POLICE, SORTS),
    "centre_supervisor": OF_A_CENTRE | SORTS | PEOPLE | {"list_reviews"},
    "hate_crime_coordinator": SORTS | PEOPLE,
    "dpo": {"list_reports", "list_reviews"},
    "intake_custodian": {"list_quarantine", "reopen_quarantine"},
}


@pytest.mark.parametrize("role", ROLES)
def test_every_decision_about_no_single_report(role: Role) -> None:
    allowed = {act for act in ACTS if decide(user(role), act, now=NOW).allowed}

    assert allowed == GENERAL.get(role, set())


@pytest.mark.parametrize("role", ["dpo", *CENTRE])
def test_a_role_of_centres_finds_nothing_at_a_force(role: Role) -> None:
    """Lists are drawn up by organisation: one of the wrong kind would be shown to whoever may list."""
    misplaced = User(
        id="u",
        name="U",
        role=role,
        force_id="own-force",
        force_name="Own",
        centre_id=None,
        centre_name=None,
    )

    for act, told in product(ACTS, (None, facts("P1"), facts("U1"))):
        assert decide(misplaced, act, told, now=NOW) == DENIED


@pytest.mark.parametrize("choice", ["U1", "A1", "A2"])
@pytest.mark.parametrize("role", POLICE)
def test_no_police_act_ever_reaches_what_was_not_released(role: Role, choice: SharingChoice) -> None:
    """Not even where somebody has written down that it was."""
    for act, force in product(ACTS, FORCES):
        told = ReportFacts(sharing_choice=choice, centre_id="own-centre", force_id=force, released=ALL_GROUPS)
        assert decide(user(role), act, told, now=NOW) == DENIED


@pytest.mark.parametrize("choice", ["P1", "P2", "P3"])
def test_what_nobody_wrote_down_is_not_released(choice: SharingChoice) -> None:
    told = ReportFacts(sharing_choice=choice, centre_id="c", force_id="own-force")

    for act in ACTS:
        assert decide(user("police_triage"), act, told, now=NOW) == DENIED


@pytest.mark.parametrize("act", ACTS)
def test_what_is_offered_is_seen_by_both_forces_and_answered_for_by_none(act: Act) -> None:
    def told(force: str, offered: str) -> ReportFacts:
        return ReportFacts(
            sharing_choice="P2",
            centre_id="c",
            force_id=force,
            offered_force_id=offered,
            released=WITHOUT_PERSON,
        )

    here, away = told("other-force", "own-force"), told("own-force", "other-force")

    assert decide(user("police_triage"), act, here, now=NOW).allowed == (
        act in (*SEES, "accept_report", "send_back_report")
    )
    # Acknowledging makes no sense any more: it was needed before it could be offered.
    allowed = act in (*SEES, "acknowledge_report")
    assert decide(user("police_triage"), act, away, now=NOW).allowed == allowed


def test_no_choice_releases_more_than_it_says() -> None:
    assert dict(TO_POLICE) == CHOSEN


def test_what_the_reporter_took_back_is_hidden_and_the_rest_is_not() -> None:
    told = ReportFacts(
        sharing_choice="P1",
        centre_id="c",
        force_id="own-force",
        released=ALL_GROUPS - {"identity", "pictures"},
    )

    seen = decide(user("police_triage"), "view_report", told, now=NOW)

    assert (seen.allowed, seen.hidden) == (True, {"identity", "pictures"})


@pytest.mark.parametrize("choice", CHOICES)
def test_an_override_lets_the_own_force_read_what_it_names(choice: SharingChoice) -> None:
    opened: frozenset[FieldGroup] = frozenset({"summary", "identity"})
    for force in FORCES:
        told = ReportFacts(
            sharing_choice=choice,
            centre_id="c",
            force_id=force,
            released=CHOSEN[choice],
            opened=opened,
        )
        allowed = {act for act in ACTS if decide(user("police_triage"), act, told, now=NOW).allowed}
        seen = decide(user("police_triage"), "view_report", told, now=NOW).groups

        if force == "own-force":
            assert seen == opened | CHOSEN[choice]
            assert CHOSEN[choice] or allowed == set(SEES)
        else:
            assert seen == (CHOSEN[choice] if force == "unknown" else frozenset())
            assert allowed == set() or (force == "unknown" and CHOSEN[choice])


@pytest.mark.parametrize("role", [*CENTRE, "dpo"])
@pytest.mark.parametrize("choice", CHOICES)
def test_after_the_police_have_it_the_centre_sees_the_person_for_a_reason_alone(
    choice: SharingChoice, role: Role
) -> None:
    told = ReportFacts(
        sharing_choice=choice,
        centre_id="own-centre",
        force_id="own-force",
        released=CHOSEN[choice],
        handed_over=True,
    )

    covered = decide(user(role), "view_report", told, now=NOW).masked
    uncovered = decide(user(role), "unmask", told, now=NOW).groups

    person = {"identity", "contact"} if choice in ("P1", "P3") else set()
    assert covered == (ALL_GROUPS - {"summary"} if role == "dpo" else person)
    assert uncovered == (frozenset() if role == "centre_worker" else covered)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "when",
    [
        {"member_until": "2026-11-23T09:00:00.000Z"},
        {"member_until": "2026-11-22T09:00:00.000Z"},
        {"member_from": "2026-11-23T09:00:00.001Z"},
    ],
)
def test_a_membership_that_has_ended_or_not_begun_is_none(role: Role, when: dict[str, str]) -> None:
    for act, told in product(ACTS, (None, facts("P1"), facts("U1"))):
        assert may(user(role, **when), act, told, None, NOW).reason == "not_a_member"


def test_a_membership_holds_until_its_last_moment() -> None:
    member = user(
        "police_triage", member_from="2026-11-23T09:00:00.000Z", member_until="2026-11-23T09:00:00.001Z"
    )

    assert decide(member, "view_report", facts("P1"), now=NOW).allowed


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_override_may_end_it_where_there_is_one(role: Role) -> None:
    told = ReportFacts(
        sharing_choice="U1", centre_id="own-centre", force_id="own-force", opened=frozenset({"summary"})
    )

    assert decide(user(role), "end_override", told, now=NOW).allowed == (
        decide(user(role), "override_release", told, now=NOW).allowed
    )


@pytest.mark.parametrize(
    ("opened", "ended", "goes"),
    [
        ({"summary", "location"}, {"location"}, {"summary", "location"}),
        ({"summary", "location", "contact"}, {"location"}, {"location"}),
        ({"summary"}, {"summary"}, {"summary"}),
        ({"identity"}, {"identity"}, {"identity"}),
    ],
)
def test_the_summary_goes_with_the_last_of_what_was_opened(
    opened: set[FieldGroup], ended: set[FieldGroup], goes: set[FieldGroup]
) -> None:
    told = ReportFacts(sharing_choice="U1", centre_id="c", force_id="f", opened=frozenset(opened))

    assert ended <= endable(told)
    assert ended_with(told, frozenset(ended)) == goes
