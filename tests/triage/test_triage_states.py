"""The states of a report as one table: nothing hangs in the air, and nothing leaks to the police."""

from datetime import datetime
from itertools import product
from typing import Final, get_args

import pytest

from waymark.agencies.records import Act
from waymark.agencies.rules import ANSWERS, OF_ITS_FORCE, OF_OFFERED
from waymark.kernel.clock import stamp
from waymark.triage.records import Standing, State
from waymark.triage.rules import DECIDED, NEXT, POSSIBLE_IN, NotPossible, Step, due, next_state, queue_of
from waymark_sync.policy.decisions import load_decisions
from waymark_sync.policy.timers import load_timers

# Written out from the workflow that was agreed, not computed from the table that is tested.
AGREED: Final = {
    ("received", "screened"),
    ("screened", "awaiting_triage"),
    ("screened", "centre_only"),
    ("awaiting_triage", "in_triage"),
    ("in_triage", "needs_info"),
    ("needs_info", "in_triage"),
    ("in_triage", "transferred"),
    ("transferred", "awaiting_triage"),
    *(("in_triage", decided) for decided in DECIDED),
    *((decided, "closed") for decided in DECIDED),
    ("centre_only", "closed"),
    ("closed", "reopened"),
}
ADDED: Final = {
    *((decided, "in_triage") for decided in DECIDED),  # a decision is revised by a further one
    ("reopened", "in_triage"),
    ("reopened", "centre_only"),
    ("centre_only", "centre_only"),  # a centre's reports stay where they are
}
POLICE: Final = {"awaiting_triage", "in_triage", "needs_info", "transferred", *DECIDED}
TERMINAL: Final = "closed"


def edges(*, released: bool | None = None) -> set[tuple[State, State]]:
    return {(state, after) for (state, _, is_), after in NEXT.items() if released in (None, is_)}


def reachable(start: State, steps: set[tuple[State, State]]) -> set[State]:
    seen: set[State] = {start}
    while more := {after for before, after in steps if before in seen} - seen:
        seen |= more
    return seen


def test_every_step_is_one_that_was_agreed() -> None:
    assert edges() == AGREED | ADDED


def test_every_state_is_reached_by_one_kind_of_report_or_the_other() -> None:
    reached = {released: reachable("received", edges(released=released)) for released in (True, False)}

    assert reached[True] | reached[False] == set(get_args(State))
    assert not reached[False] & POLICE


@pytest.mark.parametrize("released", [True, False])
def test_every_state_leads_to_the_end_and_back(released: bool) -> None:
    steps = edges(released=released)

    for state in reachable("received", steps):
        assert TERMINAL in reachable(state, steps), state
    assert "reopened" in reachable(TERMINAL, steps)


def test_nothing_that_was_not_released_can_be_offered_or_decided() -> None:
    for state, step in product(get_args(State), get_args(Step)):
        if step in ("offer", "settle", "revise", *DECIDED):
            with pytest.raises(NotPossible):
                next_state(state, step, "U1")


def test_every_state_offers_something_to_do_to_whoever_answers_for_it() -> None:
    resting = {"received", "screened", "reopened"}
    police: set[Act] = {*OF_ITS_FORCE, *OF_OFFERED, "acknowledge_report"}
    centre: set[Act] = {*ANSWERS, "acknowledge_report"}

    for released, acts in ((True, police), (False, centre)):
        for state in reachable("received", edges(released=released)) - resting:
            possible = {act for act in acts if state in POSSIBLE_IN[act]} - {"mark_reply_read"}
            assert possible, state


def test_every_decision_of_the_data_leads_to_a_state() -> None:
    assert {kind.state for kind in load_decisions().decisions} <= set(DECIDED)
    for kind in load_decisions().decisions:
        assert ("in_triage", kind.state, True) in NEXT


@pytest.mark.parametrize(
    ("state", "acknowledged", "asked", "queue"),
    [
        ("awaiting_triage", False, False, "waiting"),
        ("in_triage", True, False, "acknowledged"),
        ("needs_info", True, True, "needs_info"),
        ("transferred", True, False, "acknowledged"),
        ("centre_only", False, False, "waiting"),
        ("centre_only", True, False, "acknowledged"),
        ("centre_only", True, True, "needs_info"),
        ("crime_recorded", True, False, "decided"),
        ("closed", True, False, "closed"),
        ("closed", False, False, "closed"),
    ],
)
def test_whose_turn_it_is(state: State, acknowledged: bool, asked: bool, queue: Standing) -> None:
    assert queue_of(state, acknowledged=acknowledged, asked=asked) == queue


@pytest.mark.parametrize(
    ("state", "acknowledged", "expected"),
    [
        # From a Friday evening one working day is Monday evening; an hour is an hour.
        ("awaiting_triage", False, ("2026-11-23T18:00:00.000Z", "acknowledge")),
        ("in_triage", True, ("2026-11-21T18:00:00.000Z", "decide")),
        ("needs_info", True, ("2026-11-21T18:00:00.000Z", "decide")),
        ("transferred", True, ("2026-11-21T18:00:00.000Z", "decide")),
        ("crime_recorded", True, (None, None)),
        ("closed", True, (None, None)),
        ("centre_only", False, ("2026-11-23T18:00:00.000Z", "acknowledge")),
        ("centre_only", True, (None, None)),
    ],
)
def test_what_is_due(state: State, acknowledged: bool, expected: tuple[str | None, str | None]) -> None:
    at = "2026-11-20T18:00:00.000Z"

    assert due(state, received_at=at, acknowledged=acknowledged, timers=load_timers()) == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-19T09:00:00+00:00", "2026-11-20T09:00:00.000Z"),
        ("2026-11-21T09:00:00+00:00", "2026-11-23T09:00:00.000Z"),
        ("2026-12-24T09:00:00+00:00", "2026-12-29T09:00:00.000Z"),
        ("2026-10-24T23:30:00+00:00", "2026-10-26T23:30:00.000Z"),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(start: str, end: str) -> None:
    assert stamp(load_timers().due("acknowledge", datetime.fromisoformat(start))) == end


def test_hours_pass_when_the_clocks_change() -> None:
    start = datetime.fromisoformat("2026-10-25T00:30:00+01:00")

    assert stamp(load_timers().due("decide", start)) == "2026-10-25T23:30:00.000Z"


@pytest.mark.parametrize(
    ("force", "day", "there"),
    [
        ("demo-northshire", "2026-03-31", True),
        ("demo-northshire", "2026-04-01", False),
        ("demo-southmere", "2026-04-01", True),
        ("a-force-nobody-named", "2026-04-01", False),
    ],
)
def test_what_is_no_crime_is_recorded_only_where_the_rules_of_the_day_allow_it(
    force: str, day: str, there: bool
) -> None:
    codes = {kind.code for kind in load_decisions().possible(force, "england", day)}

    assert ("non_crime_recorded" in codes) == there
    assert {"crime_recorded", "crime_not_recorded"} <= codes
