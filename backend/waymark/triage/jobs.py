"""What triage does between requests: look through what has been opened."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.vault import Vault
from waymark.triage import replies, screening

AT_ONCE: Final = 50
"""A few milliseconds of the writer's time."""


class Screener:
    """Sends each opened report to the queue that its sharing choice allows, and each reply to its report."""

    def __init__(self, database: Database, vault: Vault, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._vault = vault
        self._now = now

    async def step(self) -> int:
        now = self._now()
        reports = await self._database.write(screening.screen, limit=AT_ONCE, now=now)
        added = await self._database.write(replies.screen_replies, limit=AT_ONCE, vault=self._vault, now=now)
        return reports + added
