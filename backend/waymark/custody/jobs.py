"""What custody does beside requests: notice a database that was copied back, write down how far it has come,
and move the floor when the backups change.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from waymark.custody import actions, standing
from waymark.custody.backups import listed, policy_of
from waymark.custody.records import Backup
from waymark.custody.rules import allowed
from waymark.custody.standing import Standing
from waymark.intake import actions as intake
from waymark.kernel import clock, lineage, logs
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings

_Folder = frozenset[tuple[str, int]]
HOUR: Final = 13  # characters of a time: backups also go out of policy by growing old


async def notice_copied(database: Database, keys: Path, *, now: datetime) -> str | None:
    """Before anything is served: an older copy goes on as a new lineage. Returns why it is one, or None."""
    found = await database.read(actions.standing)
    before = standing.last_kept(keys, found.incarnation) if found else None
    why = await database.read(actions.fallen_behind, before) if before else None
    if found is None or why is None:
        return None
    standing.supersede(keys, found.incarnation)
    await database.write(intake.begin_lineage, now=now)
    logs.event("database_copied_back", level=logging.ERROR, why=why)
    return why


class Keeper:
    """Writes down how far the database has come, and moves the floor when the backups have changed."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        ring: KeyRing,
        *,
        by_log: Callable[[str], int] = lambda incarnation: 0,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database, self._settings, self._ring, self._now = database, settings, ring, now
        self._kept: Standing | None = None
        self._seen: tuple[_Folder, str, str] | None = None
        self._by_log = by_log
        self.floor: int | None = None
        """By the backups alone; None until they have been looked at."""

    async def step(self) -> int:
        """Never asks for another turn: whatever moved is looked at with the next."""
        await self.keep()
        await self.settle_floor()
        return 0

    async def keep(self) -> None:
        found = await self._database.read(actions.standing)
        if found is not None and found != self._kept:
            await asyncio.to_thread(standing.keep, self._settings.keys, found)
            self._kept = found

    async def settle_floor(self) -> None:
        """Reads every position when a backup has come, was tested or went; otherwise looks at names alone."""
        current = await self._database.read(lineage.current)
        folder = await asyncio.to_thread(_state, self._settings.backups)
        seen = (folder, stamp(self._now())[:HOUR], current.incarnation)
        if seen != self._seen or self.floor is None:
            backups = await asyncio.to_thread(self._allowed)
            floor = await self._database.read(actions.backup_floor, backups)
            if floor:
                await self._let_go_of_older(backups)
            self.floor, self._seen = floor, seen
        floor = max(self.floor, self._by_log(current.incarnation))
        if floor != current.restore_floor:
            await self._database.write(actions.move_floor, current.incarnation, floor)
            logs.event("floor_moved", floor=floor)

    async def _let_go_of_older(self, backups: list[Backup]) -> None:
        """What is rotated out may lie elsewhere, and must not be put in place as if it still counted."""
        oldest = min(backup.manifest.made_at for backup in backups)
        incarnations = await self._database.read(lineage.every)
        await asyncio.to_thread(standing.let_go_of_older, self._settings.keys, incarnations, oldest)

    def _allowed(self) -> list[Backup]:
        every = listed(self._settings, self._ring)
        return allowed(every, policy_of(self._settings), now=self._now())


def _state(folder: Path) -> _Folder:
    """Changes whenever a backup comes, goes or is judged."""
    if not folder.is_dir():
        return frozenset()
    with os.scandir(folder) as entries:
        return frozenset((entry.name, entry.stat().st_mtime_ns) for entry in entries)
