"""Lets the front door know of a flood, whichever process has seen it."""

from collections.abc import Callable
from datetime import datetime

from waymark.intake.work import Pressure
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.triage.campaigns import actions


class Lookout:
    """Looks at each turn, right after screening: the next push may already be asked to work."""

    def __init__(
        self, database: Database, pressure: Pressure, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._pressure = pressure
        self._now = now

    async def step(self) -> int:
        self._pressure.flooded = await self._database.read(actions.flooded, now=self._now())
        return 0
