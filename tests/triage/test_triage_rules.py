"""The states of a report, its groups of answers and its pages: tables."""

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import msgspec
import pytest

from support.reports import a_body
from waymark.agencies.records import ALL_GROUPS, Decision, FieldGroup
from waymark.triage.records import State
from waymark.triage.rules import (
    GROUP_OF,
    NEXT,
    NotPossible,
    Step,
    age_s,
    first_state,
    next_state,
    visible_answers,
)
from waymark_sync.report import RELEASED_TO_POLICE, Answers, SharingChoice

OF_ANSWERS = ALL_GROUPS - {"pictures"}
ITEM = "3b1f8a52-3f0d-4b0e-9a43-0d6f0a1b2c3d"


@pytest.mark.parametrize("choice", get_args(SharingChoice))
def test_screening_sends_only_what_is_released_to_police_triage(choice: SharingChoice) -> None:
    released = choice in RELEASED_TO_POLICE

    assert first_state(choice) == ("awaiting_triage" if released else "centre_only")


@pytest.mark.parametrize("choice", get_args(SharingChoice))
def test_no_step_leads_an_unreleased_report_to_police(choice: SharingChoice) -> None:
    for state, step in product(get_args(State), get_args(Step)):
        try:
            after = next_state(state, step, choice)
        except NotPossible:
            continue
        if choice not in RELEASED_TO_POLICE:
            assert after not in ("awaiting_triage", "in_triage")


def test_acknowledging_moves_a_released_report_into_triage_once() -> None:
    assert next_state("awaiting_triage", "acknowledge", "P2") == "in_triage"
    assert next_state("centre_only", "acknowledge", "U1") == "centre_only"
    with pytest.raises(NotPossible):
        next_state("in_triage", "acknowledge", "P2")
    with pytest.raises(NotPossible):
        next_state("received", "acknowledge", "P1")


def test_every_state_can_be_reached() -> None:
    reached = {"received"}
    while more := {after for (state, _, _), after in NEXT.items() if state in reached} - reached:
        reached |= more

    assert reached == set(get_args(State))


def test_every_answer_has_a_group() -> None:
    assert set(GROUP_OF) == {field.name for field in msgspec.structs.fields(Answers)}
    assert set(GROUP_OF.values()) == OF_ANSWERS


@pytest.mark.parametrize("group", sorted(OF_ANSWERS))
def test_only_the_named_group_is_shown(group: FieldGroup) -> None:
    shown = visible_answers(a_body(ITEM).answers, Decision(allowed=True, groups=frozenset({group})))

    assert set(shown) == {group}
    assert {GROUP_OF[name] for name in shown[group]} == {group}


def test_nothing_is_shown_to_whom_nothing_is_released() -> None:
    assert visible_answers(a_body(ITEM).answers, Decision(allowed=False)) == {}


def test_what_was_skipped_is_shown_as_skipped_and_what_was_not_asked_is_absent() -> None:
    answers = a_body(ITEM, strands="not_answered", sub_strands=None).answers

    shown = visible_answers(answers, Decision(allowed=True, groups=ALL_GROUPS))

    assert shown["strand"] == {"strands": "not_answered"}


def test_age_is_never_negative() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert age_s("2026-01-02T03:03:05.000Z", now=now) == 60
    assert age_s("2026-01-02T03:05:05.000Z", now=now) == 0
