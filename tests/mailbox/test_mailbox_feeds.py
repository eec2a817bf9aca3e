"""Feeds on both engines: every message once, in order, to its own device alone, also after a restore."""

import asyncio
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from support.desk import enrol_device, seed
from support.reports import Device
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.mailbox import actions
from waymark.mailbox.records import Feed, Page, StoredMessage
from waymark.mailbox.rules import seal_message
from waymark_sync.intake_rules import Cursor, encode_cursor, next_chain
from waymark_sync.messages import AckBody
from waymark_sync.policy import load_pack
from waymark_sync.protocol import KeySet, Message
from waymark_sync.seal import CannotOpen, raw_public
from waymark_sync.trust import messages_valid

HERE = str(uuid4())
ELSEWHERE = str(uuid4())


def feed_of(device: Device) -> Feed:
    return Feed(
        feed_id=device.id,
        kind="visitor",
        sign_key=raw_public(device.sign_key),
        seal_key=raw_public(device.seal_key),
    )


def ack(text: str) -> AckBody:
    return AckBody(item_id=HERE, at="2026-01-02T03:04:05.678Z", from_name="Harbour", text=text)


async def post(database: Database, ring: KeyRing, device: Device, *texts: str) -> None:
    for text in texts:
        message = seal_message(feed_of(device), kind="ack", body=ack(text))
        await database.write(actions.post, message, keys=ring, now=clock.now())


async def pull(database: Database, device: Device, cursor: str = "", limit: int = 100) -> Page:
    return await database.read(actions.page, device.id, cursor=cursor, limit=limit, incarnation=HERE)


def cursor_of(page: Page, incarnation: str = HERE) -> str:
    return encode_cursor(Cursor(incarnation=incarnation, pos=page.pos, chain=page.chain, caps=actions.CAPS))


def wire(m: StoredMessage) -> Message:
    return Message(id=m.id, pos=m.pos, kind=m.kind, sealed=m.sealed, kid=m.kid, sig=m.sig)


def texts(device: Device, page: Page) -> list[str]:
    return [device.read(wire(m), AckBody).text for m in page.messages]


async def test_a_feed_is_read_page_by_page_and_then_only_what_is_new(
    database: Database, ring: KeyRing
) -> None:
    phone = Device()
    await post(database, ring, phone, "one", "two", "three")

    first = await pull(database, phone, limit=2)
    second = await pull(database, phone, cursor_of(first), limit=2)
    third = await pull(database, phone, cursor_of(second))
    await post(database, ring, phone, "four")
    fourth = await pull(database, phone, cursor_of(third))

    assert [texts(phone, p) for p in (first, second, third, fourth)] == [
        ["one", "two"],
        ["three"],
        [],
        ["four"],
    ]
    assert [p.more for p in (first, second, third, fourth)] == [True, False, False, False]
    assert not any(p.reset for p in (first, second, third, fourth))


async def test_the_chain_is_that_of_the_protocol(database: Database, ring: KeyRing) -> None:
    phone = Device()
    await post(database, ring, phone, "one", "two")

    page = await pull(database, phone)

    chain = bytes(32)
    for message in page.messages:
        chain = next_chain(chain, message.id, message.sealed)
        assert message.chain == chain
    assert page.chain == chain


async def test_every_message_is_signed_for_its_feed_and_its_place(database: Database, ring: KeyRing) -> None:
    phone = Device()
    await post(database, ring, phone, "one", "two")
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)

    page = await pull(database, phone)

    messages = [wire(message) for message in page.messages]
    assert messages_valid(phone.id, messages, keys) is True
    assert messages_valid(Device().id, messages, keys) is False
    assert messages_valid(phone.id, [replace(messages[0], pos=2)], keys) is False


async def test_a_cursor_of_another_history_starts_the_feed_again(database: Database, ring: KeyRing) -> None:
    phone = Device()
    await post(database, ring, phone, "one", "two")
    page = await pull(database, phone)
    good = Cursor(incarnation=HERE, pos=page.pos, chain=page.chain, caps=actions.CAPS)

    for wrong in (
        encode_cursor(replace(good, incarnation=ELSEWHERE)),
        encode_cursor(replace(good, chain=bytes(32))),
        encode_cursor(replace(good, pos=1)),
        encode_cursor(replace(good, pos=99)),
        encode_cursor(replace(good, caps=bytes(32))),
        "rubbish",
    ):
        again = await pull(database, phone, wrong)
        assert (again.reset, texts(phone, again)) == (True, ["one", "two"])


async def test_posts_at_once_follow_one_another(database: Database, ring: KeyRing) -> None:
    phone = Device()

    await asyncio.gather(*(post(database, ring, phone, str(n)) for n in range(12)))

    page = await pull(database, phone)
    assert [m.pos for m in page.messages] == list(range(1, 13))
    assert sorted(texts(phone, page), key=int) == [str(n) for n in range(12)]


async def test_feeds_do_not_mix_and_open_with_their_own_key_only(database: Database, ring: KeyRing) -> None:
    mine, yours = Device(), Device()
    await post(database, ring, mine, "mine")
    await post(database, ring, yours, "yours")

    page = await pull(database, mine)

    assert texts(mine, page) == ["mine"]
    with pytest.raises(CannotOpen):
        texts(yours, page)


async def test_the_keys_of_an_open_feed_never_change(database: Database, ring: KeyRing) -> None:
    phone = Device()
    await post(database, ring, phone, "one")

    await database.write(actions.open_feed, feed_of(Device(device_id=phone.id)))

    assert await database.read(actions.feed, phone.id) == feed_of(phone)


async def test_a_tablet_has_a_feed_before_anything_was_posted(database: Database) -> None:
    await seed(database, load_pack())
    tablet = Device(visitor=False)

    def enrol(db: Connection) -> None:
        enrol_device(db, tablet)

    await database.write(enrol)

    feed = await database.read(actions.feed, tablet.id)
    assert feed is not None
    assert (feed.kind, feed.sign_key) == ("enrolled", raw_public(tablet.sign_key))
    assert (await pull(database, tablet)).messages == ()
