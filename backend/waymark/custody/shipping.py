"""Keeps the intake log: with each commit where it can, and from the database where it fell behind.

An answer never waits for a log that is broken: the floor stays behind instead, and devices keep their bytes.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from msgspec import Struct

from waymark.attachments import shelf
from waymark.attachments.shelf import Shelf
from waymark.custody import store
from waymark.custody.journal import Entry, Group, Journal, Tail, first_of, sealed_entry, segments_of
from waymark.custody.rules import CHAIN_START, chain_at, next_chain
from waymark.custody.store import Placed, ShippedRow
from waymark.intake import actions as intake
from waymark.intake.records import Stored
from waymark.kernel import clock, lineage, logs
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Database
from waymark.kernel.ids import new_id
from waymark.kernel.keys import sync_folder
from waymark.kernel.vault import Vault

AT_ONCE: Final = 100
"""Rows read back in one go: about half a megabyte."""


class _Series(Struct, kw_only=True):
    """The series that is open, and how far it has come."""

    incarnation: str
    journal: Journal
    first: int
    last: int
    chain: bytes


class Shipper:
    """One for a service. `backup_floor`: what every backup holds; from there on the log must be whole."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        files: Shelf,
        root: Path,
        backup_floor: Callable[[], int | None],
    ) -> None:
        self._database, self._vault, self._files = database, vault, files
        self._root, self._backup_floor = root, backup_floor
        self._logged_files = Shelf(root / "files")
        self._series: _Series | None = None
        self._busy = asyncio.Lock()
        self._forgotten = 0

    def floor(self, incarnation: str) -> int:
        """Up to where backups and log together hold everything. 0 when the log begins too late."""
        series = self._series
        base = self._backup_floor()
        if series is None or base is None or series.incarnation != incarnation or series.first > base + 1:
            return 0
        return series.last

    async def follow(self, stored: Sequence[Stored], *, incarnation: str, at: datetime) -> int:
        """What has just been committed, in order. Returns the floor. What is not taken here, `step` takes."""
        series = self._series
        expected = series.last + 1 if series else 0
        fits = [one.pos for one in stored] == list(range(expected, expected + len(stored)))
        if series is None or series.incarnation != incarnation or not fits or self._busy.locked():
            return self.floor(incarnation)
        async with self._busy:
            try:
                await asyncio.to_thread(self._append, series, stamp(at), [_row(one) for one in stored])
            except OSError as error:
                self._fail(error)
        return self.floor(incarnation)

    async def step(self) -> int:
        """Catch up a little. Returns how many positions. Raises OSError."""
        current, base = await self._database.read(lineage.current), self._backup_floor()
        if base is None:
            return 0
        async with self._busy:
            try:
                if self._series is None or self._series.incarnation != current.incarnation:
                    await self._open(current.incarnation, base)
                done = await self._catch_up()
                if base != self._forgotten:
                    await asyncio.to_thread(self._forget, base)
                return done
            except BlockingIOError:  # another process of this service keeps the log
                return 0
            except OSError as error:
                self._fail(error)
                raise

    async def close(self) -> None:
        async with self._busy:
            self._end()

    def _append(self, series: _Series, at: str, rows: Sequence[ShippedRow]) -> None:
        entries, keys, chain = [], [], series.chain
        for row in rows:
            if row.file:
                entry = Entry(
                    pos=row.pos, kind="file", id=row.id, sha256=row.sha256, item_id=row.item_id, gone=row.gone
                )
            else:
                entry, wrapped = sealed_entry(self._vault, row.envelope, pos=row.pos, item_id=row.id)
                keys.append(wrapped)
            entries.append(entry)
            chain = next_chain(chain, Placed(item_id=row.id, sha256=row.sha256, pos=row.pos, file=row.file))
        if entries:
            series.journal.append(Group(at=at, chain=chain, entries=tuple(entries)), keys)
            series.last, series.chain = entries[-1].pos, chain

    async def _catch_up(self) -> int:
        series = self._series
        if series is None:
            return 0
        rows = await self._database.read(store.shipping, after=series.last, limit=AT_ONCE)
        for row in rows:
            if row.file and not row.gone and not await asyncio.to_thread(self._copy, row):
                # The disk has lost it. Its device is asked for it again, and it gets another position.
                await self._database.write(intake.take_file_back, row.id, now=clock.now())
                return 1
        for at, group in groupby(rows, key=lambda row: row.received_at):
            await asyncio.to_thread(self._append, series, at, list(group))
        return len(rows)

    def _copy(self, row: ShippedRow) -> bool:
        """Its bytes, too, and first."""
        try:
            content = self._files.read(row.id)
            with self._logged_files.locked(row.id) as file:
                at = 0
                for chunk in content:
                    shelf.append(file, chunk, at=at)
                    at += len(chunk)
                return shelf.digest(file) == row.sha256
        except FileNotFoundError:
            return False

    async def _open(self, incarnation: str, base: int) -> None:
        self._end()
        journal = await asyncio.to_thread(Journal, self._root, incarnation)
        tail = await asyncio.to_thread(journal.tail)
        at = tail.last if tail else base
        chain = await self._database.read(_chain_at, at)
        unfit = not journal.blank if tail is None else tail.chain != chain or tail.first > base + 1
        if unfit:
            # Of a branch that this database has not gone, or it begins too late: kept, and begun anew.
            journal.close()
            journal.folder.rename(journal.folder.with_name(f"{incarnation}.aside-{new_id()[:8]}"))
            await asyncio.to_thread(sync_folder, self._root)
            journal = await asyncio.to_thread(Journal, self._root, incarnation)
            tail, chain = None, await self._database.read(_chain_at, base)
        found = tail or Tail(first=base + 1, last=base, chain=chain or CHAIN_START)
        self._series = _Series(
            incarnation=incarnation, journal=journal, first=found.first, last=found.last, chain=found.chain
        )

    def _forget(self, base: int) -> None:
        """What every backup holds."""
        series = self._series
        if series is None:
            return
        for entry in series.journal.forget(min(base, series.last)):
            with self._logged_files.locked(entry.id) as file:
                shelf.empty(file)
        first = segments_of(series.journal.folder)
        series.first = first_of(first[0]) if first else series.first
        self._forgotten = base

    def _fail(self, error: OSError) -> None:
        logs.event("intake_log_failed", level=logging.ERROR, error=error)
        self._end()

    def _end(self) -> None:
        if self._series is not None:
            self._series.journal.close()
            self._series = None


def _chain_at(db: Connection, pos: int) -> bytes | None:
    return chain_at(store.history(db), pos)


def _row(one: Stored) -> ShippedRow:
    return ShippedRow(
        pos=one.pos,
        id=one.item_id,
        item_id=one.item_id,
        sha256=one.envelope.sha256,
        received_at="",
        header=one.envelope.header,
        sealed=one.envelope.sealed,
        sig=one.envelope.sig,
    )
