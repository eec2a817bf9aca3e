"""What opening finds: each way in which an item can be opened or held, and that nothing is done twice."""

import asyncio
import hashlib
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from support.reports import CANARY, HARBOUR, QUAY, Device, Report, push_of
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.intake import actions
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.records import OpenedReport
from waymark.intake.report_keys import open_keys, open_report
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark.mailbox import actions as mailbox
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.messages import AttentionBody, ReceiptBody
from waymark_sync.protocol import LABEL_ITEM, Message, encode_header
from waymark_sync.seal import new_key, raw_public, sign

STATES = Sql("SELECT state || COALESCE(':' || reason, '') AS state FROM intake_item ORDER BY pos")
MESSAGES = Sql("""
    SELECT id, pos, kind, sealed, kid, sig FROM mailbox_message WHERE feed_id = :feed_id ORDER BY pos
""")
RAW = Sql("SELECT sealed FROM intake_item UNION ALL SELECT body FROM opened_report")


async def push(database: Database, *reports: Report) -> None:
    for report in reports:
        push = read_push(decode_push(encode(push_of(report), MSGPACK), MSGPACK))
        await database.write(actions.commit_pushes, [push], now=clock.now())


async def states(database: Database) -> list[str]:
    return await database.read(lambda db: db.many(STATES, str))


async def opened(database: Database, report: Report) -> OpenedReport | None:
    return await database.read(actions.opened, report.item_id)


async def feed(database: Database, device: Device) -> list[Message]:
    return await database.read(lambda db: db.many(MESSAGES, Message, feed_id=device.id))


async def test_a_visitors_report_is_opened_encrypted_again_and_answered(
    database: Database, opener: Opener, ring: KeyRing, vault: Vault
) -> None:
    report = Device().report(ring, sharing_choice="P2", postcode="zz1 2ab", body={"centre_id": QUAY})
    await push(database, report)

    assert await open_waiting(opener) == 1

    found = await opened(database, report)
    assert found is not None
    assert (found.force_id, found.area, found.centre_id) == ("demo-southmere", "demo-quayside", QUAY)
    assert (found.sharing_choice, found.number, found.note) == ("P2", 1, None)
    keys = open_keys(vault, found.lock)
    assert open_report(keys, found.lock).answers.narrative_original == CANARY
    with pytest.raises(CannotDecrypt):
        open_report(keys, replace(found.lock, report_id=str(uuid4())))
    with pytest.raises(CannotDecrypt):
        open_keys(vault, replace(found.lock, report_id=str(uuid4())))
    with pytest.raises(CannotDecrypt):
        open_keys(vault, replace(found.lock, holder="force:demo-southmere"))
    [message] = await feed(database, report.device)
    assert report.device.read(message, ReceiptBody).item_id == report.item_id


