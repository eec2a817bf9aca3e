"""What the audit trail needs beside requests: checkpoints, and copies of them outside the machine."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from waymark.audit import actions
from waymark.audit.records import KeptCheckpoint
from waymark.kernel import clock, logs
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing, sync_folder, write_durably


class Notary:
    """Signs what the trail is, and keeps a copy of each checkpoint in `folder`, where there is one.

    A folder that is away stops no checkpoint: what is missing in it is put there later.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        folder: Path | None,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database, self._ring, self._folder, self._now = database, ring, folder, now
        self._settled = False
        """All that the database has is in the folder."""

    async def step(self) -> int:
        """Raises OSError when the folder is away."""
        if await self._database.read(actions.due, now=self._now()):
            made = await self._database.write(actions.checkpoint, self._ring, now=self._now(), due_only=True)
            self._settled = self._settled and made is None
        if self._folder is not None and not self._settled:
            await self._put(self._folder)
            self._settled = True
        return 0

    async def _put(self, folder: Path) -> None:
        every = await self._database.read(_every)
        try:
            count = await asyncio.to_thread(put_missing, folder, every)
        except OSError as error:
            logs.event("audit_checkpoints_not_kept", level=logging.ERROR, error=error)
            raise
        logs.event("audit_checkpoints_kept", count=count)


def put_missing(folder: Path, every: list[KeptCheckpoint]) -> int:
    """One file each, durably; none is ever written over. Returns how many were missing. Raises OSError."""
    there = {path.name for path in folder.iterdir()}
    missing = [one for one in every if file_name(one) not in there]
    for one in missing:
        draft = folder / f".{file_name(one)}"
        draft.unlink(missing_ok=True)
        write_durably(draft, one.signed)
        draft.rename(folder / file_name(one))
    if missing:
        sync_folder(folder)
    return len(missing)


def file_name(one: KeptCheckpoint) -> str:
    """In the order of the trail. After a restore a position comes again, at another time."""
    return f"{one.pos:012}-{one.made_at.replace(':', '')}.json"


def _every(db: Connection) -> list[KeptCheckpoint]:
    return list(actions.checkpoints(db))
