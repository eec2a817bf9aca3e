"""What triage does between requests: look through what has been opened."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.triage import actions

AT_ONCE: Final = 50
"""A few milliseconds of the writer's time."""


class Screener:
    """Sends each opened report to the queue that its sharing choice allows."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._now = now

    async def step(self) -> int:
        return await self._database.write(actions.screen, limit=AT_ONCE, now=self._now())
