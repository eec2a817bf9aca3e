"""What a reporter adds to a report: believed by the phone's key or by the code, and otherwise held."""

import secrets
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace
from test_intake_opener import feed, opened, push, states

from support.reports import CANARY, Device, Report
from waymark.intake import actions
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.records import OpenedMessage
from waymark.intake.report_keys import new_keys, open_keys
from waymark.intake.rules import open_message
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark.mailbox import actions as mailbox
from waymark_sync.codec import to_base64url
from waymark_sync.messages import AttentionBody, ReceiptBody
from waymark_sync.protocol import Message
from waymark_sync.report import MESSAGE_SCHEMA_VERSION, MessageBody
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import new_key, raw_public

NOT_PROVEN = "quarantined:message_not_proven"
TRAIL = Sql("SELECT action || ':' || subject_id FROM audit_entry ORDER BY pos")


@pytest.fixture
def code() -> ReturnSecrets:
    """As if derived: how is the sync library's business."""
    return ReturnSecrets(
        locator=secrets.token_bytes(32), authenticator=secrets.token_bytes(32), reply=new_key()
    )


def with_code(device: Device, ring: KeyRing, code: ReturnSecrets, **header: Any) -> Report:
    if device.visitor:
        device.seal_key = code.reply
    given = {"return_keys": code.keys, "reply_key": raw_public(code.reply), **header}
    return device.report(ring, header=given)


def message(
    device: Device,
    ring: KeyRing,
    about: str,
    *,
    authenticator: bytes | str | None = None,
    plaintext: bytes | None = None,
    signer: Any = None,
    **header: Any,
) -> Report:
    item_id = str(uuid4())
    shown = to_base64url(authenticator) if isinstance(authenticator, bytes) else authenticator
    body = MessageBody(
        item_id=item_id,
        about=about,
        text=CANARY,
        app_build="test",
        ui_language="en",
        written_at="2026-01-02T03:04:05.678Z",
        authenticator=shown,
    )
    head = {"kind": "message", "schema_v": MESSAGE_SCHEMA_VERSION, "reply_key": None, **header}
    raw = msgspec.json.encode(body) if plaintext is None else plaintext
    return device.report(ring, item_id=item_id, header=head, plaintext=raw, signer=signer)


async def messages(database: Database) -> list[OpenedMessage]:
    return await database.read(actions.messages_after, 0, limit=99)


async def code_feed(database: Database, report: Report) -> list[Message]:
    return await feed(database, replace_id(report))


def replace_id(report: Report) -> Device:
    """The code's own feed is named by the report."""
    return Device(device_id=report.item_id)


async def test_a_message_goes_with_its_report_and_when_its_key_goes(
    database: Database, opener: Opener, ring: KeyRing, vault: Vault
) -> None:
    phone = Device()
    report = phone.report(ring)
    said = message(phone, ring, report.item_id)
    await push(database, report, said)

    await open_waiting(opener)

    [kept] = await messages(database)
    found = await opened(database, report)
    assert found is not None
    assert (kept.id, kept.number, kept.report_id) == (said.item_id, 1, report.item_id)
    keys = open_keys(vault, found.lock)
    assert open_message(keys, kept).text == CANARY
    assert CANARY.encode() not in kept.body
    with pytest.raises(CannotDecrypt):
        open_message(new_keys(), kept)
    with pytest.raises(CannotDecrypt):
        open_message(keys, replace(kept, id=str(uuid4())))
    assert await database.read(actions.messages_after, 1, limit=99) == []
    kinds = [phone.read(m, ReceiptBody).item_id for m in await feed(database, phone)]
    assert kinds == [report.item_id, said.item_id]


