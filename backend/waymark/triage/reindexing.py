"""What could not be put into the index when it came - too much was asked of it that day, or an organisation's
opener was away - is put in later. Nobody waits for it: a report is opened and read without it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from waymark.intake import keeping
from waymark.kernel import clock, logs
from waymark.kernel.db import Connection, Database
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark.triage import store

AT_ONCE: Final = 25
AGAIN_AFTER: Final = timedelta(minutes=5)


class Reindexer:
    """Goes through all that is due, and then rests."""

    def __init__(self, database: Database, vault: Vault, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database, self._vault, self._now = database, vault, now
        self._looked: datetime | None = None
        self._tried: set[str] = set()
        """In this round, in vain."""

    async def step(self) -> int:
        """Returns how many reports were gone through."""
        now = self._now()
        if self._looked is not None and now - self._looked < AGAIN_AFTER:
            return 0
        due = await self._database.read(keeping.index_due, limit=AT_ONCE + len(self._tried))
        due = [report_id for report_id in due if report_id not in self._tried][:AT_ONCE]
        self._looked = None if due else now
        if due:
            await self._database.write(self._index_all, due)
        else:
            self._tried.clear()
        return len(due)

    def _index_all(self, db: Connection, due: list[str]) -> None:
        for report_id in due:
            report = store.report(db, report_id)
            try:
                if report is None:
                    raise CannotDecrypt
                done = keeping.index_again(db, report.lock, self._vault)
            except CannotDecrypt:
                logs.event("report_not_indexed")
                done = False
            if not done:
                self._tried.add(report_id)
