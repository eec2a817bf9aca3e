"""Lets the front door know of a flood, whichever process has seen it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from waymark.intake.work import Pressure
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.triage.campaigns import actions

LOOK_EVERY: Final = timedelta(seconds=5)


class Lookout:
    def __init__(
        self, database: Database, pressure: Pressure, *, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._database = database
        self._pressure = pressure
        self._now = now
        self._looked: datetime | None = None

    async def step(self) -> int:
        now = self._now()
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._pressure.flooded = await self._database.read(actions.flooded, now=now)
        return 0
