"""A report once sealed is read for ever: bodies of version 1 as they were shipped."""

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waymark_sync.report import (
    NOT_ANSWERED,
    SCHEMA_VERSION,
    ReportBody,
    UnreadableReport,
    converted,
    read_report,
)
from waymark_sync.report_versions import CONVERTERS, from_v1

VECTORS = json.loads((Path(__file__).parents[2] / "sync/vectors/report_versions.json").read_text())
FIXED: dict[str, Any] = VECTORS["v1"][0]["body"]
PLACE = {"place_type": "place_type", "postcode": "postcode", "place_text": "text"}
"""Version 1's names, and those within `where`."""

words = st.text(max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
places = st.fixed_dictionaries(
    {}, optional={name: st.none() | st.just(NOT_ANSWERED) | words for name in PLACE}
)
strangers = st.dictionaries(words.map(lambda name: f"x_{name}"), trees, max_size=3)
"""Fields of a client that knew more than version 1."""
# Any object at all, and those that nearly are a report.
anything = st.dictionaries(st.sampled_from(["channel", "capture", "answers", "x"]) | words, trees, max_size=5)


def read_v1(body: Any) -> ReportBody:
    return read_report(json.dumps(body).encode(), schema_v=1)


@pytest.mark.parametrize("case", VECTORS["v1"], ids=lambda case: case["name"])
def test_a_body_of_version_1_reads_as_it_was_meant(case: dict[str, Any]) -> None:
    meant = read_report(json.dumps(case["as_v2"]).encode(), schema_v=2)

    assert read_v1(case["body"]) == meant
    assert meant.capture.format_used == "standard"


@given(
    place=places, more=strangers, around=strangers, channel=st.sampled_from(["self_phone", "centre_tablet"])
)
def test_nothing_of_version_1_is_left_behind(
    place: dict[str, Any], more: dict[str, Any], around: dict[str, Any], channel: str
) -> None:
    answers = {**FIXED["answers"], **place, **more}
    body = {**FIXED, **around, "channel": channel, "answers": answers}
    before = copy.deepcopy(body)

    after = from_v1(body)

    assert body == before
    where = after["answers"].get("where", {})
    assert {then: where.get(now) for then, now in PLACE.items()} == {name: place.get(name) for name in PLACE}
    assert after["capture"] == {"channel": channel}
    gone = {*PLACE, "where"}
    assert after["answers"] == {k: v for k, v in answers.items() if k not in gone} | (
        {"where": where} if where else {}
    )
    assert {k: v for k, v in after.items() if k not in ("capture", "answers")} == {
        k: v for k, v in body.items() if k not in ("channel", "answers")
    }
    assert "where" not in after["answers"] or where


@given(anything)
def test_no_object_breaks_a_converter(body: dict[str, Any]) -> None:
    """Whether it is a report is for the newest shape to say."""
    before = copy.deepcopy(body)

    after = converted(body, 1)

    assert isinstance(after, dict)
    assert body == before
    with pytest.raises(UnreadableReport):
        read_v1(body)


def test_versions_follow_each_other_without_a_gap() -> None:
    assert sorted(CONVERTERS) == list(range(1, SCHEMA_VERSION))
    one = copy.deepcopy(FIXED)
    step_by_step: Any = one
    for version in range(1, SCHEMA_VERSION):
        step_by_step = CONVERTERS[version](step_by_step)

    assert converted(one, 1) == step_by_step
    assert converted(step_by_step, SCHEMA_VERSION) == step_by_step


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 65_535])
def test_a_version_that_nobody_here_knows_is_named(version: int) -> None:
    with pytest.raises(UnreadableReport, match=f"version {version} is not known"):
        read_report(json.dumps(FIXED).encode(), schema_v=version)


def test_a_body_of_one_version_is_not_read_as_the_other() -> None:
    """Or what was said of the place would go without a word."""
    newest = msgspec.json.encode(read_v1({**FIXED, "channel": "centre_tablet"}))

    with pytest.raises(UnreadableReport):
        read_report(newest, schema_v=1)
    with pytest.raises(UnreadableReport):
        read_report(json.dumps(FIXED).encode(), schema_v=2)
