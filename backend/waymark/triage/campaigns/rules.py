"""When so much comes that it lies apart. Pure.

A bucket for each series leaks as fast as FACTOR usual days would fill it. What fits lies in the ordinary
lists, and what does not lies apart. So a flood takes a few usual days' room in the lists, however large it
is, and the lists are themselves again as soon as it stops.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from waymark.triage.campaigns.records import DayCount, HourCount, Pace

FACTOR: Final = 3.0
"""Times its usual day. The worst day after the referendum of 2016 had 1.9 times its, and was no campaign."""
USUAL_MIN: Final = 5.0
"""A day: a quiet place may have a busy week."""
USUAL_NEW: Final = 50.0
"""A day, while it is not known yet what is usual."""
NEW_DAYS: Final = 7
AT_ONCE_MIN: Final = 50.0
"""Fifty people who saw one thing and report from their phones are no campaign."""
USUAL_DAYS: Final = 28
QUIET: Final = timedelta(hours=24)
"""After such a pause the next one is another."""
PRESSED: Final = timedelta(hours=1)
"""After the last that was laid apart, phones are asked to work."""
DAY: Final = timedelta(days=1)


def series_of(area: str, force_id: str, *, released: bool) -> tuple[str, ...]:
    """What a report is counted in.

    What the police may not see has series of its own: nothing on their pages may follow from it.
    """
    side = "released" if released else "kept"
    return tuple(sorted({f"area {area} {side}", f"force {force_id} {side}"}))


def pace(days: Iterable[DayCount], *, known_days: int) -> Pace:
    """days: those before today that had any. known_days: how many there have been, with any or without.

    The median: neither a flood of less than two weeks nor one mad day makes itself usual.
    """
    counts = [day.count for day in days]
    span = min(known_days, USUAL_DAYS)
    usual = median([*counts, *[0] * (span - len(counts))]) if span >= NEW_DAYS else USUAL_NEW
    per_day = max(usual, USUAL_MIN)
    return Pace(per_day=per_day * FACTOR, at_once=max(AT_ONCE_MIN, per_day))


def poured(empty_at: datetime | None, at: datetime, pace: Pace, *, worked: bool = False) -> datetime | None:
    """When the bucket is empty with one more in it. None: it does not fit.

    worked: its phone has solved what was asked of it. The bucket holds twice as much of such, so that a
    flood of others does not keep it out.
    """
    after = max(empty_at or at, at) + DAY / pace.per_day
    room = pace.at_once * (1 + worked)
    return after if after - at <= DAY * (room / pace.per_day) else None


def usual_since(now: datetime) -> str:
    """The first day that says what is usual. Today is not over."""
    return (now - USUAL_DAYS * DAY).date().isoformat()


def areas_of(hours: Sequence[HourCount]) -> tuple[str, ...]:
    """The ones with most first."""
    totals: dict[str, int] = {}
    for hour in hours:
        totals[hour.area] = totals.get(hour.area, 0) + hour.count
    return tuple(sorted(totals, key=lambda area: (-totals[area], area)))


def by_hour(hours: Sequence[HourCount]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for hour in hours:
        totals[hour.hour] = totals.get(hour.hour, 0) + hour.count
    return dict(sorted(totals.items()))
