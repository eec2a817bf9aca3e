"""What time does to a report: a question that nobody answers, an offer that nobody takes."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from waymark.dialogue import actions
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.triage.actions import Tools

AT_ONCE: Final = 20


class Timekeeper:
    """Whatever moment it is, the same reports are due: a restart or a change of the clock loses nothing."""

    def __init__(
        self, database: Database, keys: KeyRing, vault: Vault, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._keys = keys
        self._vault = vault
        self._now = now

    async def step(self) -> int:
        tools = Tools(vault=self._vault, keys=self._keys, now=self._now())
        ended = await self._database.write(actions.end_silence, limit=AT_ONCE, tools=tools)
        return ended + await self._database.write(actions.end_offers, limit=AT_ONCE, tools=tools)
