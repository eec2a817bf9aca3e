"""Whole copies of a database: one file of a moment, taken beside the running service, and put back.

SQLite copies itself on a reader; PostgreSQL has its own tools for it, which see the very snapshot that is
described. Plain and blocking, for commands and for threads of their own.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pysqlite3 import dbapi2

from waymark.kernel.db.connection import Connection
from waymark.kernel.db.faults import DatabaseFault, Full, Unavailable
from waymark.kernel.db.postgres import PostgresConnection
from waymark.kernel.db.sqlite import READER_PRAGMAS, SqliteConnection

FILE_MODE: Final = 0o600
COPIER_PRAGMAS: Final = tuple(p for p in READER_PRAGMAS if "query_only" not in p)
"""VACUUM INTO counts as writing, though it only reads what it copies."""
TOOLS: Final = Path("/usr/lib/postgresql")  # where Debian keeps those of every version
_FAULTS_SHOWN: Final = 300  # characters of a tool's complaint


@contextmanager
def snapshot(url: str, folder: Path) -> Iterator[tuple[Connection, Path]]:
    """A copy as one file in `folder`, and a view of the same moment. Neither stops a writer."""
    out = folder / "database"
    os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    if path := sqlite_path(url):
        _copy_sqlite(path, out)
        with reading(f"sqlite:///{out}") as db:
            yield db, out
        return
    with _postgres(url) as raw:
        raw.read_only = True
        raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        exported = raw.execute("SELECT pg_export_snapshot()").fetchone()
        if exported is None:
            raise AssertionError("an exported snapshot has a name")
        what = (
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={exported[0]}",
            f"--file={out}",
        )
        _run_tool("pg_dump", url, *what)
        yield PostgresConnection(raw), out


def put_back(url: str, copy: Path) -> None:
    """Into a database that is empty, all of it or nothing. On SQLite `copy` itself becomes the file."""
    if path := sqlite_path(url):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy.replace(path)
        return
    _run_tool(
        "pg_restore",
        url,
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        str(copy),
    )


def is_empty(url: str) -> bool:
    """True where a copy may be put back: no file, or no table."""
    if path := sqlite_path(url):
        return not any(path.with_name(path.name + end).exists() for end in ("", "-wal"))
    with _postgres(url) as raw:
        found = raw.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return found is not None and found[0] == 0


def wipe(url: str) -> None:
    """Take away everything that is in it: only for what an interrupted restore has left."""
    if path := sqlite_path(url):
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        return
    with _postgres(url) as raw:
        raw.execute("DROP SCHEMA public CASCADE")
        raw.execute("CREATE SCHEMA public")


@contextmanager
def scratch(url: str, folder: Path) -> Iterator[str]:
    """An empty database of the same kind, gone afterwards. PostgreSQL must allow the account to make one."""
    if sqlite_path(url):
        yield f"sqlite:///{folder / 'scratch.db'}"
        return
    name = f"waymark_scratch_{token_hex(6)}"
    _administer(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        _administer(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """One consistent view. Raises Unavailable where there is no such database."""
    if path := sqlite_path(url):
        if not path.is_file():
            raise Unavailable(f"there is no database at {path}")
        with closing(_sqlite(path)) as raw:
            raw.execute("BEGIN")
            yield SqliteConnection(raw)
            raw.execute("ROLLBACK")
        return
    with _postgres(url) as raw:
        raw.read_only = True
        raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield PostgresConnection(raw)


def damage(url: str) -> list[str]:
    """What the engine finds wrong with a copy. PostgreSQL has checked every constraint on the way in."""
    path = sqlite_path(url)
    if path is None:
        return []
    try:
        with closing(_sqlite(path)) as raw:
            found = [str(row[0]) for row in raw.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            return found + [
                f"foreign key of {row[0]}" for row in raw.execute("PRAGMA foreign_key_check").fetchmany(5)
            ]
    except dbapi2.DatabaseError:
        return ["this is no SQLite database, or a damaged one"]


def sqlite_path(url: str) -> Path | None:
    """None on PostgreSQL."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _copy_sqlite(path: Path, out: Path) -> None:
    """Leaves nothing behind of what was deleted, either."""
    if not path.is_file():
        raise Unavailable(f"there is no database at {path}")
    try:
        with closing(_sqlite(path, COPIER_PRAGMAS)) as raw:
            raw.execute("VACUUM INTO ?", (str(out),))
    except dbapi2.OperationalError as error:
        if "full" in str(error):
            raise Full("no room for the copy") from error
        raise Unavailable("the database could not be copied") from error


def _sqlite(path: Path, pragmas: tuple[str, ...] = READER_PRAGMAS) -> Any:
    raw = dbapi2.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None)
    for pragma in pragmas:
        raw.execute(pragma).fetchall()
    return raw


def _postgres(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url)
    except psycopg.OperationalError as error:
        raise Unavailable(
            "PostgreSQL does not answer; check WAYMARK_DATABASE_URL and that it runs"
        ) from error


def _administer(url: str, statement: sql.Composed) -> None:
    try:
        with psycopg.connect(url, autocommit=True) as raw:
            raw.execute(statement)
    except psycopg.Error as error:
        raise DatabaseFault(
            "a scratch database could not be made: allow the account to (ALTER ROLE ... CREATEDB)"
        ) from error


def _run_tool(name: str, url: str, *arguments: str) -> None:
    """The password goes by the environment: other accounts can see a command line."""
    facts = conninfo_to_dict(url)
    secret = {"PGPASSWORD": str(facts.pop("password"))} if facts.get("password") else {}
    where = make_conninfo("", **facts)
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [_tool(name), f"--dbname={where}", *arguments],
        env={**os.environ, **secret},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseFault(f"{name} failed: {done.stderr.strip()[:_FAULTS_SHOWN]}")


def _tool(name: str) -> str:
    """Of the newest version that is here: an older one cannot read a newer server."""
    found = sorted(
        TOOLS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0
    )
    if tool := (str(found[-1]) if found else shutil.which(name)):
        return tool
    raise DatabaseFault(f"{name} is not installed: it comes with PostgreSQL's client programs")
