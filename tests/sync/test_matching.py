"""Which services are suggested: the shared vectors, and what holds for any directory and any question."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from waymark_sync.directory import Hours, Need, Query, Service, Suggestion, Way
from waymark_sync.matching import ASSURED_DAYS_MAX, SHOWN_MAX, SHOWN_MIN, query_of, suggest
from waymark_sync.opening import london, opening
from waymark_sync.questions import GRAPH
from waymark_sync.questions.graph import options_of
from waymark_sync.report import Answers

VECTORS = json.loads((Path(__file__).parents[2] / "sync/vectors/matching.json").read_text(encoding="utf-8"))
MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
STRANDS = ("race", "religion")
SUBS = ("race.mixed", "race.gypsy_roma_traveller", "religion.muslim")


def flat(suggestion: Suggestion) -> list[str]:
    return [f"{why.code}:{why.value}" if why.value else why.code for why in suggestion.reasons]


def answered(case: dict[str, Any]) -> list[dict[str, Any]]:
    services = msgspec.convert(case["services"], tuple[Service, ...])
    at = datetime.fromisoformat(case["at"].replace("Z", "+00:00"))
    found = suggest(services, msgspec.convert(case["query"], Query), at=at)
    told = [(each.service, each.score, flat(each)) for each in found]
    return [
        {"id": service.id, "score": score, "reasons": reasons}
        | ({"phone": service.phone} if service.phone else {})
        | ({"url": service.url} if service.url else {})
        for service, score, reasons in told
    ]


def test_the_committed_file_is_what_the_script_makes() -> None:
    import make_matching

    committed = (Path(__file__).parents[2] / "sync/vectors/matching.json").read_text(encoding="utf-8")

    assert make_matching.written() == committed
    assert len(VECTORS["tables"]) + len(VECTORS["drawn"]) >= 250


@pytest.mark.parametrize("case", VECTORS["tables"], ids=lambda case: case["name"])
def test_each_rule(case: dict[str, Any]) -> None:
    found = answered(case)

    assert [each["id"] for each in found] == case["expects"]
    assert found == case["found"]


@pytest.mark.parametrize("case", VECTORS["drawn"])
def test_drawn_cases(case: dict[str, Any]) -> None:
    assert answered(case) == case["found"]


@pytest.mark.parametrize("case", VECTORS["queries"], ids=lambda case: case["name"])
def test_what_a_report_asks(case: dict[str, Any]) -> None:
    asked = query_of(msgspec.convert(case["answers"], Answers))

    assert asked == msgspec.convert(case["query"], Query)


def drawn(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=most).map(tuple)


TIMES = st.sampled_from(("00:00", "09:00", "17:00", "23:30"))
HOURS = st.builds(
    Hours,
    days=st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True).map(tuple),
    opens=TIMES,
    closes=TIMES,
)
AGE = st.none() | st.integers(0, 99)
SERVICE = st.builds(
    Service,
    id=st.from_regex(r"[a-c][0-9]{0,2}\Z"),
    name=st.sampled_from(("Harbour Room", "Quay", "Lantern (demonstration)")),
    description=st.just(""),
    coverage=st.lists(
        st.sampled_from(("leeds", "york", "england", "scotland", "uk")), min_size=1, max_size=2
    ).map(tuple),
    national=st.booleans(),
    verified=st.booleans(),
    demo=st.booleans(),
    assured_on=st.none() | st.sampled_from(("2024-12-31", "2025-01-05", "2025-12-01")),
    status=st.sampled_from(("active", "active", "active", "defunct")),
    phone=st.none() | st.just("01632 960100"),
    url=st.sampled_from(("", "https://service.example")),
    hours=st.lists(HOURS, max_size=2).map(tuple),
    strands=drawn(STRANDS),
    sub_strands=drawn(SUBS),
    languages=drawn(("cy", "pl")),
    interpreter=st.booleans(),
    channels=drawn(get_args(Way)),
    needs=drawn(get_args(Need)),
    community_run=st.booleans(),
    police_run=st.booleans(),
    shares_with_police=st.sampled_from(("never", "with_consent", "always")),
    reported_required=st.booleans(),
    min_age=AGE,
    max_age=AGE,
    waiting_days=st.none() | st.integers(0, 60),
)
SERVICES = st.lists(SERVICE, max_size=14, unique_by=lambda service: service.id)
QUERY = st.builds(
    Query,
    strands=drawn(STRANDS),
    sub_strands=drawn(SUBS),
    area_ids=st.sampled_from(((), ("leeds",), ("york", "leeds"))),
    nation=st.sampled_from(("", "england", "scotland")),
    languages=drawn(("cy", "pl", "other"), 1),
    needs=drawn(get_args(Need)),
    channels=drawn(get_args(Way)),
    age_from=AGE,
    age_to=AGE,
    sharing_choice=st.sampled_from(("", "P1", "P2", "P3", "U1", "A1", "A2")),
    must_not_know=st.sampled_from(("", "", "the harbour room", "them")),
    self_harm=st.booleans(),
)
AT = st.integers(0, 2 * 525_600).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(SERVICES, QUERY, AT, st.randoms())
def test_the_order_of_the_directory_says_nothing(
    services: list[Service], query: Query, at: datetime, random: Any
) -> None:
    found = suggest(services, query, at=at)

    random.shuffle(services)

    assert suggest(services, query, at=at) == found


@given(SERVICES, QUERY, AT)
def test_what_would_do_harm_is_never_shown(services: list[Service], query: Query, at: datetime) -> None:
    found = suggest(services, query, at=at)

    assert len(found) <= SHOWN_MAX
    assert len({each.service.id for each in found}) == len(found)
    for each in found:
        service = each.service
        assert 0 <= each.score <= 100
        assert service.status == "active"
        assert service.shares_with_police != "always" or query.sharing_choice in ("P1", "P2")
        assert not service.reported_required or query.sharing_choice.startswith("P")
        assert "harbour" not in query.must_not_know or service.name != "Harbour Room"
        assert service.national or set(service.coverage) & set(query.area_ids)
        assert not (service.national and query.nation) or {"uk", query.nation} & set(service.coverage)
        assert (
            not (service.min_age is not None and query.age_to is not None) or query.age_to >= service.min_age
        )
        assert not (query.age_from is not None and query.age_from < 18) or (service.min_age or 0) < 18
        assert not (service.strands or service.sub_strands) or query.strands or query.sub_strands


@given(SERVICES, QUERY, AT)
def test_no_number_of_what_nobody_checked_in_time(
    services: list[Service], query: Query, at: datetime
) -> None:
    for each in suggest(services, query, at=at):
        service = each.service
        if service.demo:
            continue
        if service.verified:
            assured = datetime.fromisoformat(service.assured_on or "1970-01-01")
            assert london(at) - assured < timedelta(days=ASSURED_DAYS_MAX + 1)
        else:
            assert (service.phone, service.url) == (None, "")
            assert each.reasons[0].code == "unchecked"


@given(SERVICES, QUERY, AT)
def test_what_is_not_shown_changes_nothing(services: list[Service], query: Query, at: datetime) -> None:
    found = suggest(services, query, at=at)
    shown = {each.service.id for each in found}

    for gone in services:
        if gone.id not in shown:
            assert suggest([each for each in services if each.id != gone.id], query, at=at) == found


@given(SERVICES, QUERY, AT)
def test_part_of_a_strand_comes_after_what_fits(services: list[Service], query: Query, at: datetime) -> None:
    codes = [_codes(each) for each in suggest(services, query, at=at)]
    weaker = [bool({"part_of_strand", "unchecked"} & each) for each in codes]

    if any("part_of_strand" in each for each in codes):
        assert len(codes) <= SHOWN_MIN
        assert query.self_harm or weaker == sorted(weaker)


@given(SERVICES, QUERY, AT)
def test_one_of_each_kind_where_there_is_one(services: list[Service], query: Query, at: datetime) -> None:
    calm = replace(query, self_harm=False)
    found = suggest(services, calm, at=at)
    if len(found) < SHOWN_MAX:
        return

    alone = [each for service in services for each in suggest([service], calm, at=at)]
    fits = [each for each in alone if not {"part_of_strand", "unchecked"} & _codes(each)]

    for kind in (
        lambda each: each.service.national,
        lambda each: not each.service.police_run,
        lambda each: not each.service.community_run,
        lambda each: {"text", "chat"} & set(each.service.channels),
    ):
        assert any(map(kind, found)) or not any(map(kind, fits))


def _codes(suggestion: Suggestion) -> set[str]:
    return {reason.code for reason in suggestion.reasons}


@given(AT)
def test_local_time_is_that_of_the_zone_table(at: datetime) -> None:
    assert london(at) == at.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)


@given(st.lists(HOURS, min_size=1, max_size=3).map(tuple), st.integers(0, 10_079))
@settings(max_examples=10, deadline=None)
def test_the_next_change_is_the_next(hours: tuple[Hours, ...], minute: int) -> None:
    now = opening(hours, minute)
    assert now is not None

    states = [opening(hours, (minute + later) % 10_080) for later in range(10_080)]
    changes = [later for later, state in enumerate(states) if state and state.open != now.open]

    assert now.change_in == (changes[0] if changes else None)


def test_the_directory_speaks_the_codes_of_the_form() -> None:
    asked = set(options_of(GRAPH.step("support_needs").fields[0])) - {"not_now"}

    assert asked | {"crisis"} == set(get_args(Need))
