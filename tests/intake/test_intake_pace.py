"""How much may wait, and when those come back who were sent away."""

from itertools import pairwise

import pytest

from waymark.intake.pace import (
    OVERBOOKED,
    RETRY_S_MAX,
    RETRY_S_MIN,
    WAITING_ITEMS_MAX,
    WAITING_ITEMS_MIN,
    Pace,
)


def test_more_may_wait_where_the_disk_is_fast() -> None:
    pace = Pace()
    before = pace.waiting_items_max
    for _ in range(20):
        pace.stored(1_000, took_s=0.02)
    fast = pace.waiting_items_max
    for _ in range(20):
        pace.stored(1_000, took_s=5.0)

    assert before < fast < WAITING_ITEMS_MAX
    assert pace.waiting_items_max == WAITING_ITEMS_MIN


def test_those_who_are_sent_away_come_back_spread_over_the_time_they_take() -> None:
    pace = Pace()
    pace.stored(1_000, took_s=1_000 / 4_000)

    waits = [pace.wait_s(64, now=100.0, waiting=500, luck=0.99) for _ in range(300)]

    gaps = {round(after - before, 6) for before, after in pairwise(waits)}
    assert waits[0] == pytest.approx(500 / (4_000 * OVERBOOKED))
    assert gaps == {64 / (4_000 * OVERBOOKED)}
    assert pace.wait_s(64, now=102.0, waiting=0, luck=0.99) == pytest.approx(waits[-1] + next(iter(gaps)) - 2)


def test_times_that_nobody_kept_are_given_again() -> None:
    pace = Pace()
    given = [pace.wait_s(64, now=100.0, waiting=0, luck=0.0) for _ in range(200)][-1]

    pace.idle(100.0)

    assert pace.wait_s(64, now=100.0, waiting=0, luck=0.0) == pytest.approx(given / 2, rel=0.02)


def test_whoever_would_wait_too_long_comes_in_the_second_half_of_the_longest_wait() -> None:
    pace = Pace()
    while pace.wait_s(64, now=0.0, waiting=0, luck=1.0) < RETRY_S_MAX:
        pass

    waits = [pace.wait_s(64, now=0.0, waiting=0, luck=luck) for luck in (0.0, 0.5, 1.0)]

    assert waits == [RETRY_S_MAX / 2, RETRY_S_MAX * 3 / 4, RETRY_S_MAX]


def test_nobody_comes_back_at_once() -> None:
    assert Pace().wait_s(1, now=100.0, waiting=0, luck=0.0) == RETRY_S_MIN
