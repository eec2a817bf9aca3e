"""Held is not lost: what is held is tried again when it is asked for, and when the opener can do more."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from support.desk import enrol_device
from support.reports import Device, Report, push_of
from waymark.audit.records import SERVICE
from waymark.intake import actions, jobs, rules
from waymark.intake.jobs import LOOK_BACK_EVERY, Opener, open_waiting
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.messages import AttentionBody, ReceiptBody
from waymark_sync.policy import Pack
from waymark_sync.protocol import Message
from waymark_sync.report import SCHEMA_VERSION, ReportBody, read_report
from waymark_sync.seal import new_key

STATES = Sql("SELECT state || COALESCE(':' || reason, '') AS state FROM intake_item ORDER BY pos")
MESSAGES = Sql("""
    SELECT id, pos, kind, sealed, kid, sig FROM mailbox_message WHERE feed_id = :feed_id ORDER BY pos
""")
REOPENED = Sql("SELECT detail FROM audit_entry WHERE action = 'item.reopened' ORDER BY pos")


async def push(database: Database, *reports: Report) -> None:
    for report in reports:
        pushed = read_push(decode_push(encode(push_of(report), MSGPACK), MSGPACK))
        await database.write(actions.commit_pushes, [pushed], now=clock.now())


async def states(database: Database) -> list[str]:
    return await database.read(lambda db: db.many(STATES, str))


async def feed(database: Database, device: Device) -> list[Message]:
    return await database.read(lambda db: db.many(MESSAGES, Message, feed_id=device.id))


async def reopen(database: Database, item_ids: Sequence[str]) -> list[str]:
    return await database.write(actions.reopen, item_ids, actor=SERVICE, why="asked", now=clock.now())


def reading_version_nine(plaintext: bytes, *, schema_v: int) -> ReportBody:
    return read_report(plaintext, schema_v=SCHEMA_VERSION if schema_v == 9 else schema_v)


async def test_a_later_version_opens_by_itself_what_an_earlier_one_did_not_know(
    database: Database,
    opener: Opener,
    ring: KeyRing,
    vault: Vault,
    pack: Pack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = Device().report(ring, header={"schema_v": 9})
    await push(database, report)
    await open_waiting(opener)
    assert await states(database) == ["dead_letter:unreadable: schema version 9 is not known here"]

    await open_waiting(Opener(database, ring, vault, pack))
    assert await states(database) == ["dead_letter:unreadable: schema version 9 is not known here"]
    monkeypatch.setattr(rules, "read_report", reading_version_nine)
    monkeypatch.setattr(jobs, "VERSION", "next")
    await open_waiting(Opener(database, ring, vault, pack))

    assert await states(database) == ["opened"]
    told, clear = await feed(database, report.device)
    assert report.device.read(told, AttentionBody).reason == "dead_letter"
    assert report.device.read(clear, ReceiptBody).item_id == report.item_id


async def test_what_still_cannot_be_opened_is_told_of_once(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    report = Device().report(ring, plaintext=b"Help")
    await push(database, report)
    await open_waiting(opener)

    for _ in range(3):
        assert await reopen(database, [report.item_id]) == [report.item_id]
        assert await open_waiting(opener) == 1

    assert await states(database) == ["dead_letter:unreadable: not JSON"]
    assert len(await feed(database, report.device)) == 1


async def test_asking_twice_does_no_more_than_asking_once(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    held, fine = Device().report(ring, signer=new_key()), Device().report(ring)
    await push(database, held, fine)
    await open_waiting(opener)

    asked = [held.item_id, fine.item_id, str(uuid4())]
    assert await reopen(database, asked) == [held.item_id]
    assert await reopen(database, asked) == []

    assert await states(database) == ["waiting", "opened"]
    [detail] = await database.read(lambda db: db.many(REOPENED, str))
    assert "asked" in detail


async def test_a_tablet_that_becomes_known_proves_what_it_sent_before(
    database: Database, ring: KeyRing, vault: Vault, pack: Pack, opener: Opener
) -> None:
    tablet = Device(visitor=False)
    await push(database, tablet.report(ring))
    await open_waiting(opener)
    assert await states(database) == ["quarantined:device_unknown"]

    await database.write(enrol_device, tablet)
    assert await open_waiting(opener) == 0, "it looks back now and then, not all the time"
    later = clock.now() + LOOK_BACK_EVERY + timedelta(seconds=1)
    await open_waiting(Opener(database, ring, vault, pack, now=lambda: later))

    assert await states(database) == ["opened"]


async def test_the_list_is_filtered_and_goes_on_where_it_stopped(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    phone = Device()
    unread = [Device().report(ring, plaintext=b"Help") for _ in range(3)]
    once = phone.report(ring)
    await push(database, *unread, Device().report(ring, signer=new_key()), once)
    await push(database, phone.report(ring, header={"seq": once.header.seq}))
    await open_waiting(opener)

    first = await database.read(actions.held, limit=2)
    rest = await database.read(actions.held, before=first[-1].pos, limit=10)

    states = [item.state for item in first + rest]
    assert states == ["conflict", "quarantined", "dead_letter", "dead_letter", "dead_letter"]
    for state, count in (("conflict", 1), ("quarantined", 1), ("dead_letter", 3)):
        assert len(await database.read(actions.held, state=state, limit=10)) == count