async def test_no_word_of_a_report_lies_in_the_database(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    await push(database, Device().report(ring))
    await open_waiting(opener)

    rows = await database.read(lambda db: db.many(RAW, bytes))

    assert len(rows) == 2
    assert not [row for row in rows if b"canary" in row]


@pytest.mark.parametrize(
    ("postcode", "centre", "area", "force", "taken_by", "note"),
    [
        ("QX4 1AA", HARBOUR, "demo-lantern-hill", "demo-northshire", HARBOUR, None),
        (
            "QX4 1AA",
            "no-such",
            "demo-lantern-hill",
            "demo-northshire",
            "demo-lantern-centre",
            "centre_unknown",
        ),
        ("SW1A 1AA", "gone", "unknown", "unknown", HARBOUR, "centre_unknown"),
        (None, QUAY, "unknown", "unknown", QUAY, None),
        ("not_answered", QUAY, "unknown", "unknown", QUAY, None),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_place_and_centre_come_from_the_pack_and_nothing_is_guessed(
    database: Database,
    opener: Opener,
    ring: KeyRing,
    postcode: str | None,
    centre: str,
    area: str,
    force: str,
    taken_by: str,
    note: str | None,
) -> None:
    report = Device().report(ring, postcode=postcode, body={"centre_id": centre})
    await push(database, report)
    await open_waiting(opener)

    found = await opened(database, report)

    assert found is not None
    assert (found.area, found.force_id, found.centre_id, found.note) == (area, force, taken_by, note)


HELD: list[tuple[str, dict[str, Any]]] = [
    ("quarantined:signature_wrong", {"signer": new_key()}),
    ("dead_letter:key_unknown", {"header": {"kid": "long-gone"}}),
    ("dead_letter:suite_unknown", {"header": {"suite": 7}}),
    ("dead_letter:kind_unknown", {"header": {"kind": "poem"}}),
    ("dead_letter:item_id_differs", {"body": {"item_id": str(uuid4())}}),
    ("dead_letter:unreadable: not JSON", {"plaintext": b"Help"}),
    ("dead_letter:unreadable: schema version 9 is not known here", {"header": {"schema_v": 9}}),
    ("dead_letter:unreadable: does not fit the form at $.item_id", {"plaintext": b'{"item_id": "canary"}'}),
]


@pytest.mark.parametrize(("state", "fault"), HELD, ids=[state for state, _ in HELD])
async def test_what_cannot_be_opened_is_held_and_the_next_one_is_not(
    database: Database, opener: Opener, ring: KeyRing, state: str, fault: dict[str, Any]
) -> None:
    bad, good = Device().report(ring, **fault), Device().report(ring)
    await push(database, bad, good)

    await open_waiting(opener)

    assert await states(database) == [state, "opened"]
    assert await opened(database, bad) is None
    assert await opened(database, good) is not None
    [held] = await database.read(actions.held, limit=10)
    assert (held.id, held.lane, held.reason) == (bad.item_id, "visitor", state.partition(":")[2])


async def test_an_item_under_another_header_cannot_be_opened(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    """Every field of the header is bound to the seal, even where the sender signs anew."""
    phone = Device()
    report = phone.report(ring)
    header: bytes = encode_header(replace(report.header, seq=77))
    digest = hashlib.sha256(header + report.envelope.sealed).digest()
    moved = replace(
        report.envelope, header=header, sha256=digest, sig=sign(phone.sign_key, LABEL_ITEM + digest)
    )
    await push(database, replace(report, envelope=moved))

    await open_waiting(opener)

    assert await states(database) == ["dead_letter:cannot_open"]
    [message] = await feed(database, phone)
    assert phone.read(message, AttentionBody).reason == "dead_letter"


async def test_an_enrolled_tablet_is_known_by_its_key(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """What merely names it does not reach its feed, where anybody could otherwise write alarms; what it
    signed and nobody can open does.
    """
    stranger = Device(visitor=False)
    good, forged = enrolled.report(ring), enrolled.report(ring, signer=new_key())
    unreadable = enrolled.report(ring, plaintext=b"Help", header={"seq": 3})
    posing = Device(device_id=enrolled.id).report(ring)
    await push(database, good, forged, stranger.report(ring), unreadable, posing)

    await open_waiting(opener)

    assert await states(database) == [
        "opened",
        "quarantined:signature_wrong",
        "quarantined:device_unknown",
        "dead_letter:unreadable: not JSON",
        "quarantined:device_is_enrolled",
    ]
    receipt, attention = await feed(database, enrolled)
    assert enrolled.read(receipt, ReceiptBody).item_id == good.item_id
    assert enrolled.read(attention, AttentionBody).item_id == unreadable.item_id


async def test_a_revoked_tablet_is_heard_but_held(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    await database.write(identity.revoke_device, enrolled.id, actor=SERVICE, now=clock.now())
    await push(database, enrolled.report(ring))

    await open_waiting(opener)

    assert await states(database) == ["quarantined:device_revoked"]
    assert await database.read(mailbox.feed, enrolled.id) is None


async def test_a_visitor_cannot_pass_for_a_tablet_or_for_another_visitor(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    phone = Device()
    await push(database, phone.report(ring))
    await open_waiting(opener)

    await push(database, Device(device_id=enrolled.id).report(ring), Device(device_id=phone.id).report(ring))
    await open_waiting(opener)

    assert (await states(database))[1:] == [
        "quarantined:device_is_enrolled",
        "quarantined:feed_key_differs",
    ]
    known = await database.read(mailbox.feed, phone.id)
    assert known is not None
    assert known.sign_key == raw_public(phone.sign_key)


async def test_two_that_come_at_once_under_one_id_do_not_share_a_feed(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    phone = Device()
    await push(database, phone.report(ring), Device(device_id=phone.id).report(ring))

    await open_waiting(opener)

    assert await states(database) == ["opened", "quarantined:feed_key_differs"]
    assert [phone.read(message, ReceiptBody) is not None for message in await feed(database, phone)] == [True]


async def test_who_gave_no_key_is_answered_on_nobodys_feed(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    """Neither on the feed whose id was borrowed, nor on one that is opened under this id later."""
    phone = Device()
    borrowed = Device(device_id=phone.id).report(ring, header={"reply_key": None})
    silent = Device().report(ring, header={"reply_key": None})
    await push(database, phone.report(ring), borrowed, silent)
    await open_waiting(opener)

    await push(database, Device(device_id=silent.device.id).report(ring))
    await open_waiting(opener)

    for report in (borrowed, silent):
        found = await opened(database, report)
        assert found is not None
        assert await database.read(mailbox.feed, found.feed_id) is None


async def test_a_visitor_without_a_reply_key_is_opened_and_not_answered(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    silent = Device().report(ring, header={"reply_key": None})
    no_point = Device().report(ring, header={"reply_key": b"\x04" + bytes(64)})
    await push(database, silent, no_point)

    await open_waiting(opener)

    assert await states(database) == ["opened", "opened"]
    assert await feed(database, silent.device) == []
    assert await feed(database, no_point.device) == []


async def test_several_openers_at_once_open_each_report_once(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    reports = [Device().report(ring) for _ in range(30)]
    await push(database, *reports)

    await asyncio.gather(*(open_waiting(opener) for _ in range(3)))

    assert await states(database) == ["opened"] * 30
    assert [len(await feed(database, r.device)) for r in reports] == [1] * 30
    numbers = await database.read(lambda db: [r.number for r in actions.opened_after(db, 0, limit=99)])
    assert numbers == list(range(1, 31))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_bug_in_opening_holds_one_item_and_no_other(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    nested = b"[" * 200_000
    await push(database, Device().report(ring, plaintext=nested), Device().report(ring))

    await open_waiting(opener)

    first, second = await states(database)
    assert first.startswith("dead_letter:")
    assert second == "opened"
