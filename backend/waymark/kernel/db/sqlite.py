"""SQLite: one writer that alone checkpoints, a few read-only readers, every commit synced.

The one place that knows pysqlite3 and aiosqlite's thread. A unit of work makes one hop to that thread,
not one per statement. WAL with synchronous=NORMAL loses acknowledged commits in a power cut; FULL does not.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import aiosqlite
from pysqlite3 import dbapi2

from waymark.kernel import logs
from waymark.kernel.asking import carried
from waymark.kernel.db.connection import Connection, Engine
from waymark.kernel.db.faults import DatabaseFault, Full, Refused, Unavailable
from waymark.kernel.db.rows import parameters, read_row
from waymark.kernel.db.sql import Sql
from waymark.kernel.keys import make_folder

T = TypeVar("T")
P = ParamSpec("P")

VERSION_MIN = (3, 51, 3)  # older libraries can lose commits when a WAL is reset (3.7.0-3.51.2)
READERS = 3
BUSY_MS = 5_000
PAGE_BYTES = 16_384  # sealed rows are 4.2 kB: measured best of 4, 8, 16 kB
WAL_CHECKPOINT_BYTES = 2 * 1024 * 1024  # by the writer, in the background, so that no answer waits for it

ROWS_AT_ONCE: Final = 64  # of an insertion: one statement instead of as many
_PLAIN_INSERT: Final = re.compile(
    r"(?P<head>\s*INSERT INTO \w+\s*\([\w\s,]+\)\s*VALUES\s*)\((?P<names>(?:\s*:\w+\s*,)*\s*:\w+\s*)\)\s*"
)

logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # at DEBUG it would print parameters


class SqliteConnection:
    """A Connection over the driver's own, used only on that driver's thread."""

    engine: Engine = "sqlite"

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def one(self, sql: Sql, shape: type[T], /, **values: Any) -> T | None:
        cursor = self._run(sql, values)
        row = cursor.fetchone()
        found = None if row is None else read_row([c[0] for c in cursor.description], row, shape)
        cursor.close()
        return found

    def many(self, sql: Sql, shape: type[T], /, **values: Any) -> list[T]:
        cursor = self._run(sql, values)
        rows = cursor.fetchall()
        columns = [c[0] for c in cursor.description]
        return [read_row(columns, row, shape) for row in rows]

    def execute(self, sql: Sql, /, **values: Any) -> int:
        return int(self._run(sql, values).rowcount)

    def execute_many(self, sql: Sql, rows: Iterable[Mapping[str, Any]], /) -> None:
        values = [parameters(row) for row in rows]
        insert = _insert_of_many(sql.for_sqlite)
        with _faults():
            while insert is not None and len(values) >= ROWS_AT_ONCE:
                some, values = values[:ROWS_AT_ONCE], values[ROWS_AT_ONCE:]
                self._raw.execute(insert.text, [row[name] for row in some for name in insert.names])
            self._raw.executemany(sql.for_sqlite, values)

    def serialise(self, name: str, /) -> None:
        pass

    def _run(self, sql: Sql, values: Mapping[str, Any]) -> Any:
        with _faults():
            return self._raw.execute(sql.for_sqlite, parameters(values))


class _Insert(NamedTuple):
    text: str
    names: tuple[str, ...]


@cache
def _insert_of_many(text: str) -> _Insert | None:
    """The same with ROWS_AT_ONCE rows of values. None for what is no plain insertion.

    The driver lets another thread run at each statement, and under load it waits to get back.
    """
    found = _PLAIN_INSERT.fullmatch(text)
    if found is None:
        return None
    names = tuple(name.strip().removeprefix(":") for name in found["names"].split(","))
    row = f"({', '.join('?' for _ in names)})"
    return _Insert(found["head"] + ", ".join([row] * ROWS_AT_ONCE), names)


class SqliteDatabase:
    """Made by `open_sqlite`."""

    engine: Engine = "sqlite"

    def __init__(self, path: Path, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self._writer = writer
        self._readers = readers
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._checkpoint: asyncio.Task[None] | None = None

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        result: T = await _hop(
            self._writer, _transaction, "BEGIN IMMEDIATE", lambda db: work(db, *args, **kwargs)
        )
        self._checkpoint_if_due()
        return result

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        async with self._reader() as reader:
            return await _hop(reader, _transaction, "BEGIN", lambda db: work(db, *args, **kwargs))

    async def facts(self) -> Mapping[str, str]:
        def ask(raw: Any) -> dict[str, str]:
            names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
            found = {name: str(raw.execute(f"PRAGMA {name}").fetchone()[0]) for name in names}
            return {"library": dbapi2.sqlite_version, **found}

        return await _hop(self._writer, ask)

    async def drop_traces(self) -> bool:
        """Pages are overwritten when they are freed; the log of changes still holds what they were."""

        def cut(raw: Any) -> bool:
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

        if self._checkpoint is not None:
            await self._checkpoint
        return bool(await _hop(self._writer, cut))

    async def close(self) -> None:
        if self._checkpoint is not None:
            await self._checkpoint
        for connection in (*self._readers, self._writer):
            await connection.close()

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        reader = await self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put_nowait(reader)

    def _checkpoint_if_due(self) -> None:
        if self._checkpoint is not None and not self._checkpoint.done():
            return
        try:
            due = self._wal.stat().st_size > WAL_CHECKPOINT_BYTES
        except FileNotFoundError:
            due = False
        if due:
            self._checkpoint = asyncio.create_task(self._run_checkpoint())

    async def _run_checkpoint(self) -> None:
        """One that fails loses nothing: what it would have copied stays in the log for the next."""
        try:
            await _hop(self._writer, lambda raw: raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())
        except dbapi2.Error as error:
            logs.event("checkpoint_failed", level=logging.WARNING, error=error)


async def open_sqlite(path: Path) -> SqliteDatabase:
    """Open or make the file. Raises DatabaseFault when the library is too old to be trusted."""
    if dbapi2.sqlite_version_info < VERSION_MIN:
        need = ".".join(map(str, VERSION_MIN))
        raise DatabaseFault(f"SQLite {dbapi2.sqlite_version} can lose commits; {need} or newer is needed")
    if not path.parent.is_dir():
        make_folder(path.parent)
    writer = await _connect(path, WRITER_PRAGMAS)
    readers = [await _connect(path, READER_PRAGMAS) for _ in range(READERS)]
    return SqliteDatabase(path, writer, readers)


_COMMON = (f"PRAGMA busy_timeout={BUSY_MS}", "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF")
WRITER_PRAGMAS = (
    *_COMMON,
    f"PRAGMA page_size={PAGE_BYTES}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA wal_autocheckpoint=0",
    # A checkpoint leaves the file as long as it was. Cut back when it starts again, its length tells how much
    # has come since; without this, every commit after the first 2 MB would be followed by a checkpoint.
    f"PRAGMA journal_size_limit={WAL_CHECKPOINT_BYTES}",
)
READER_PRAGMAS = (*_COMMON, "PRAGMA wal_autocheckpoint=0", "PRAGMA query_only=ON")


async def _connect(path: Path, pragmas: tuple[str, ...]) -> aiosqlite.Connection:
    def connector() -> Any:
        raw = dbapi2.connect(str(path), isolation_level=None, cached_statements=512)
        for pragma in pragmas:
            raw.execute(pragma).fetchall()
        return raw

    connection = aiosqlite.Connection(connector, iter_chunk_size=64)
    connection._thread.daemon = True  # a crash of the loop must not leave the process hanging
    return await connection


async def _hop(connection: aiosqlite.Connection, work: Callable[..., T], *args: Any) -> T:
    """Run `work(driver_connection, ...)` on the connection's own thread.

    Shielded: when the waiting task is cancelled the work still runs to its commit or rollback.
    """
    result: T = await asyncio.shield(
        asyncio.ensure_future(_execute(connection, carried(lambda: work(connection._conn, *args))))
    )
    return result


def _execute(connection: Any, work: Callable[[], T]) -> Awaitable[T]:
    # aiosqlite's own door for "run this on your thread"; private, so a test holds it to what we need.
    ran: Awaitable[T] = connection._execute(work)
    return ran


def _transaction(raw: Any, begin: str, work: Callable[[Connection], T]) -> T:
    with _faults():
        raw.execute(begin)
    try:
        result = work(SqliteConnection(raw))
        with _faults():
            raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:  # a full disk may have rolled back already
            raw.execute("ROLLBACK")
        raise
    return result


class _faults:  # noqa: N801 - reads as a statement: with _faults():
    """Driver errors in the house's words."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, dbapi2.IntegrityError):
            raise Refused("a constraint refused the row") from error
        if isinstance(error, dbapi2.OperationalError):
            text = str(error)
            if "full" in text:
                raise Full("no room on the disk") from error
            if "locked" in text or "readonly" in text or "disk I/O" in text or "unable to open" in text:
                raise Unavailable("the database is locked or out of reach") from error
