"""A campaign, small: a tablet and a desk go on beside it. How fast is for `waymark bench campaign`."""

import pytest
from msgspec.structs import replace

from waymark.cli.bench_campaign import Row, bench_campaign, kept


def test_a_tablet_and_a_desk_go_on_beside_a_flood_and_nothing_is_lost() -> None:
    [row] = bench_campaign(items=400, addresses=(1,), lasts_s=0.5).results

    assert (row.volunteer_refused, row.lost) == (0, 0)
    assert row.put_off > 0
    assert 300 <= row.stored < 400
    assert row.volunteer_reports
    assert row.desk_lists


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        ({}, True),
        ({"volunteer_p99_ms": 2_000.1}, False),
        ({"desk_p99_ms": 2_000.1}, False),
        ({"volunteer_refused": 1}, False),
        ({"lost": 1}, False),
    ],
)
def test_what_the_promise_is(change: dict[str, float], fine: bool) -> None:
    row = Row(
        engine="sqlite", addresses=1, items=10_000, stored=300, put_off=9_700, sent_away=0, flooded_s=15.0,
        volunteer_reports=90, volunteer_refused=0, volunteer_p99_ms=2_000.0, desk_lists=50,
        desk_p99_ms=2_000.0, lost=0, load_before=0.1,
    )  # fmt: skip

    assert kept(replace(row, **change)) is fine
