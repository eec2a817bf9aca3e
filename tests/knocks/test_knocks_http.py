"""`/sync/v1/knocks`: only the owner of a feed subscribes, and only to push services that are named."""

import json
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from knocks.conftest import ending, feed_of, kept, subscription
from knocks.test_knocks_rules import HOSTILE
from support.push_service import Browser
from support.reports import Device
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.knocks.records import Place
from waymark.knocks.rules import ENDPOINT_MAX, PER_FEED
from waymark.mailbox import actions as mailbox
from waymark.mailbox.rules import CHALLENGE_LIFE, new_challenge
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.knocking import KnockKey, Subscription
from waymark_sync.seal import new_key, raw_public

Client = AsyncTestClient[Litestar]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
KNOCKS, END = "/sync/v1/knocks", "/sync/v1/knocks/end"
HEADERS = {"Content-Type": MSGPACK}


@pytest.fixture
def place() -> Place:
    return Browser().at("https://fcm.googleapis.com")


@pytest.fixture
def challenge(ring: KeyRing) -> str:
    return new_challenge(ring.challenge_key, now=clock.now())


async def test_the_key_is_the_one_that_knocks(client: Client, ring: KeyRing) -> None:
    answer = await client.get("/sync/v1/knock-key")

    assert answer.status_code == 200
    assert decode(answer.content, JSON, KnockKey).public == raw_public(ring.knock_key)


async def test_a_challenge_first_then_a_subscription_then_its_end(
    client: Client, database: Database, phone: Device, place: Place
) -> None:
    blank = encode(subscription(phone, place, challenge=""), MSGPACK)
    refused = await client.post(KNOCKS, content=blank, headers=HEADERS)
    challenge = refused.headers["Waymark-Challenge"]
    signed = encode(subscription(phone, place, challenge=challenge), MSGPACK)
    first = await client.post(KNOCKS, content=signed, headers=HEADERS)
    second = await client.post(KNOCKS, content=signed, headers=HEADERS)
    subscriptions = await database.read(kept)
    over = encode(ending(phone, challenge=challenge), MSGPACK)
    ended = [await client.post(END, content=over, headers=HEADERS) for _ in range(2)]

    assert (refused.status_code, refused.json()["code"]) == (401, "proof_needed")
    assert (first.status_code, second.status_code, subscriptions) == (204, 204, 1)
    assert [answer.status_code for answer in ended] == [204, 204]
    assert await database.read(kept) == 0


async def test_every_wrong_proof_is_one_answer(
    client: Client, database: Database, ring: KeyRing, phone: Device, place: Place, challenge: str
) -> None:
    stranger, thief = Device(), Device(device_id=phone.id)
    thief.sign_key = new_key()
    old = new_challenge(ring.challenge_key, now=clock.now() - CHALLENGE_LIFE - timedelta(seconds=1))
    foreign = new_challenge(bytes(32), now=clock.now())
    elsewhere = Browser().at("https://fcm.googleapis.com")
    good = subscription(phone, place, challenge=challenge)
    wrong: list[Subscription] = [
        subscription(phone, place, challenge=old),
        subscription(phone, place, challenge=foreign),
        subscription(stranger, place, challenge=challenge),
        subscription(thief, place, challenge=challenge),
        Subscription(**{**fields(good), "endpoint": elsewhere.endpoint}),
        Subscription(**{**fields(good), "p256dh": elsewhere.p256dh}),
        Subscription(**{**fields(good), "auth": elsewhere.auth}),
        Subscription(**{**fields(good), "device_id": stranger.id}),
        Subscription(**{**fields(good), "sig": bytes(64)}),
        Subscription(**{**fields(good), "sig": ending(phone, challenge=challenge).sig}),
    ]

    answers = [await client.post(KNOCKS, content=encode(w, MSGPACK), headers=HEADERS) for w in wrong]
    ended = await client.post(
        END, content=encode(ending(thief, challenge=challenge), MSGPACK), headers=HEADERS
    )

    assert {answer.status_code for answer in answers} == {401}
    assert ended.status_code == 401
    assert await database.read(kept) == 0


def fields(of: Subscription) -> dict[str, object]:
    return {name: getattr(of, name) for name in of.__struct_fields__}


async def test_a_feed_that_only_a_code_opens_cannot_be_subscribed_to(
    client: Client, database: Database, place: Place, challenge: str
) -> None:
    tablet = Device()
    bare = {"feed_id": tablet.id, "seal_key": raw_public(tablet.seal_key)}
    await database.write(mailbox.open_feed, type(feed_of(tablet))(kind="return", sign_key=None, **bare))

    asked = encode(subscription(tablet, place, challenge=challenge), MSGPACK)

    assert (await client.post(KNOCKS, content=asked, headers=HEADERS)).status_code == 401


async def test_hostile_endpoints_are_refused_with_what_to_do_instead(
    client: Client, database: Database, phone: Device, challenge: str
) -> None:
    browser = Browser()
    for row in HOSTILE:
        place = Place(endpoint=row["endpoint"], p256dh=raw_public(browser.key), auth=browser.auth)
        asked = encode(subscription(phone, place, challenge=challenge), MSGPACK)
        answer = await client.post(KNOCKS, content=asked, headers=HEADERS)

        # A line break would let one signed text be read as another, so it does not even count as signed.
        assert answer.status_code == (401 if "\n" in row["endpoint"] else 400), row
        if answer.status_code == 400 and len(row["endpoint"]) <= ENDPOINT_MAX:
            assert answer.json()["code"] == "endpoint_refused"
            assert answer.json()["next"]
        assert row["endpoint"] not in answer.text
    assert await database.read(kept) == 0


async def test_a_feed_keeps_its_newest_places(
    client: Client, database: Database, phone: Device, challenge: str
) -> None:
    for _ in range(PER_FEED + 3):
        place = Browser().at("https://fcm.googleapis.com")
        asked = encode(subscription(phone, place, challenge=challenge), MSGPACK)
        assert (await client.post(KNOCKS, content=asked, headers=HEADERS)).status_code == 204

    assert await database.read(kept) == PER_FEED


@pytest.mark.parametrize("body", [b"", b"{}", b"\xc1", b"[]", json.dumps({"device_id": "x"}).encode()])
async def test_what_cannot_be_read_is_refused(client: Client, body: bytes) -> None:
    answers = [
        await client.post(path, content=body, headers={"Content-Type": JSON}) for path in (KNOCKS, END)
    ]

    assert {answer.status_code for answer in answers} == {400}


async def test_a_large_body_is_not_read(client: Client) -> None:
    answer = await client.post(KNOCKS, content=b"x" * 10_000, headers={"Content-Type": JSON})

    assert answer.status_code == 413
