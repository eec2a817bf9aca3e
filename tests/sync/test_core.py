"""The client's core by tables: what each answer to a push leads to, for all and for each."""

from typing import Any

import pytest

from waymark_sync import core_parts as core
from waymark_sync.answers import NOT_THE_SERVICE, Failure, failure_of, no_answer

from .passes import (
    HOUR_MS,
    NOW,
    OLD,
    Pass,
    answer,
    row,
    writes,
)

# status or silence: kind, halves the batch, blames an item alone, goes on at once, pauses all
STATUSES: list[tuple[Failure | None, tuple[str, bool, bool, bool, bool]]] = [
    (failure_of(400, {}), ("fault", True, True, False, False)),
    (failure_of(401, {}), ("unreachable", False, False, False, False)),
    (failure_of(403, {}), ("unreachable", False, False, False, False)),
    (failure_of(404, {}), ("unreachable", False, False, False, False)),
    (failure_of(302, {}), ("unreachable", False, False, False, False)),
    (failure_of(413, {}), ("too_large", True, True, True, False)),
    (failure_of(429, {"retry-after": "60"}), ("later", False, False, False, True)),
    (failure_of(500, {}), ("fault", True, True, False, False)),
    (failure_of(502, {}), ("silent", True, False, False, False)),
    (failure_of(503, {"retry-after": "60"}), ("later", False, False, False, True)),
    (failure_of(503, {}), ("later", False, False, False, False)),
    (failure_of(504, {}), ("silent", True, False, False, False)),
    (failure_of(507, {"retry-after": "60"}), ("later", False, False, False, True)),
    (failure_of(599, {}), ("fault", True, True, False, False)),
    (no_answer(sent=True), ("silent", True, False, False, False)),
    (no_answer(sent=False), ("unreachable", False, False, False, False)),
    (NOT_THE_SERVICE, ("unreachable", False, False, False, False)),
]


@pytest.mark.parametrize(
    ("headers", "floor_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7", "waymark-retry-ms": "250"}, 0.25),
        ({"waymark-retry-ms": "0", "retry-after": "7"}, 0.0),
        ({"waymark-retry-ms": "99999999999"}, 86_400.0),
        ({"retry-after": "7", "waymark-retry-ms": "-1"}, 7.0),
        ({"retry-after": "7", "waymark-retry-ms": "1e3"}, 7.0),
        ({"retry-after": "7", "waymark-retry-ms": "\u0661"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({}, 0.0),
    ],
)
def test_how_long_an_answer_asks_for(headers: dict[str, str], floor_s: float) -> None:
    failure = failure_of(503, headers)

    assert failure is not None
    assert failure.floor_s == floor_s


@pytest.mark.parametrize(
    ("failure", "expected"), STATUSES, ids=[f"{case[0].reason}" for case in STATUSES if case[0]]
)
def test_what_each_whole_answer_leads_to(
    failure: Failure, expected: tuple[str, bool, bool, bool, bool]
) -> None:
    kind, halves, blames, at_once, pauses = expected
    story, rows = Pass(), (row(1), row(2))
    applied = story.failed(story.pushing(*rows), failure)

    postponed = writes(applied, core.Postpone)
    assert failure.kind == kind
    assert [write.row for write in postponed] == list(rows)
    assert {write.companions for write in postponed} == ({1} if halves else {64})
    assert {write.solo_failures for write in postponed} == {0}
    assert {write.next_try_ms == NOW for write in postponed} == {at_once}
    paused = [write.value for write in writes(applied, core.Remember) if write.key == "not_before"]
    assert [int(value) >= NOW + 60_000 for value in paused] == [True] * pauses
    # After a fault the others go on; after silence another request would meet the same.
    goes_on = isinstance(story.applied(), core.ReadDue)
    assert goes_on is (kind in ("fault", "too_large"))

    alone = Pass()
    [write] = writes(alone.failed(alone.pushing(row(1)), failure), core.Postpone)
    assert write.solo_failures == blames


@pytest.mark.parametrize(("before", "suspect"), [(3, False), (4, True), (9, True)])
def test_what_fails_alone_five_times_is_suspect_and_tried_daily(before: int, suspect: bool) -> None:
    story = Pass()
    failure = failure_of(500, {})
    assert failure is not None
    sent = story.pushing(row(1, solo_failures=before, companions=1, attempts=before))

    [write] = writes(story.failed(sent, failure), core.Postpone)

    assert (write.error == "suspect") is suspect
    assert (write.next_try_ms >= NOW + 24 * HOUR_MS) is suspect


@pytest.mark.parametrize(
    ("verdict", "change"),
    [
        ("accepted", core.TakeReceipt),
        ("duplicate", core.TakeReceipt),
        ("conflict", core.TakeReceipt),
        ("retry", core.Postpone),
        ("a verdict of a later version", core.Postpone),
        ("rejected", core.Postpone),  # its bytes are sound, so nobody who says so is believed
    ],
)
def test_what_each_verdict_leads_to(verdict: str, change: type[Any]) -> None:
    story, rows = Pass(), (row(1), row(2))

    applied = story.answered(story.pushing(*rows), answer(rows, ["accepted", verdict]))

    assert [type(write) for write in applied.writes] == [core.TakeReceipt, change, core.Remember]
    assert (applied.incarnation, applied.seen) == (OLD, OLD)


def test_a_refusal_counts_only_where_our_own_bytes_are_at_fault() -> None:
    story, rotten = Pass(), row(1, sealed=b"rot")

    applied = story.answered(story.pushing(rotten), answer((rotten,), ["rejected"]))

    assert [write.error for write in writes(applied, core.SetAside)] == ["hash_wrong"]


def test_no_result_means_later() -> None:
    story, rows = Pass(), (row(1), row(2))

    applied = story.answered(story.pushing(*rows), answer(rows, ["accepted"]))

    assert [write.error for write in writes(applied, core.Postpone)] == ["no_result"]


@pytest.mark.parametrize(("floor", "gone"), [(0, []), (1, [1]), (2, [1, 2]), (9, [1, 2])])
def test_an_answer_lets_go_of_what_it_covers_itself(floor: int, gone: list[int]) -> None:
    story, rows = Pass(), (row(1), row(2))

    applied = story.answered(story.pushing(*rows), answer(rows, ["accepted", "duplicate"], floor=floor))

    assert [write.pos for write in writes(applied, core.LetGo)] == gone
