"""The audit trail: nothing done unaudited, nothing changed unnoticed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from waymark.audit import actions, store
from waymark.audit.records import GENESIS, Actor, Break, Entry, Subject
from waymark.audit.rules import detail_text, entry_hash, first_break
from waymark.kernel.db import Connection, Database, Refused, Sql

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SAM = Actor(id="person-1", role="police_triage")
REPORT = Subject(kind="report", id="report-1")
ALTER = Sql("UPDATE audit_entry SET action = 'other' WHERE pos = 1")
DELETE = Sql("DELETE FROM audit_entry WHERE pos = 1")


def view(db: Connection, n: int = 0) -> Entry:
    return actions.append(
        db,
        actor=SAM,
        action="report.viewed",
        subject=REPORT,
        detail={"groups": ["narrative"], "count": n},
        now=NOW + timedelta(seconds=n),
    )


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for pos in range(1, length + 1):
        entry = Entry(
            pos=pos,
            at="2026-01-02T03:04:05.678Z",
            actor_id="a",
            actor_role="r",
            action="x",
            subject_kind="k",
            subject_id="s",
            detail="{}",
            prev_hash=entries[-1].hash if entries else GENESIS,
            hash=b"",
        )
        entries.append(replace(entry, hash=entry_hash(entry)))
    return entries


async def test_entries_follow_one_another(database: Database) -> None:
    first = await database.write(view, 1)
    second = await database.write(view, 2)

    assert (first.pos, first.prev_hash) == (1, GENESIS)
    assert (second.pos, second.prev_hash) == (2, first.hash)
    assert await database.read(actions.verify) is None
    assert await database.read(store.about, kind="report", id="report-1") == [first, second]


async def test_entries_made_at_once_still_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(database.write(view, n) for n in range(20)))

    assert await database.read(actions.verify) is None
    assert len(await database.read(store.after, 0, limit=99)) == 20


async def test_an_entry_goes_with_the_transaction_that_is_undone(database: Database) -> None:
    def fails(db: Connection) -> None:
        view(db)
        raise Refused

    with pytest.raises(Refused):
        await database.write(fails)

    assert await database.read(store.last) is None


@pytest.mark.parametrize("statement", [ALTER, DELETE])
async def test_the_database_refuses_to_change_an_entry(database: Database, statement: Sql) -> None:
    await database.write(view)

    with pytest.raises(Refused):
        await database.write(lambda db: db.execute(statement))

    assert await database.read(actions.verify) is None


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_whole_chain_holds(length: int) -> None:
    assert first_break(chain(length)) is None


FIELDS = ("at", "actor_id", "actor_role", "action", "subject_kind", "subject_id", "detail")


@pytest.mark.parametrize("field", FIELDS)
def test_an_edit_breaks_the_chain_where_it_was_made(field: str) -> None:
    entries = chain(5)
    entries[2] = replace(entries[2], **{field: "edited"})

    assert first_break(entries) == Break(pos=3, why="altered")


def test_an_edit_that_is_hashed_again_breaks_the_next_link() -> None:
    entries = chain(5)
    edited = replace(entries[2], action="edited")
    entries[2] = replace(edited, hash=entry_hash(edited))

    assert first_break(entries) == Break(pos=4, why="does_not_follow")


def test_a_deletion_and_a_swap_break_the_chain() -> None:
    entries = chain(5)

    assert first_break(entries[:1] + entries[2:]) == Break(pos=2, why="missing")
    assert first_break([entries[1], entries[0]]) == Break(pos=1, why="missing")


@pytest.mark.parametrize("value", ["two words", "café", "x" * 65])
def test_words_do_not_get_in(value: str) -> None:
    with pytest.raises(ValueError, match="codes"):
        detail_text({"reason": value})
    with pytest.raises(ValueError, match="codes"):
        detail_text({"reason": [value]})
