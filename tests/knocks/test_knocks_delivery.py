"""From an answer to a knock at a real push service, and what becomes of the subscription."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import Struct

from knocks.conftest import CONTACT, Post, Subscribe, feed_of, kept, sender_to, turn
from support.desk import enrol_device, seed
from support.push_service import PushService
from support.reports import Device
from waymark.identity import actions as identity
from waymark.identity.records import Actor
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.knocks import actions, store
from waymark.knocks.jobs import AT_ONCE, Knocker
from waymark.knocks.records import Knock
from waymark.knocks.rules import REFUSALS_MAX
from waymark.mailbox import actions as mailbox
from waymark_sync.policy import load_pack
from waymark_sync.seal import raw_public

ALL = Sql("SELECT id, feed_id, wrapped_key, sealed, knocked_pos, failures, refusals FROM knock ORDER BY id")
NEXT_TRY = Sql("SELECT next_try_at FROM knock")
DUE_NOW = Sql("UPDATE knock SET next_try_at = :now WHERE next_try_at IS NOT NULL")


class Step(Struct):
    id: int
    parent: int
    notused: int
    detail: str


@pytest.fixture
def knocker(database: Database, vault: Vault, ring: KeyRing, push_service: PushService) -> Knocker:
    return Knocker(database, vault, sender_to(ring, push_service.host))


async def test_an_answer_is_one_knock_that_says_nothing(
    knocker: Knocker,
    phone: Device,
    post: Post,
    subscribed: Subscribe,
    push_service: PushService,
    ring: KeyRing,
) -> None:
    browser = push_service.subscribe()
    await subscribed(phone, browser.at(push_service.origin))
    nothing_yet = await turn(knocker)
    for _ in range(3):
        await post(phone)

    first, second = await turn(knocker), await turn(knocker)

    assert (nothing_yet, first, second) == (0, 1, 0)
    [received] = push_service.received
    assert received.path == browser.path
    assert received.plaintext == b'{"v":1}'.ljust(1_024)
    assert received.bytes == 1_127
    assert received.sender == raw_public(ring.knock_key)
    assert received.claims["sub"] == CONTACT
    assert received.headers["urgency"] == "normal"
    assert received.headers["ttl"] == "86400"
    assert received.headers["topic"] == "w"
    assert phone.id not in str(received.headers)


async def test_all_knocks_look_alike(
    knocker: Knocker, phone: Device, post: Post, subscribed: Subscribe, push_service: PushService
) -> None:
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    for kind in ("ack", "status", "message", "signpost"):
        await post(phone, kind=kind)
        await turn(knocker)

    assert len(push_service.received) == 4
    assert len({(r.bytes, r.plaintext, r.headers["topic"]) for r in push_service.received}) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["receipt", "attachment", "key", "needs_attention"])
async def test_what_nobody_has_said_is_not_knocked_for(
    knocker: Knocker, phone: Device, post: Post, subscribed: Subscribe, push_service: PushService, kind: str
) -> None:
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    await post(phone, kind=kind)

    assert await turn(knocker) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_lay_there_before_is_no_news(
    knocker: Knocker, phone: Device, post: Post, subscribed: Subscribe, push_service: PushService
) -> None:
    await post(phone)
    await subscribed(phone, push_service.subscribe().at(push_service.origin))

    assert await turn(knocker) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_answer_from_before_a_restart_is_knocked_for_and_an_old_one_is_not(
    database: Database, vault: Vault, ring: KeyRing, phone: Device, post: Post, subscribed: Subscribe,
    push_service: PushService,
) -> None:  # fmt: skip
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    await post(phone, minutes_ago=3 * 24 * 60)
    old = await turn(Knocker(database, vault, sender_to(ring, push_service.host)))
    await post(phone, minutes_ago=60)
    yesterday = await turn(Knocker(database, vault, sender_to(ring, push_service.host)))

    assert (old, yesterday) == (0, 1)


async def test_a_place_that_is_gone_is_forgotten(
    knocker: Knocker,
    database: Database,
    phone: Device,
    post: Post,
    subscribed: Subscribe,
    push_service: PushService,
) -> None:
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    push_service.status = 410
    await post(phone)
    await turn(knocker)

    assert push_service.requests == 1
    assert await database.read(kept) == 0


async def test_a_busy_push_service_is_left_alone_as_long_as_it_asks(
    knocker: Knocker,
    database: Database,
    phone: Device,
    post: Post,
    subscribed: Subscribe,
    push_service: PushService,
) -> None:
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    push_service.status, push_service.headers = 429, {"Retry-After": "600"}
    await post(phone)
    before = clock.now()
    await turn(knocker)
    meanwhile = await turn(knocker)
    next_try = await database.read(lambda db: db.one(NEXT_TRY, str))

    push_service.status, push_service.headers = 201, {}
    await database.write(lambda db: db.execute(DUE_NOW, now=clock.now()))
    await turn(knocker)

    assert meanwhile == 0
    assert next_try is not None
    assert next_try >= clock.stamp(before + timedelta(seconds=600))
    assert len(push_service.received) == 1
    [row] = await database.read(lambda db: db.many(ALL, Knock))
    assert (row.failures, row.refusals, row.knocked_pos) == (0, 0, 1)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("status", [400, 403, 302])
async def test_a_push_service_that_refuses_is_not_asked_for_ever(
    knocker: Knocker, database: Database, phone: Device, post: Post, subscribed: Subscribe,
    push_service: PushService, status: int,
) -> None:  # fmt: skip
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    push_service.status = status
    push_service.headers = {"Location": f"{push_service.origin}/elsewhere"}
    await post(phone)
    for _ in range(REFUSALS_MAX + 2):
        await turn(knocker)
        await database.write(lambda db: db.execute(DUE_NOW, now=clock.now()))

    assert push_service.requests == REFUSALS_MAX, "each try once: no redirect was followed"
    assert await database.read(kept) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_revoked_tablet_is_told_nothing(
    knocker: Knocker,
    database: Database,
    phone: Device,
    post: Post,
    subscribed: Subscribe,
    push_service: PushService,
) -> None:
    await seed(database, load_pack())
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    await subscribed(tablet, push_service.subscribe().at(push_service.origin))
    await post(tablet)
    await database.write(
        identity.revoke_device, tablet.id, actor=Actor(id="-", role="custodian"), now=clock.now()
    )

    assert await turn(knocker) == 0
    assert push_service.requests == 0
    assert await database.read(kept) == 0


async def test_two_processes_knock_once(
    database: Database, vault: Vault, ring: KeyRing, phone: Device, post: Post, subscribed: Subscribe,
    push_service: PushService,
) -> None:  # fmt: skip
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    await post(phone)
    knockers = [Knocker(database, vault, sender_to(ring, push_service.host)) for _ in range(3)]

    await asyncio.gather(*(turn(each) for each in knockers))

    assert len(push_service.received) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_slow_push_service_holds_up_nothing_and_has_few_connections(
    knocker: Knocker, database: Database, post: Post, subscribed: Subscribe, push_service: PushService
) -> None:
    for _ in range(AT_ONCE + 4):
        device = Device()
        await database.write(mailbox.open_feed, feed_of(device))
        await subscribed(device, push_service.subscribe().at(push_service.origin))
        await post(device)
    push_service.hold.clear()

    # Each step returns at once although nobody answers.
    started = [await asyncio.wait_for(knocker.step(), timeout=5) for _ in range(3)]
    push_service.hold.set()
    await knocker.settled()
    while await turn(knocker):
        pass

    assert started == [AT_ONCE, 0, 0]
    assert len(push_service.received) == AT_ONCE + 4


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_stop_in_the_middle_loses_no_knock(
    knocker: Knocker, database: Database, phone: Device, post: Post, subscribed: Subscribe,
    push_service: PushService, vault: Vault, ring: KeyRing,
) -> None:  # fmt: skip
    await subscribed(phone, push_service.subscribe().at(push_service.origin))
    await post(phone)
    push_service.hold.clear()
    await knocker.step()
    await knocker.aclose()
    push_service.hold.set()
    await database.write(lambda db: db.execute(DUE_NOW, now=clock.now()))

    assert await turn(Knocker(database, vault, sender_to(ring, push_service.host))) == 1
    assert len(push_service.received) >= 1


async def test_at_rest_a_place_is_unreadable_and_two_reports_of_one_phone_do_not_look_alike(
    database: Database, vault: Vault, phone: Device, subscribed: Subscribe, push_service: PushService
) -> None:
    other = Device()
    await database.write(mailbox.open_feed, feed_of(other))
    place = push_service.subscribe().at(push_service.origin)
    for device in (phone, other):
        await subscribed(device, place)

    hashes = await database.read(lambda db: db.many(Sql("SELECT endpoint_hash FROM knock"), bytes))
    found = await database.read(lambda db: db.many(ALL, Knock))
    assert all(b"push" not in knock.sealed and place.auth not in knock.sealed for knock in found)
    assert len(set(hashes)) == 2
    assert {actions.place(knock, vault) for knock in found} == {place}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_looking_costs_what_was_answered_of_late_and_not_how_many_subscribe(database: Database) -> None:
    plan = Sql(f"EXPLAIN QUERY PLAN {store.FRESH.for_sqlite}")

    def steps(db: Connection) -> list[str]:
        return [step.detail for step in db.many(plan, Step, since="2026", limit=8)]

    text = " / ".join(await database.read(steps))

    assert "USING INDEX mailbox_message_worth_a_knock (created_at>?)" in text
    assert "USING INDEX knock_by_feed (feed_id=?)" in text
    assert "SCAN" not in text
