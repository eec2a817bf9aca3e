"""What an operator does with backups, as a test does it."""

import asyncio
from datetime import datetime
from pathlib import Path

from waymark.custody import backups, drill, restoring
from waymark.custody.jobs import Keeper
from waymark.kernel import clock, lineage
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings


async def back_up(settings: Settings, *, now: datetime | None = None) -> Path:
    made = await asyncio.to_thread(backups.make, settings, now=now or clock.now())
    return settings.backups / f"{made.name}{backups.BACKUP}"


async def verify(settings: Settings, backup: Path, private: BackupPrivate) -> tuple[str, ...]:
    found = await asyncio.to_thread(drill.verify, settings, backup, private, now=clock.now())
    return found.faults


async def restore(settings: Settings, backup: Path, private: BackupPrivate) -> restoring.Restored:
    return await asyncio.to_thread(restoring.restore, settings, backup, private, now=clock.now())


async def floor(database: Database, settings: Settings, ring: KeyRing) -> int:
    await Keeper(database, settings, ring).settle_floor()
    return (await database.read(lineage.current)).restore_floor