async def test_a_message_that_overtakes_its_report_waits_for_it(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    phone = Device()
    report = phone.report(ring)
    said = message(phone, ring, report.item_id)
    await push(database, said)
    await open_waiting(opener)
    assert await states(database) == [NOT_PROVEN]

    await push(database, report)
    await open_waiting(opener)

    assert await states(database) == ["opened", "opened"]
    assert [kept.id for kept in await messages(database)] == [said.item_id]


async def test_who_has_neither_the_key_nor_the_code_is_not_believed(
    database: Database, opener: Opener, ring: KeyRing, code: ReturnSecrets
) -> None:
    phone, stranger, other = Device(), Device(), Device()
    report, elsewhere = with_code(phone, ring, code), other.report(ring)
    await push(database, report, elsewhere)
    await open_waiting(opener)

    about = report.item_id
    await push(
        database,
        message(stranger, ring, about),
        message(Device(), ring, about, authenticator=secrets.token_bytes(32)),
        message(Device(), ring, about, authenticator=code.keys.verifier),
        message(Device(), ring, about, authenticator="A" * 42 + "B"),
        message(other, ring, about),
        message(Device(), ring, elsewhere.item_id, authenticator=code.authenticator),
        message(Device(), ring, str(uuid4()), authenticator=code.authenticator),
        message(phone, ring, str(uuid4())),
    )
    await open_waiting(opener)

    assert await states(database) == ["opened"] * 2 + [NOT_PROVEN] * 8
    assert await messages(database) == []
    assert len(await feed(database, phone)) == len(await feed(database, other)) == 1
    held = await database.read(actions.held, limit=9)
    assert {item.reason for item in held} == {"message_not_proven"}


async def test_a_borrowed_name_is_held_before_anything_is_read(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    phone = Device()
    report = phone.report(ring)
    await push(database, report)
    await open_waiting(opener)

    await push(
        database,
        message(phone, ring, report.item_id, signer=new_key()),
        message(Device(device_id=enrolled.id), ring, report.item_id),
        message(Device(visitor=False), ring, report.item_id),
    )
    await open_waiting(opener)

    assert (await states(database))[1:] == [
        "quarantined:signature_wrong",
        "quarantined:device_is_enrolled",
        "quarantined:device_unknown",
    ]


async def test_a_tablets_own_signature_is_not_the_reporters_word(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    report = with_code(enrolled, ring, code)
    alone = message(enrolled, ring, report.item_id)
    posing = Device()
    posing.sign_key = enrolled.sign_key
    as_visitor = message(posing, ring, report.item_id)
    proven = message(enrolled, ring, report.item_id, authenticator=code.authenticator)
    await push(database, report, alone, as_visitor, proven)

    await open_waiting(opener)

    assert await states(database) == ["opened", NOT_PROVEN, NOT_PROVEN, "opened"]
    assert [kept.id for kept in await messages(database)] == [proven.item_id]


async def test_what_is_no_message_is_held_for_a_person(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    phone = Device()
    report = phone.report(ring)
    await push(database, report)
    await open_waiting(opener)

    await push(
        database,
        message(phone, ring, report.item_id, plaintext=b"Help"),
        message(phone, ring, report.item_id, schema_v=MESSAGE_SCHEMA_VERSION + 1),
        message(phone, ring, report.item_id, kid="long-gone"),
        phone.report(ring, header={"kind": "message", "schema_v": MESSAGE_SCHEMA_VERSION}),
    )
    await open_waiting(opener)

    assert (await states(database))[1:] == [
        "dead_letter:unreadable: not JSON",
        "dead_letter:unreadable: schema version 2 is not known here",
        "dead_letter:key_unknown",
        "dead_letter:unreadable: does not fit the form",
    ]
    assert await messages(database) == []


async def test_a_message_opens_no_feed_of_its_own(
    database: Database, opener: Opener, ring: KeyRing, code: ReturnSecrets
) -> None:
    """Or its writer could be answered there, where nobody would look."""
    report = with_code(Device(), ring, code)
    elsewhere = Device()
    key = raw_public(elsewhere.seal_key)
    said = message(elsewhere, ring, report.item_id, authenticator=code.authenticator, reply_key=key)
    unreadable = message(elsewhere, ring, report.item_id, plaintext=b"Help", reply_key=key)
    await push(database, report, said, unreadable)

    await open_waiting(opener)

    assert [kept.id for kept in await messages(database)] == [said.item_id]
    assert await database.read(mailbox.feed, elsewhere.id) is None


async def test_a_phone_is_told_what_of_its_own_could_not_be_read(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    phone = Device()
    report = phone.report(ring)
    await push(database, report)
    await open_waiting(opener)

    bad = message(phone, ring, report.item_id, plaintext=b"Help", reply_key=raw_public(phone.seal_key))
    await push(database, bad)
    await open_waiting(opener)

    _, attention = await feed(database, phone)
    assert phone.read(attention, AttentionBody).item_id == bad.item_id


async def test_a_tablets_report_has_a_feed_that_the_code_alone_opens(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    report = with_code(enrolled, ring, code)
    await push(database, report)

    await open_waiting(opener)

    made = await database.read(mailbox.feed, report.item_id)
    assert made is not None
    assert (made.kind, made.sign_key, made.seal_key) == ("return", None, raw_public(code.reply))
    [own] = await feed(database, enrolled)
    [coded] = await code_feed(database, report)
    assert enrolled.read(own, ReceiptBody).item_id == report.item_id
    assert own.sealed != coded.sealed
    assert "return.claimed:" + report.item_id not in await database.read(lambda db: db.many(TRAIL, str))


async def test_the_first_report_keeps_a_code_that_another_one_names(
    database: Database, opener: Opener, ring: KeyRing, code: ReturnSecrets, enrolled: Device
) -> None:
    """Also when a stranger copies a header's return keys and puts a key of their own beside them."""
    first = with_code(Device(), ring, code)
    thief = Device()
    copied = thief.report(ring, header={"return_keys": code.keys})
    again = with_code(enrolled, ring, code)
    await push(database, first, copied, again)

    await open_waiting(opener)

    notes = [(await opened(database, r)).note for r in (first, copied, again)]  # type: ignore[union-attr]
    assert notes == [None, "return_code_reused", "return_code_reused"]
    way = await database.read(mailbox.way_back, locator=code.locator, authenticator=code.authenticator)
    assert way is not None
    assert (way.item_id, way.feed_id) == (first.item_id, first.device.id)
    assert await database.read(mailbox.feed, again.item_id) is None


async def test_a_code_without_a_key_to_answer_to_leads_nowhere_and_the_desk_knows(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    silent = with_code(Device(), ring, code, reply_key=None)
    no_point = with_code(enrolled, ring, code, reply_key=b"\x04" + bytes(64))
    await push(database, silent, no_point)

    await open_waiting(opener)

    assert await states(database) == ["opened", "opened"]
    for report in (silent, no_point):
        found = await opened(database, report)
        assert found is not None
        assert found.note == "return_code_unusable"
        assert await database.read(mailbox.way_of, report.item_id) is None


async def test_nobody_can_open_the_codes_feed_before_the_report_does(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    report = with_code(enrolled, ring, code)
    squatter = Device(device_id=report.item_id)
    await push(database, squatter.report(ring))
    await open_waiting(opener)

    await push(database, report)
    await open_waiting(opener)

    found = await opened(database, report)
    assert found is not None
    assert found.note == "return_code_unusable"
    assert len(await feed(database, squatter)) == 1


async def test_nobody_pushes_into_the_codes_feed(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    report = with_code(enrolled, ring, code)
    await push(database, report)
    await open_waiting(opener)

    await push(database, Device(device_id=report.item_id).report(ring))
    await open_waiting(opener)

    assert (await states(database))[1:] == ["quarantined:feed_key_differs"]
    assert len(await code_feed(database, report)) == 1
