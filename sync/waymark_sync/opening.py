"""When a service is open, in British local time, from a UTC time. Integers only, so that every device agrees.

The week is counted in minutes from Monday 00:00. Bank holidays are not known here: the screens say so.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

from waymark_sync.directory import Hours

DAY: Final = 1_440
WEEK: Final = 7 * DAY
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHT_FROM: Final = 22 * 60
NIGHT_TO: Final = 7 * 60
Interval = tuple[int, int]


class Opening(Struct, frozen=True, kw_only=True):
    """`change_in` minutes until it closes, or opens. None: it never does."""

    open: bool
    change_in: int | None


def london(at: datetime) -> datetime:
    """Local time without a zone. Summer time by its rule, so that no table of zones has to be on a device:
    from the last Sunday of March, 01:00 UTC, to the last Sunday of October, 01:00 UTC."""
    utc = at.astimezone(UTC).replace(tzinfo=None)
    summer = _change(utc.year, 3) <= utc < _change(utc.year, 10)
    return utc + timedelta(hours=1) if summer else utc


def week_minute(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 60 + local.minute


def is_night(minute: int) -> bool:
    clock = minute % DAY
    return clock >= NIGHT_FROM or clock < NIGHT_TO


def opening(hours: tuple[Hours, ...], minute: int) -> Opening | None:
    """None when no hours are known."""
    week = [interval for each in hours for interval in _intervals(each)]
    if not week:
        return None
    if _covering(week, minute) == 0:
        return Opening(open=False, change_in=min((start - minute) % WEEK for start, _ in week))
    passed = 0
    while passed < WEEK and (more := _covering(week, (minute + passed) % WEEK)):
        passed += more
    return Opening(open=True, change_in=None if passed >= WEEK else passed)


def clock_of(minute: int) -> str:
    return f"{minute % DAY // 60:02d}:{minute % 60:02d}"


def day_and_clock_of(minute: int) -> str:
    return f"{DAYS[minute % WEEK // DAY]} {clock_of(minute)}"


def _covering(week: list[Interval], minute: int) -> int:
    """Minutes that the longest interval over this minute still lasts; 0 when none is over it."""
    left = 0
    for start, length in week:
        since = (minute - start) % WEEK
        if since < length:
            left = max(left, length - since)
    return left


def _intervals(hours: Hours) -> list[Interval]:
    """Start and length of each day's."""
    opens, closes = _minutes(hours.opens), _minutes(hours.closes)
    length = closes - opens if closes > opens else closes - opens + DAY
    return [((day - 1) * DAY + opens, length) for day in hours.days]


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _change(year: int, month: int) -> datetime:
    last = date(year, month, 31)
    return datetime(year, month, last.day - last.isoweekday() % 7, 1, 0)  # noqa: DTZ001 - UTC, compared with UTC
