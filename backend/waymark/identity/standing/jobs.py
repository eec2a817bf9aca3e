"""Looks every hour whether everybody stands as the trail says, and raises the alarm while they do not."""

import logging
from datetime import datetime, timedelta
from typing import Final

from waymark.identity.standing import actions
from waymark.kernel import clock, logs
from waymark.kernel.db import Database

EVERY: Final = timedelta(hours=1)


class Watch:
    """`astray`: how many did not at the last look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: datetime | None = None
        self.astray = 0

    async def begin(self) -> None:
        """Before anything is served."""
        await self._database.write(actions.begin, now=clock.now())
        await self.look()

    async def step(self) -> int:
        """Always 0: a look is no reason to take another."""
        if self._next is None or clock.now() >= self._next:
            await self.look()
        return 0

    async def look(self) -> None:
        found = await self._database.read(actions.astray, now=clock.now())
        self.astray, self._next = len(found), clock.now() + EVERY
        if found:
            logs.event(
                "standing_astray",
                level=logging.ERROR,
                count=len(found),
                roles=sum("roles" in one.parts for one in found),
                ways_in=sum("ways_in" in one.parts for one in found),
                sessions=sum("sessions" in one.parts for one in found),
            )
