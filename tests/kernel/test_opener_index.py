"""The index at the opener: so much a day, over restarts; what cannot be put in today is put in tomorrow."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.test_opener import NORTH, Opener
from kernel.test_opener import short as short
from support.desk import seed
from support.reports import Device, Report, push_of
from waymark.intake import actions as intake
from waymark.intake import keeping
from waymark.intake.jobs import Opener as IntakeOpener
from waymark.intake.jobs import open_waiting
from waymark.intake.keys import store as keys_store
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.holders import load_holders
from waymark.kernel.keys import KeyRing
from waymark.kernel.opener.allowance import INDEX_A_DAY, ADay
from waymark.kernel.opener.client import FarVault
from waymark.kernel.opener.records import Answer, Digest, Request, UnwrapFor
from waymark.kernel.opener.server import OPENER, Answering
from waymark.kernel.opener.trail import Trail, read
from waymark.kernel.vault import Vault
from waymark.triage.jobs import Screener
from waymark.triage.reindexing import Reindexer
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.policy import load_pack

MONDAY_REPORTS = 18_000
EACH = 4
"""Telephone and e-mail, for a centre and a force."""


def test_ten_times_the_monday_is_never_stopped() -> None:
    index = ADay(INDEX_A_DAY, day="2026-01-05")

    assert all(index.take(day="2026-01-05") for _ in range(10 * MONDAY_REPORTS * EACH))
    assert not index.take(day="2026-01-05")
    assert not index.take(day="2026-01-04"), "a clock that is put back gives nothing"
    assert index.take(day="2026-01-06")


def answering(vault: Vault, path: Path, *, index_a_day: int) -> tuple[Answering, Trail]:
    trail = Trail(path, now=clock.stamp(clock.now()))
    return Answering(vault, trail, index_a_day=index_a_day), trail


def test_a_list_of_guesses_is_stopped_also_by_a_restart(vault: Vault, tmp_path: Path) -> None:
    path, answered = tmp_path / "trail", []
    for restart in range(3):
        opener, trail = answering(vault, path, index_a_day=100)
        for guess in range(80):
            asked = Request(f"person:{guess}", (Digest(NORTH, f"phone\n+4477009{restart}{guess}".encode()),))
            answered += opener.answer(asked).answers
        trail.flush()

    assert [answer.code for answer in answered] == [""] * 100 + ["used_up"] * 140
    assert [(line.who, line.did) for line in read(path)].count((OPENER, "index_used_up")) >= 1


def test_other_questions_are_answered_when_the_index_is_not(vault: Vault, tmp_path: Path) -> None:
    opener, _ = answering(vault, tmp_path / "trail", index_a_day=0)
    given = vault.holders.wrap(b"k" * 64, holder=NORTH, place=b"p")

    answers = opener.answer(
        Request("job:open", (Digest(NORTH, b"x"), UnwrapFor(given.wrapped, b"p")))
    ).answers

    assert answers == (Answer(code="used_up"), Answer(content=b"k" * 64))


@pytest.fixture
def far(vault: Vault, short: Path, keys: Path) -> Iterator[FarVault]:
    """Of an opener that answers for the index of nobody today."""
    opener = Opener(vault, short, peers={os.getuid()}, index_a_day=0)
    far = FarVault(opener.path, load_holders(keys))
    yield far
    far.close()


async def received(database: Database, ring: KeyRing, vault: Vault) -> Report:
    report = Device().report(ring, sharing_choice="P1", safe_contact={"phone": "07700 900123"})
    push = read_push(decode_push(encode(push_of(report), MSGPACK), MSGPACK))
    await database.write(intake.commit_pushes, [push], now=clock.now())
    await open_waiting(IntakeOpener(database, ring, vault, load_pack()))
    while await Screener(database, vault).step():
        pass
    return report


async def test_a_report_is_opened_without_the_index_and_found_later(
    database: Database, ring: KeyRing, vault: Vault, far: FarVault
) -> None:
    await seed(database, load_pack())
    await database.write(intake.ensure_lineage, now=clock.now())
    first = await received(database, ring, vault)

    report = await received(database, ring, far)

    assert await database.read(keys_store.indexed, report.item_id) == []
    assert await database.read(keeping.index_due, limit=9) == [report.item_id]
    unlucky = Reindexer(database, far)
    assert (await unlucky.step(), await unlucky.step()) == (1, 0), "it rests until it may be asked again"
    assert await Reindexer(database, vault).step() == 1
    assert await database.read(keeping.index_due, limit=9) == []
    assert await database.read(keeping.same_contact, report.item_id, NORTH) == [first.item_id]
    assert len(await database.read(keys_store.indexed, report.item_id)) == 2
