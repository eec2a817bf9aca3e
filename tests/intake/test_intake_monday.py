"""The load of a Monday morning, small: everything arrives once. How fast is for `waymark bench monday`."""

import pytest
from msgspec.structs import replace

from waymark.cli.bench_monday import Row, bench_monday, kept


def test_tablets_that_come_together_lose_nothing() -> None:
    [row] = bench_monday(tablets=6, reports=70, fsync_ms=10).results

    assert (row.tablets, row.reports, row.lost, row.doubled) == (6, 420, 0, 0)
    assert row.answers >= 6 * 3  # two pushes and a pull each


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        ({}, True),
        ({"drained_s": 60.1}, False),
        ({"p99_ms": 500.1}, False),
        ({"lost": 1}, False),
        ({"doubled": 1}, False),
    ],
)
def test_what_the_promise_is(change: dict[str, float], fine: bool) -> None:
    row = Row(
        tablets=300, reports=18_000, cores=2, fsync_ms=10, drained_s=60.0, p50_ms=1.0, p99_ms=500.0,
        push_p99_ms=500.0, answers=900, asked_to_wait=0, lost=0, doubled=0, rss_mb=1.0, load_before=0.1,
    )  # fmt: skip

    assert kept(replace(row, **change)) is fine
