"""The one layer over two engines keeps the same promises on both."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import Struct
from pysqlite3 import dbapi2

from waymark.kernel.db import Connection, Database, DatabaseFault, Refused, Sql, open_database
from waymark.kernel.db import sqlite as sqlite_module
from waymark.kernel.migrate import pending

MAKE = Sql(
    "CREATE TABLE jar (id BIGINT PRIMARY KEY, label TEXT NOT NULL, open BOOLEAN NOT NULL, jam BLOB, at TEXT)"
)
PUT = Sql("INSERT INTO jar (id, label, open, jam, at) VALUES (:id, :label, :open, :jam, :at)")
ALL = Sql("SELECT id, label, open, jam, at FROM jar ORDER BY id")
COUNT = Sql("SELECT COUNT(*) FROM jar")
NOON = datetime(2026, 1, 2, 12, 0, 0, 678_000, tzinfo=UTC)


class Jar(Struct, frozen=True, kw_only=True):
    id: int
    label: str
    open: bool
    jam: bytes | None
    at: datetime


def put(db: Connection, number: int, label: str = "plum") -> int:
    return db.execute(PUT, id=number, label=label, open=True, jam=b"\x00\xff", at=NOON)


@pytest.fixture
async def jars(blank: Database) -> Database:
    await pending(blank)  # gives PostgreSQL the BLOB type
    await blank.write(lambda db: db.execute(MAKE))
    return blank


async def test_a_row_comes_back_as_it_went_in(jars: Database) -> None:
    await jars.write(put, 1, "50% :plum 'n' pear")

    found = await jars.read(lambda db: db.one(ALL, Jar))

    assert found == Jar(id=1, label="50% :plum 'n' pear", open=True, jam=b"\x00\xff", at=NOON)


async def test_a_failed_unit_of_work_leaves_nothing_behind(jars: Database) -> None:
    def half(db: Connection) -> None:
        put(db, 1)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await jars.write(half)

    assert await jars.read(lambda db: db.one(COUNT, int)) == 0


async def test_the_database_refuses_in_the_same_words(jars: Database) -> None:
    await jars.write(put, 1)

    with pytest.raises(Refused):
        await jars.write(put, 1)
    with pytest.raises(Refused):
        await jars.write(lambda db: db.execute(PUT, id=2, label=None, open=True, jam=None, at=NOON))


async def test_a_read_cannot_write(jars: Database) -> None:
    with pytest.raises(DatabaseFault):
        await jars.read(put, 1)

    assert await jars.read(lambda db: db.one(COUNT, int)) == 0


async def test_a_cancelled_caller_does_not_undo_a_commit_half_way(jars: Database) -> None:
    task = asyncio.ensure_future(jars.write(put, 1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await jars.write(put, 2)

    assert await jars.read(lambda db: db.one(COUNT, int)) == 2


async def test_serialised_writers_never_see_the_same_maximum(jars: Database) -> None:
    top = Sql("SELECT COALESCE(MAX(id), 0) FROM jar")

    def next_jar(db: Connection) -> None:
        db.serialise("jars")
        put(db, (db.one(top, int) or 0) + 1)

    await asyncio.gather(*(jars.write(next_jar) for _ in range(40)))

    assert await jars.read(lambda db: db.one(top, int)) == 40


async def test_many_rows_are_written_and_one_that_is_refused_takes_all_back(jars: Database) -> None:
    rows: list[Mapping[str, object]] = [
        {"jam": bytes([n]), "at": NOON, "open": n % 2 == 0, "label": f"jar {n}", "id": n} for n in range(200)
    ]
    await jars.write(lambda db: db.execute_many(PUT, rows))
    again = [{**row, "id": 1_000 + n} for n, row in enumerate(rows)]
    again[70] = {**again[70], "id": 3}

    with pytest.raises(Refused):
        await jars.write(lambda db: db.execute_many(PUT, again))

    found = await jars.read(lambda db: db.many(ALL, Jar))
    assert [(jar.id, jar.label, jar.jam, jar.open) for jar in found] == [
        (n, f"jar {n}", bytes([n]), n % 2 == 0) for n in range(200)
    ]


async def test_execute_many_writes_every_row(jars: Database) -> None:
    rows: list[Mapping[str, object]] = [
        {"id": number, "label": "fig", "open": False, "jam": None, "at": NOON} for number in range(50)
    ]

    await jars.write(lambda db: db.execute_many(PUT, rows))

    assert await jars.read(lambda db: len(db.many(ALL, Jar))) == 50


async def test_sqlite_syncs_every_commit_and_erases_what_it_deletes(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/a.db")
    facts = await database.facts()
    await database.close()

    assert (facts["journal_mode"], facts["synchronous"], facts["secure_delete"]) == ("wal", "2", "1")


async def test_the_log_is_checkpointed_in_the_background_and_cut_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    log = path.with_name("a.db-wal")
    database = await open_database(f"sqlite:///{path}")
    await database.write(lambda db: db.execute(MAKE))
    jam = {"label": "plum", "open": True, "jam": bytes(16_000), "at": NOON}
    rows = [{"id": number, **jam} for number in range(500)]

    await database.write(lambda db: db.execute_many(PUT, rows))
    grown = log.stat().st_size
    await database.write(put, 5_000)  # behind the checkpoint in the writer's queue
    await database.write(put, 5_001)
    left = log.stat().st_size
    await database.close()

    # Were it not cut back, its length would ask for a checkpoint after every commit from now on.
    assert grown > 3 * sqlite_module.WAL_CHECKPOINT_BYTES
    assert left < 1.2 * sqlite_module.WAL_CHECKPOINT_BYTES


async def test_an_old_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbapi2, "sqlite_version_info", (3, 40, 1))

    with pytest.raises(DatabaseFault, match="newer is needed"):
        await open_database(f"sqlite:///{tmp_path}/a.db")


@pytest.mark.parametrize("where", ["mysql://x", "sqlite://relative.db", ""])
async def test_an_unknown_address_says_what_to_write(where: str) -> None:
    with pytest.raises(DatabaseFault, match="must begin with"):
        await open_database(where)


@pytest.mark.parametrize(
    ("text", "compiled"),
    [
        ("SELECT :a", "SELECT %(a)s"),
        ("SELECT ':a', '50%'", "SELECT ':a', '50%%'"),
        ("SELECT a::text -- :b", "SELECT a::text -- :b"),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', %(b)s"),
        ("SELECT 5 % 3", "SELECT 5 %% 3"),
    ],
)
def test_parameters_are_found_outside_texts_and_comments_only(text: str, compiled: str) -> None:
    assert Sql(text).for_postgres == compiled
