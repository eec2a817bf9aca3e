"""What an erasure needs outside transactions: the list, files, the log, and what SQLite keeps."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from waymark.attachments.shelf import Shelf
from waymark.custody import journal
from waymark.intake.erasing import store as erasing
from waymark.intake.erasing.store import Tombstone
from waymark.kernel import clock, logs
from waymark.kernel.db import Database
from waymark.retention import actions
from waymark.retention.ledger import ErasureList

AT_ONCE: Final = 200


async def apply_list(
    database: Database, erasures: ErasureList, *, now: Callable[[], datetime] = clock.now
) -> int:
    """Before anything is served. Returns how many reports a copy had brought back. Raises OSError."""
    done = 0
    for erased in await asyncio.to_thread(erasures.read):
        done += await database.write(actions.erase_again, erased, now=now())
    if done:
        logs.event("erased_again", reports=done)
    return done


class Eraser:
    """Removes what lies outside the database. What a crash has left, the next step finds."""

    def __init__(
        self,
        database: Database,
        files: Shelf,
        log: Path | None,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database, self._files, self._log, self._now = database, files, log, now

    async def step(self) -> int:
        """Returns how many items and files. Raises OSError when a disk is away."""
        tombs = await self._database.read(erasing.unswept, limit=AT_ONCE)
        if not tombs:
            return 0
        await asyncio.to_thread(self._sweep, tombs)
        if not await self._database.drop_traces():
            return 0
        await self._database.write(erasing.swept, tombs, now=self._now())
        return len(tombs)

    def _sweep(self, tombs: list[Tombstone]) -> None:
        shelves = [self._files] if self._log is None else [self._files, Shelf(self._log / "files")]
        for one in tombs:
            if one.kind == "file":
                for shelf in shelves:
                    shelf.erase(one.id)
        if self._log is not None and self._log.is_dir():
            journal.erase(self._log, {one.id for one in tombs if one.kind == "item"})
