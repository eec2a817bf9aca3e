"""How long a closed report is kept before somebody is asked: as data, from a day on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

import msgspec
from msgspec import Struct

from waymark_sync.policy import read_data
from waymark_sync.policy.access import Ground
from waymark_sync.report import SharingChoice


class Schedule(Struct, frozen=True, kw_only=True):
    valid_from: str
    """`YYYY-MM-DD`: for what is closed from then on."""
    review_days: Mapping[SharingChoice, int]
    notice_days: int
    """How long it then lies on the list before it may go by itself."""


class RetentionPolicy(Struct, frozen=True, kw_only=True):
    version: str
    schedules: tuple[Schedule, ...]
    keep_reasons: tuple[Ground, ...]
    hold_reasons: tuple[Ground, ...]

    def schedule(self, at: datetime) -> Schedule:
        """The newest that has begun. Raises ValueError before the first."""
        day = at.date().isoformat()
        begun = [one for one in self.schedules if one.valid_from <= day]
        if not begun:
            raise ValueError(f"no schedule of retention for {day}")
        return max(begun, key=lambda one: one.valid_from)

    def review_at(self, closed_at: datetime, choice: SharingChoice) -> datetime:
        return closed_at + timedelta(days=self.schedule(closed_at).review_days[choice])

    def label(self, code: str) -> str:
        """Empty for a code that the policy does not have any more."""
        known = (*self.keep_reasons, *self.hold_reasons)
        return next((one.label for one in known if one.code == code), "")


@cache
def load_retention() -> RetentionPolicy:
    return msgspec.json.decode(read_data("retention.json"), type=RetentionPolicy)
