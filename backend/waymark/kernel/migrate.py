"""Numbered, forward-only migrations: one text for both engines, applied in one transaction each.

Statements are separated by a blank line. A first line `-- only: sqlite` or `-- only: postgres` keeps a
statement to one engine. An applied migration never changes: its SHA-256 is remembered and compared.
"""

import hashlib
import re
from collections.abc import Mapping
from importlib import resources

from msgspec import Struct

from waymark.kernel.clock import now
from waymark.kernel.db import Connection, Database, DatabaseFault, Sql

PACKAGE = "waymark.migrations"

MAKE_BLOB = Sql(
    "SELECT 1",
    postgres="DO $$ BEGIN CREATE DOMAIN blob AS bytea; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
)
MAKE_TABLE = Sql("""
    CREATE TABLE IF NOT EXISTS migration (
      number BIGINT PRIMARY KEY,
      name TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      applied_at TEXT NOT NULL
    )
""")
APPLIED = Sql("SELECT number, name, sha256 FROM migration ORDER BY number")
REMEMBER = Sql("""
    INSERT INTO migration (number, name, sha256, applied_at)
    VALUES (:number, :name, :sha256, :applied_at)
""")


class Migration(Struct, frozen=True, kw_only=True):
    number: int
    name: str
    sha256: str
    text: str = ""


def shipped() -> list[Migration]:
    """Every migration in the package, in order."""
    found = []
    for file in sorted(resources.files(PACKAGE).iterdir(), key=lambda f: f.name):
        named = re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name)
        if named:
            text = file.read_text(encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(number=int(named[1]), name=named[2], sha256=digest, text=text))
    return found


def statements(text: str, engine: str) -> list[Sql]:
    """The statements of one migration that are meant for `engine`."""
    found = []
    for chunk in re.split(r"\n\s*\n", text):
        only = re.match(r"\s*-- only: (\w+)", chunk)
        meant = only is None or only[1] == engine
        if meant and re.sub(r"--[^\n]*", "", chunk).strip():
            found.append(Sql(chunk.strip().rstrip(";")))
    return found


async def pending(database: Database) -> list[Migration]:
    """Shipped and not applied. Raises DatabaseFault when an applied one differs from what is shipped."""
    await database.write(_prepare)
    applied = {m.number: m for m in await database.read(lambda db: db.many(APPLIED, Migration))}
    _compare(applied)
    return [m for m in shipped() if m.number not in applied]


async def migrate(database: Database) -> list[Migration]:
    """Apply what is pending, oldest first. Returns what was applied."""
    todo = await pending(database)
    for migration in todo:
        await database.write(_apply, migration)
    return todo


def _prepare(db: Connection) -> None:
    db.serialise("migrate")
    db.execute(MAKE_BLOB)
    db.execute(MAKE_TABLE)


def _apply(db: Connection, migration: Migration) -> None:
    db.serialise("migrate")
    for statement in statements(migration.text, db.engine):
        db.execute(statement)
    db.execute(
        REMEMBER, number=migration.number, name=migration.name, sha256=migration.sha256, applied_at=now()
    )


def _compare(applied: Mapping[int, Migration]) -> None:
    known = {m.number: m for m in shipped()}
    for number, migration in applied.items():
        if number not in known:
            raise DatabaseFault(
                f"the database has migration {number} that this version does not know; update Waymark"
            )
        if known[number].sha256 != migration.sha256:
            raise DatabaseFault(
                f"migration {number} was changed after it was applied; restore the shipped file"
            )
