"""What an erasure needs outside transactions: the list, files, the log, and what SQLite keeps."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from waymark.attachments.shelf import Shelf
from waymark.custody import journal
from waymark.intake.erasing import store as erasing
from waymark.intake.erasing.store import Tombstone
from waymark.kernel import clock, logs
from waymark.kernel.db import Database
from waymark.kernel.vault import Vault
from waymark.retention import actions, store
from waymark.retention.ledger import ErasureList
from waymark_sync.policy.retention import load_retention

AT_ONCE: Final = 200
EVERY: Final = timedelta(hours=1)
REVIEWS_AT_ONCE: Final = 500
DISPOSED_AT_ONCE: Final = 20


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


class Retainer:
    """Each closed report gets its day of review; where it is set so, what nobody needs goes at its end."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        erasures: ErasureList,
        *,
        erases: bool,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database, self._vault, self._erasures = database, vault, erasures
        self._erases, self._now = erases, now
        self._looked: datetime | None = None
        self._after = ""

    async def step(self) -> int:
        """A few at a time, once an hour from the beginning. Returns how many."""
        now = self._now()
        if self._looked is not None and now - self._looked < EVERY and not self._after:
            return 0
        done = 0
        if not self._after:
            done = await self._database.write(actions.begin_reviews, limit=REVIEWS_AT_ONCE, now=now)
            if done >= REVIEWS_AT_ONCE:
                return done
        if self._erases:
            done += await self._dispose(now)
        self._looked = now
        return done

    async def _dispose(self, now: datetime) -> int:
        notice = timedelta(days=load_retention().schedule(now).notice_days)
        found = await self._database.read(
            store.disposable, before=now - notice, after=self._after, limit=DISPOSED_AT_ONCE
        )
        self._after = found[-1].report_id if len(found) == DISPOSED_AT_ONCE else ""
        gone = 0
        for case in found:
            why = await self._database.write(
                actions.dispose, case.report_id, self._erasures, vault=self._vault, now=now
            )
            gone += why is None
        if gone:
            logs.event("retention_erased", reports=gone)
        return len(found)


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
