"""What identity does between requests."""

from datetime import datetime, timedelta
from typing import Final

from waymark.identity import actions
from waymark.kernel import clock
from waymark.kernel.db import Database

EVERY: Final = timedelta(minutes=5)


class Tidier:
    """Forgets sessions and attempts that are over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: datetime | None = None

    async def step(self) -> int:
        """Always 0: a turn of tidying is no reason to take another."""
        now = clock.now()
        if self._next is None or now >= self._next:
            self._next = now + EVERY
            await self._database.write(actions.tidy, now=now)
        return 0
