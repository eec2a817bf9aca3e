"""Migrations go forward, once, and are never edited afterwards."""

import pytest

from waymark.kernel import migrate as subject
from waymark.kernel.db import Database, DatabaseFault, Sql
from waymark.kernel.migrate import Migration, migrate, pending, shipped, statements


def only(monkeypatch: pytest.MonkeyPatch, *migrations: Migration) -> None:
    monkeypatch.setattr(subject, "shipped", lambda: list(migrations))


FIRST = Migration(number=1, name="first", sha256="a" * 64, text="CREATE TABLE pear (id TEXT PRIMARY KEY);\n")
SECOND = Migration(
    number=2, name="second", sha256="b" * 64, text="ALTER TABLE pear ADD COLUMN ripe BOOLEAN;\n"
)


async def test_each_is_applied_once_in_order(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, FIRST)
    assert [m.number for m in await migrate(blank)] == [1]

    only(monkeypatch, FIRST, SECOND)
    assert [m.number for m in await migrate(blank)] == [2]

    assert await migrate(blank) == []
    await blank.read(lambda db: db.many(Sql("SELECT ripe FROM pear"), bool))


async def test_one_that_fails_leaves_nothing_behind(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration(
        number=1, name="x", sha256="c" * 64, text="CREATE TABLE fig (id TEXT);\n\nCREATE TABLE fig (id TEXT);"
    )
    only(monkeypatch, broken)

    with pytest.raises(Exception, match="fig"):
        await migrate(blank)

    assert len(await pending(blank)) == 1
    only(monkeypatch, Migration(number=1, name="x", sha256="d" * 64, text="CREATE TABLE fig (id TEXT);"))
    assert len(await migrate(blank)) == 1


async def test_an_edited_one_is_noticed(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, FIRST)
    await migrate(blank)
    only(monkeypatch, Migration(number=1, name="first", sha256="e" * 64))

    with pytest.raises(DatabaseFault, match="changed after it was applied"):
        await pending(blank)


async def test_a_newer_database_is_not_touched(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, FIRST, SECOND)
    await migrate(blank)
    only(monkeypatch, FIRST)

    with pytest.raises(DatabaseFault, match="update Waymark"):
        await pending(blank)


async def test_what_is_shipped_applies_on_both_engines(blank: Database) -> None:
    applied = await migrate(blank)

    assert [m.number for m in applied] == [m.number for m in shipped()]


def test_a_statement_may_be_meant_for_one_engine() -> None:
    trigger = "-- only: sqlite\nCREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END;\n"
    text = f"CREATE TABLE a (id TEXT);\n\n{trigger}"

    assert len(statements(text, "sqlite")) == 2
    assert len(statements(text, "postgres")) == 1
