"""What releases do between requests: pass on what was an ended force's, tell who sees a report."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.releases import actions, telling
from waymark.triage.actions import Tools

AT_ONCE: Final = 50
"""A few milliseconds of the writer's time."""


class Heir:
    """Gives the reports of merged forces to their successors."""

    def __init__(
        self, database: Database, keys: KeyRing, vault: Vault, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database, self._keys, self._vault, self._now = database, keys, vault, now

    async def step(self) -> int:
        """Returns how many were passed on."""
        tools = Tools(vault=self._vault, keys=self._keys, now=self._now())
        return await self._database.write(actions.pass_on, limit=AT_ONCE, tools=tools)


class Answerer:
    """Tells who asked who may read their report, and who has."""

    def __init__(
        self, database: Database, keys: KeyRing, vault: Vault, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database, self._keys, self._vault, self._now = database, keys, vault, now

    async def step(self) -> int:
        """Returns how many were told."""
        tools = Tools(vault=self._vault, keys=self._keys, now=self._now())
        return await self._database.write(telling.tell_access, limit=AT_ONCE, tools=tools)
