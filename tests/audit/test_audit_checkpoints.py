"""Checkpoints of the trail: when they are made, where they go, and what they show."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from waymark.audit import actions
from waymark.audit.jobs import Notary, file_name
from waymark.audit.records import Actor, Checkpoint, Entry, KeptCheckpoint, Subject
from waymark.audit.rules import CHECKPOINT_AGE, CHECKPOINT_ENTRIES, checkpoint_due
from waymark.cli.audit import audit
from waymark.kernel import lineage, signed
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Database, Refused, Sql
from waymark.kernel.keys import KeyRing, create_keys
from waymark.kernel.settings import Settings
from waymark.kernel.signed import NotSigned

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SAM = Actor(id="person-1", role="police_triage")
DROP_TRIGGERS = {
    "sqlite": (Sql("DROP TRIGGER audit_entry_never_changes"),),
    "postgres": (Sql("DROP TRIGGER audit_entry_never_changes ON audit_entry"),),
}
EDIT = Sql("UPDATE audit_entry SET detail = '{\"n\":7}' WHERE pos = 3")
CHANGE_CHECKPOINT = Sql("UPDATE audit_checkpoint SET made_at = 'x'")


def act(db: Connection, n: int) -> Entry:
    subject = Subject(kind="report", id="r")
    return actions.append(
        db,
        actor=SAM,
        action="report.viewed",
        subject=subject,
        detail={"n": n},
        now=NOW + timedelta(seconds=n),
    )


async def acts(database: Database, count: int) -> None:
    for n in range(count):
        await database.write(act, n)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_DATA": str(settings.data),
        "WAYMARK_DATABASE_URL": settings.database_url,
        "WAYMARK_KEYS": str(settings.keys),
    }


@pytest.fixture
async def begun(database: Database) -> Database:
    await database.write(lineage.begin, now=NOW)
    return database


def entry_at(pos: int) -> Entry:
    return Entry(
        pos=pos, at=stamp(NOW), actor_id="a", actor_role="r", action="x", subject_kind="k", subject_id="s",
        detail="{}", prev_hash=b"", hash=b"",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("last", "age", "head", "wanted"),
    [
        (None, timedelta(0), None, False),
        (None, timedelta(0), 1, True),
        (5, timedelta(days=9), 5, False),
        (5, CHECKPOINT_AGE - timedelta(seconds=1), 6, False),
        (5, CHECKPOINT_AGE, 6, True),
        (5, timedelta(0), 5 + CHECKPOINT_ENTRIES - 1, False),
        (5, timedelta(0), 5 + CHECKPOINT_ENTRIES, True),
        (9, timedelta(days=9), 5, False),
    ],
)
def test_when_one_is_due(last: int | None, age: timedelta, head: int | None, *, wanted: bool) -> None:
    kept = KeptCheckpoint(pos=last, made_at=stamp(NOW - age), signed=b"") if last else None

    assert checkpoint_due(kept, entry_at(head) if head else None, now=NOW) == wanted


async def test_it_is_signed_and_says_what_stands_at_its_position(begun: Database, ring: KeyRing) -> None:
    await acts(begun, 3)

    made = await begun.write(actions.checkpoint, ring, now=NOW)
    again = await begun.write(actions.checkpoint, ring, now=NOW + timedelta(days=1))

    assert made is not None
    told = actions.believed(made.signed, ring)
    found = await begun.read(actions.examine, [told])
    assert (told.pos, again) == (3, None)
    assert (found.holds, found.agreed, found.agreed_upto, found.entries) == (True, 1, 3, 3)


async def test_one_of_another_service_is_not_believed(begun: Database, ring: KeyRing, tmp_path: Path) -> None:
    other = create_keys(tmp_path / "other", issued_at=1)
    await acts(begun, 1)
    made = await begun.write(actions.checkpoint, other, now=NOW)
    assert made is not None

    for raw in (made.signed, made.signed[:-9], b"{}", b""):
        with pytest.raises(NotSigned):
            actions.believed(raw, ring)


async def test_no_statement_changes_one(begun: Database, ring: KeyRing) -> None:
    await acts(begun, 1)
    await begun.write(actions.checkpoint, ring, now=NOW)

    with pytest.raises(Refused):
        await begun.write(lambda db: db.execute(CHANGE_CHECKPOINT))


async def test_a_copy_of_each_goes_outside_and_what_is_missing_follows(
    begun: Database, ring: KeyRing, tmp_path: Path
) -> None:
    folder, time = tmp_path / "elsewhere", [NOW]
    notary = Notary(begun, ring, folder, now=lambda: time[0])
    await acts(begun, 2)
    with pytest.raises(FileNotFoundError):  # it is made all the same
        await notary.step()
    time[0] += CHECKPOINT_AGE
    await begun.write(act, 3)
    with pytest.raises(FileNotFoundError):
        await notary.step()
    folder.mkdir()

    await notary.step()
    await notary.step()

    kept = await begun.read(lambda db: list(actions.checkpoints(db)))
    assert [one.pos for one in kept] == [2, 3]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        file_name(one): one.signed for one in kept
    }
    assert [actions.believed(path.read_bytes(), ring).pos for path in sorted(folder.iterdir())] == [2, 3]


async def test_the_command_tells_a_trail_that_holds_from_one_that_was_altered(
    begun: Database, ring: KeyRing, tmp_path: Path, environment: dict[str, str]
) -> None:
    await acts(begun, 5)
    outside = tmp_path / "checkpoint"
    made = await asyncio.to_thread(run, ["checkpoint"], environment)
    outside.write_text(made.output, encoding="ascii")
    asked = ["verify", "--checkpoints", str(outside)]

    before = await asyncio.to_thread(run, asked, environment)
    for statement in (*DROP_TRIGGERS[begun.engine], EDIT):
        await begun.write(lambda db, statement=statement: db.execute(statement))
    after = await asyncio.to_thread(run, asked, environment)
    shown = await asyncio.to_thread(run, ["show", "report", "r"], environment)

    assert (before.exit_code, before.output.splitlines()[-1]) == (0, "The trail holds.")
    assert (after.exit_code, after.output.splitlines()[-1]) == (1, "ALTERED at entry 3: altered")
    assert [line.split()[-1] for line in shown.output.splitlines()][2:4] == ['{"n":7}', '{"n":3}']


async def test_the_command_tells_of_what_a_restore_cut_off(
    begun: Database, ring: KeyRing, tmp_path: Path, environment: dict[str, str]
) -> None:
    """The checkpoint is of a branch that went on to entry 9; this database was restored with 5."""
    old = (await begun.read(lineage.current)).incarnation
    await begun.write(begins, old)
    await acts(begun, 4)
    beyond = Checkpoint(incarnation=old, pos=9, hash="00" * 32, at=stamp(NOW))
    outside = tmp_path / "9.json"
    outside.write_bytes(signed_by(ring, beyond))
    asked = ["verify", "--checkpoints", str(outside)]

    unexplained = await asyncio.to_thread(run, asked, environment)
    new = await begun.write(lineage.begin, now=NOW)
    await begun.write(begins, new.incarnation)
    await acts(begun, 6)
    lost = await asyncio.to_thread(run, asked, environment)
    known = await asyncio.to_thread(run, [*asked, "--restored", old], environment)

    assert (unexplained.exit_code, lost.exit_code, known.exit_code) == (1, 3, 0)
    assert f"say --restored {old}" in lost.output
    assert "The trail holds." in known.output


def begins(db: Connection, incarnation: str) -> None:
    subject = Subject(kind="lineage", id=incarnation)
    actions.append(db, actor=SAM, action="lineage.begun", subject=subject, now=NOW)


def signed_by(ring: KeyRing, told: Checkpoint) -> bytes:
    return signed.by_service(actions.LABEL, told, ring)


def run(arguments: list[str], environment: dict[str, str]) -> Result:
    """In a thread, because the command has a loop of its own."""
    return CliRunner().invoke(audit, arguments, env=environment)
