"""Where each report that is looked through lies: in the ordinary lists, or apart.

Only what visitors sent is counted, by the time at which it was received: a backlog is no flood, and a report
that a tablet signed never lies apart, whatever comes beside it.
"""

from collections import Counter
from datetime import date, datetime

from msgspec.structs import replace

from waymark.intake.records import OpenedReport
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.triage.campaigns import store
from waymark.triage.campaigns.records import Campaign, Pace, Series
from waymark.triage.campaigns.rules import QUIET, pace, poured, series_of, usual_since


class Watch:
    """For one transaction, under the lock of screening. `write` at its end."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._series: dict[str, Series] = {}
        self._paces: dict[tuple[str, date], Pace] = {}
        self._days: Counter[tuple[str, str]] = Counter()
        self._campaigns: dict[str, Campaign] = {}

    def place(self, report: OpenedReport, *, released: bool, worked: bool = False) -> str | None:
        """The flood that it is part of; None in the ordinary lists."""
        at = datetime.fromisoformat(report.received_at)
        names = series_of(report.area, report.force_id, released=released)
        after: dict[str, datetime] = {}
        campaign_id: str | None = None
        for name in names:
            self._days[name, at.date().isoformat()] += 1
            empty_at = poured(self._known(name, at).empty_at, at, self._pace(name, at), worked=worked)
            if empty_at is None:
                campaign_id = campaign_id or self._campaign(name, report.received_at)
            else:
                after[name] = empty_at
        if campaign_id is None:
            for name, empty_at in after.items():
                self._series[name] = replace(self._series[name], empty_at=empty_at)
        return campaign_id

    def write(self) -> None:
        for name in sorted(self._series):
            store.keep_series(self._db, self._series[name])
        store.count_days(self._db, self._days)

    def _known(self, name: str, at: datetime) -> Series:
        if name not in self._series:
            new = Series(series=name, empty_at=at, known_since=at.date().isoformat())
            self._series[name] = store.series(self._db, name) or new
        return self._series[name]

    def _pace(self, name: str, at: datetime) -> Pace:
        today = at.date()
        if (name, today) not in self._paces:
            known_days = (today - date.fromisoformat(self._series[name].known_since)).days
            found = store.days(self._db, name, since=usual_since(at), today=today.isoformat())
            self._paces[name, today] = pace(found, known_days=known_days)
        return self._paces[name, today]

    def _campaign(self, series: str, at: str) -> str:
        """Written at once: reports refer to it."""
        known = self._campaigns.get(series) or store.latest(self._db, series)
        if known is None or datetime.fromisoformat(at) - datetime.fromisoformat(known.last_at) > QUIET:
            known = Campaign(id=new_id(), series=series, began_at=at, last_at=at)
            store.keep(self._db, known)
        elif at > known.last_at:
            known = replace(known, last_at=at)
            store.keep(self._db, known)
        self._campaigns[series] = known
        return known.id
