"""The step that knocks: after the commit, off every request's path, a few at a time.

It starts knocks and does not wait for them: a slow push service holds up neither the other jobs nor, beyond
its own places, other knocks.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from waymark.kernel import clock, logs
from waymark.kernel.db import Database
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark.knocks import actions
from waymark.knocks.records import Due, Outcome, Refused
from waymark.knocks.rules import LOOK_BACK
from waymark.knocks.sender import Sender

MARGIN: Final = timedelta(minutes=2)  # a message bears the time before its commit, by another clock perhaps
AT_ONCE: Final = 8  # connections to push services; more would gain nothing and could look like an attack


class Knocker:
    """`step` for the jobs; `aclose` ends what is under way, which is tried again after a start."""

    def __init__(
        self, database: Database, vault: Vault, sender: Sender, *, wake: Callable[[], None] = lambda: None
    ) -> None:
        """wake: called when there is room again."""
        self._database = database
        self._vault = vault
        self._sender = sender
        self._wake = wake
        self._under_way: set[asyncio.Task[None]] = set()
        self._since = clock.now() - LOOK_BACK
        """What was posted before has had its knock. Moves on, so that looking costs the same every day."""

    async def step(self) -> int:
        """Start as many as there is room for. Returns how many were started."""
        room = AT_ONCE - len(self._under_way)
        now = clock.now()
        if not room:
            return 0
        idle = not self._under_way
        found = await self._database.read(actions.waiting, since=self._since, now=now, limit=room)
        if not found:
            # While one is under way, a message posted meanwhile waits for its end.
            self._since = max(self._since, now - MARGIN) if idle else self._since
            return 0
        due = await self._database.write(actions.claim, found, now=now)
        for each in due:
            task = asyncio.create_task(self._knock(each), name="knock")
            self._under_way.add(task)
            task.add_done_callback(self._over)
        return len(due)

    async def settled(self) -> None:
        """Until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._sender.aclose()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake()

    async def _knock(self, due: Due) -> None:
        try:
            outcome = await self._outcome(due)
            await self._database.write(actions.note, due, outcome, now=clock.now())
            logs.event("knocked", outcome=type(outcome).__name__.lower())
        except Exception as error:  # noqa: BLE001 - a task's error would be lost; the claim runs out by itself
            logs.event("job_failed", level=logging.ERROR, error=error, job="knock")

    async def _outcome(self, due: Due) -> Outcome:
        try:
            place = await asyncio.to_thread(actions.place, due.knock, self._vault)
        except CannotDecrypt:
            return Refused()
        return await self._sender.knock(place, now=clock.now())
