"""The question graph against the vectors that the browser reads too, and against the report's own types."""

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from waymark_sync import report
from waymark_sync.questions import GRAPH, Incomplete, canonical, check_all, check_step, visible_steps
from waymark_sync.questions.contact import uk_postcode
from waymark_sync.questions.graph import SUB_STRANDS, options_of

VECTORS = json.loads((Path(__file__).parents[2] / "sync/vectors/validation.json").read_text())
TODAY = date.fromisoformat(VECTORS["today"])


def named(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", VECTORS[group], ids=lambda case: case.get("name", case.get("typed"))
    )


def expanded(filled: dict[str, Any]) -> dict[str, Any]:
    """`{"repeat": "a", "times": 3}` stands for `aaa`: long texts would drown the file."""
    return {
        field: value["repeat"] * value["times"] if isinstance(value, dict) and "repeat" in value else value
        for field, value in filled.items()
    }


def test_there_are_enough_vectors() -> None:
    assert sum(len(cases) for cases in VECTORS.values() if isinstance(cases, list)) >= 200
    assert len(VECTORS["postcodes"]) >= 40


@named("steps")
def test_a_step_finds_what_is_wrong_and_what_is_odd(case: dict[str, Any]) -> None:
    found = check_step(GRAPH.step(case["step"]), expanded(case["filled"]), TODAY)

    assert [[fault.field, fault.code] for fault in found.errors] == case["errors"]
    assert [[fault.field, fault.code] for fault in found.warnings] == case["warnings"]


@named("postcodes")
def test_a_postcode_is_read_however_it_is_typed(case: dict[str, Any]) -> None:
    assert uk_postcode(case["typed"]) == case["canonical"]


@named("visible")
def test_only_the_steps_that_belong_are_asked(case: dict[str, Any]) -> None:
    assert [step.id for step in visible_steps(case["filled"])] == case["steps"]


@named("canonical")
def test_answers_become_what_is_sealed(case: dict[str, Any]) -> None:
    if "incomplete" in case:
        with pytest.raises(Incomplete, match=f"^{case['incomplete']}$"):
            canonical(expanded(case["filled"]))
        return

    answers = canonical(expanded(case["filled"]))

    assert answers == case["answers"]
    sealed = msgspec.json.encode(msgspec.convert(answers, report.Answers))
    assert msgspec.json.decode(sealed) == answers


def test_only_the_five_mandatory_answers_block() -> None:
    errors = [step.id for step in visible_steps({}) if check_step(step, {}, TODAY).errors]

    assert errors == ["limits", "reporter_role", "narrative", "when", "sharing_choice"]


def test_a_warning_stops_nobody() -> None:
    answered = next(
        case for case in VECTORS["canonical"] if case["name"].startswith("a postcode that looks odd")
    )

    found = check_all(answered["filled"], TODAY)

    assert [fault.code for fault in found.warnings] == ["postcode_looks_odd"]
    assert found.errors == ()


def test_the_codes_are_those_of_the_report() -> None:
    roles = options_of(GRAPH.step("reporter_role").fields[0])
    choices = options_of(GRAPH.step("sharing_choice").fields[0])
    precisions = options_of(GRAPH.step("when").fields[0])

    assert set(roles) == set(get_args(report.ReporterRole))
    assert set(choices) == set(get_args(report.SharingChoice))
    assert set(precisions) | {"exact"} == set(get_args(report.When.__annotations__["precision"]))


def test_no_code_is_asked_twice_and_every_code_fits() -> None:
    for step in GRAPH.steps:
        for field in step.fields:
            codes = options_of(field)
            assert len(codes) == len(set(codes))
            assert all(0 < len(code) <= 64 for code in codes)


def test_every_strand_can_be_chosen() -> None:
    assert options_of(GRAPH.step("strands").fields[0]) == tuple(SUB_STRANDS)
    assert "gypsy_roma_traveller" in {code.partition(".")[2] for code in SUB_STRANDS["race"]}
