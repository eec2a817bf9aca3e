"""How long something may take: data, and the arithmetic of hours that pass and of days that are worked."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, Literal

import msgspec
from msgspec import Struct

from waymark_sync.policy import read_data

TimerName = Literal["acknowledge", "decide", "silence", "offer"]
_SATURDAY: Final = 5


class Timer(Struct, frozen=True, kw_only=True):
    basis: Literal["working", "wall"]
    days: int = 0
    hours: int = 0


class Timers(Struct, frozen=True, kw_only=True):
    version: str
    timers: Mapping[TimerName, Timer]
    holidays: frozenset[str]
    """`YYYY-MM-DD`, on which nobody works."""

    def due(self, name: TimerName, start: datetime) -> datetime:
        """Working time counts whole days: from a Friday evening, one day is Monday evening."""
        timer = self.timers[name]
        if timer.basis == "wall":
            return start + timedelta(days=timer.days, hours=timer.hours)
        end, left = start, timer.days
        while left or not self.worked(end.date()):
            end += timedelta(days=1)
            left -= 1 if left and self.worked(end.date()) else 0
        return end

    @property
    def shortest(self) -> timedelta:
        """Whatever began later than this ago cannot be overdue: a working day is a day at least."""
        limits = (self.timers["acknowledge"], self.timers["decide"])
        return min(timedelta(days=timer.days, hours=timer.hours) for timer in limits)

    def begun_before(self, name: TimerName, now: datetime) -> datetime:
        """What began before this is over by `now`. Only of timers that count hours that pass."""
        timer = self.timers[name]
        if timer.basis != "wall":
            raise ValueError(f"the timer {name} counts working days")
        return now - timedelta(days=timer.days, hours=timer.hours)

    def worked(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day.isoformat() not in self.holidays


@cache
def load_timers() -> Timers:
    found = msgspec.json.decode(read_data("timers.json"), type=Timers)
    if missing := {"acknowledge", "decide", "silence", "offer"} - found.timers.keys():
        raise ValueError(f"no timer for {', '.join(sorted(missing))}")
    if any(found.timers[name].basis != "wall" for name in ("silence", "offer")):
        raise ValueError("the timers silence and offer count hours that pass")
    return found
