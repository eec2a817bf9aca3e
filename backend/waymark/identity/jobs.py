"""What identity does between requests."""

from datetime import datetime, timedelta
from typing import Final

from waymark.identity import actions
from waymark.identity.passkeys import actions as passkeys
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database

EVERY: Final = timedelta(minutes=5)


class Tidier:
    """Forgets sessions, attempts and challenges that are over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: datetime | None = None

    async def step(self) -> int:
        """Always 0: a turn of tidying is no reason to take another."""
        now = clock.now()
        if self._next is None or now >= self._next:
            self._next = now + EVERY
            await self._database.write(_tidy, now)
        return 0


def _tidy(db: Connection, now: datetime) -> None:
    actions.tidy(db, now=now)
    passkeys.tidy(db, now=now)
