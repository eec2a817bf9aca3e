"""What is wrapped to a key that is being given up is wrapped anew, and what was sealed in one piece is split.

A few at a time, beside everything else: nobody waits for it, and it can be cut short at any moment.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from waymark.intake import keeping
from waymark.kernel import clock, logs
from waymark.kernel.db import Connection, Database
from waymark.kernel.holders import SERVICE
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark.triage import store
from waymark.triage.rules import facts

AT_ONCE: Final = 25
AGAIN_AFTER: Final = timedelta(minutes=5)
"""Between two looks, once there was nothing left."""


class Rekeyer:
    """Goes through all that is wrapped to retired keys, and to none."""

    def __init__(self, database: Database, vault: Vault, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database, self._vault, self._now = database, vault, now
        self._looked: datetime | None = None
        self._unopened: set[str] = set()
        """What has been tried and does not open with the keys at hand: of another organisation's opener."""

    async def step(self) -> int:
        """Returns how many reports were gone through."""
        now = self._now()
        if self._looked is not None and now - self._looked < AGAIN_AFTER:
            return 0
        stale = await self._database.read(self._stale)
        self._looked = None if stale else now
        if stale:
            await self._database.write(self._renew_all, stale)
        else:
            self._unopened.clear()
        return len(stale)

    def _stale(self, db: Connection) -> list[str]:
        for kid, holder in self._given_up():
            found = keeping.wrapped_to(db, kid, holder, limit=AT_ONCE + len(self._unopened))
            if stale := [report_id for report_id in found if report_id not in self._unopened]:
                return stale[:AT_ONCE]
        return []

    def _renew_all(self, db: Connection, stale: Iterable[str]) -> None:
        for report_id in stale:
            self._renew(db, report_id)

    def _given_up(self) -> list[tuple[str, str]]:
        """Keys that nothing should be wrapped to any more, and of which holder; '' for all."""
        keys = self._vault.holders.keys
        standing_in = self._vault.holders.key_of(SERVICE).kid
        retired = [(key.kid, "") for key in keys if key.state == "retired"]
        # Whoever has a key of their own by now needs nobody to stand in.
        own = [(standing_in, key.holder) for key in keys if key.state == "current" and key.holder != SERVICE]
        return [("", ""), *retired, *own]

    def _renew(self, db: Connection, report_id: str) -> None:
        report = store.report(db, report_id)
        try:
            if report is None:
                raise CannotDecrypt
            keeping.renew(db, report.lock, facts(report), self._vault)
        except CannotDecrypt:
            self._unopened.add(report_id)
            logs.event("report_key_not_renewed")
