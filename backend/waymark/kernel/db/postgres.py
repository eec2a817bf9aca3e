"""PostgreSQL: a psycopg pool behind a small executor, so that stores stay plain synchronous functions."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from waymark.kernel.asking import carried
from waymark.kernel.db.connection import Connection, Engine
from waymark.kernel.db.faults import DatabaseFault, Full, Refused, Unavailable
from waymark.kernel.db.rows import parameters, read_row
from waymark.kernel.db.sql import Sql

T = TypeVar("T")
P = ParamSpec("P")

VERSION_MIN = 150_000
THREADS = 8
WAIT_S = 10.0
TRIES = 3  # a deadlock or a serialisation failure undoes everything, so running the work again is safe

SERIALISE = Sql("SELECT 1", postgres="SELECT pg_advisory_xact_lock(hashtextextended(:name, 0)) IS NULL")


class PostgresConnection:
    """A Connection over psycopg's, inside its transaction."""

    engine: Engine = "postgres"

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    def one(self, sql: Sql, shape: type[T], /, **values: Any) -> T | None:
        cursor = self._run(sql, values)
        row = cursor.fetchone()
        return None if row is None else read_row(_columns(cursor), row, shape)

    def many(self, sql: Sql, shape: type[T], /, **values: Any) -> list[T]:
        cursor = self._run(sql, values)
        columns = _columns(cursor)
        return [read_row(columns, row, shape) for row in cursor.fetchall()]

    def execute(self, sql: Sql, /, **values: Any) -> int:
        return self._run(sql, values).rowcount

    def execute_many(self, sql: Sql, rows: Iterable[Mapping[str, Any]], /) -> None:
        with _faults():
            self._raw.cursor().executemany(sql.for_postgres, [parameters(row) for row in rows])

    def serialise(self, name: str, /) -> None:
        self._run(SERIALISE, {"name": name})

    def _run(self, sql: Sql, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        with _faults():
            return self._raw.execute(sql.for_postgres, parameters(values))


class PostgresDatabase:
    """Made by `open_postgres`."""

    engine: Engine = "postgres"

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]]) -> None:
        self._pool = pool
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="postgres")

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._hop(lambda db: work(db, *args, **kwargs), read_only=False)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._hop(lambda db: work(db, *args, **kwargs), read_only=True)

    async def facts(self) -> Mapping[str, str]:
        def ask(db: Connection) -> dict[str, str]:
            names = (
                "server_version_num",
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "server_encoding",
            )
            return {name: str(db.one(Sql(f"SHOW {name}"), str)) for name in names}

        return await self.read(ask)

    async def drop_traces(self) -> bool:
        """Its own cleaning overwrites old rows in time; the keys that opened them are gone."""
        return True

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.close)
        self._threads.shutdown(wait=True)

    async def _hop(self, work: Callable[[Connection], T], *, read_only: bool) -> T:
        loop = asyncio.get_running_loop()
        return await asyncio.shield(
            loop.run_in_executor(self._threads, carried(partial(self._try, work, read_only)))
        )

    def _try(self, work: Callable[[Connection], T], read_only: bool) -> T:
        for _ in range(TRIES - 1):
            try:
                return self._transaction(work, read_only)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                continue
        return self._transaction(work, read_only)

    def _transaction(self, work: Callable[[Connection], T], read_only: bool) -> T:
        with _faults(), self._pool.connection() as raw:
            raw.read_only = read_only
            raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if read_only else None
            with raw.transaction():
                return work(PostgresConnection(raw))


async def open_postgres(url: str) -> PostgresDatabase:
    """Raises DatabaseFault when the server is out of reach or too old."""
    pool = ConnectionPool(
        url, min_size=1, max_size=THREADS, open=False, timeout=WAIT_S, kwargs={"autocommit": False}
    )
    try:
        await asyncio.to_thread(pool.open, True, WAIT_S)
    except PoolTimeout as error:
        await asyncio.to_thread(pool.close)
        raise Unavailable(
            "PostgreSQL does not answer; check WAYMARK_DATABASE_URL and that it runs"
        ) from error
    database = PostgresDatabase(pool)
    version = int((await database.facts())["server_version_num"])
    if version < VERSION_MIN:
        await database.close()
        raise DatabaseFault(f"PostgreSQL {version // 10_000} is too old; 15 or newer is needed")
    return database


def _columns(cursor: psycopg.Cursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


class _faults:  # noqa: N801 - reads as a statement: with _faults():
    """Driver errors in the house's words; a clash of transactions passes, for `_try` to run again."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected)):
            return
        if isinstance(error, psycopg.IntegrityError):
            raise Refused("a constraint refused the row") from error
        if isinstance(error, errors.DiskFull):
            raise Full("no room on the disk") from error
        if isinstance(error, (psycopg.OperationalError, errors.ReadOnlySqlTransaction, PoolTimeout)):
            raise Unavailable("PostgreSQL is out of reach or will not write") from error
