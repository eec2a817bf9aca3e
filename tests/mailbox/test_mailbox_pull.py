"""`GET /sync/v1/pull`: nothing without proof, and a proof that cannot be made from what travels."""

from datetime import timedelta
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.reports import Device, push_of
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.mailbox import actions
from waymark.mailbox.records import Feed
from waymark.mailbox.rules import CHALLENGE_LIFE, challenge_good, new_challenge
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.intake_rules import CHAIN_START, Cursor, encode_cursor
from waymark_sync.protocol import PullResponse, PushResponse
from waymark_sync.seal import new_key, raw_public

Client = AsyncTestClient[Litestar]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PULL = "/sync/v1/pull?cursor=&limit=100"


@pytest.fixture
async def phone(client: Client, database: Database) -> Device:
    phone = Device()
    feed = Feed(
        feed_id=phone.id,
        kind="visitor",
        sign_key=raw_public(phone.sign_key),
        seal_key=raw_public(phone.seal_key),
    )
    await database.write(actions.open_feed, feed)
    return phone


async def test_without_a_proof_there_is_a_challenge_and_with_it_the_feed(
    client: Client, phone: Device
) -> None:
    refused = await client.get(PULL, headers={"Waymark-Device": phone.id})
    challenge = refused.headers["Waymark-Challenge"]
    answer = await client.get(PULL, headers=phone.pull_headers(challenge=challenge))
    same_again = await client.get(PULL, headers=phone.pull_headers(challenge=challenge))

    assert (refused.status_code, refused.json()["code"]) == (401, "proof_needed")
    read = decode(answer.content, JSON, PullResponse)
    assert (answer.status_code, read.messages, read.more, read.reset) == (200, (), False, False)
    assert answer.headers["cache-control"] == "no-store"
    assert same_again.status_code == 200
    assert challenge_good(client.app.state.ring.challenge_key, read.challenge, now=clock.now())


async def test_the_answer_is_in_the_type_that_was_asked_for(client: Client, phone: Device) -> None:
    challenge = new_challenge(client.app.state.ring.challenge_key, now=clock.now())

    answer = await client.get(PULL, headers={**phone.pull_headers(challenge=challenge), "Accept": MSGPACK})

    assert answer.headers["content-type"].startswith(MSGPACK)
    assert decode(answer.content, MSGPACK, PullResponse).messages == ()


async def test_every_wrong_proof_is_one_answer(client: Client, phone: Device, ring: KeyRing) -> None:
    now = clock.now()
    fresh = new_challenge(ring.challenge_key, now=now)
    old = new_challenge(ring.challenge_key, now=now - CHALLENGE_LIFE - timedelta(seconds=1))
    foreign = new_challenge(bytes(32), now=now)
    stranger, thief = Device(), Device(device_id=phone.id)
    thief.sign_key = new_key()
    good = phone.pull_headers(challenge=fresh)
    wrong = [
        phone.pull_headers(challenge=old),
        phone.pull_headers(challenge=foreign),
        phone.pull_headers(challenge=fresh, cursor="other"),
        phone.pull_headers(challenge=fresh, limit=99),
        stranger.pull_headers(challenge=fresh),
        thief.pull_headers(challenge=fresh),
        {**good, "Waymark-Signature": ""},
        {**good, "Waymark-Signature": "=="},
        {**good, "Waymark-Device": stranger.id},
        {**good, "Waymark-Challenge": "%%"},
        {},
    ]

    answers = [await client.get(PULL, headers=headers) for headers in wrong]

    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    then = clock.now()
    assert all(challenge_good(ring.challenge_key, a.headers["Waymark-Challenge"], now=then) for a in answers)
    assert (await client.get(PULL, headers=good)).status_code == 200


async def test_a_forged_cursor_does_not_tell_whose_feed_exists(client: Client, phone: Device) -> None:
    beyond = encode_cursor(
        Cursor(incarnation=str(uuid4()), pos=2**64 - 1, chain=CHAIN_START, caps=actions.CAPS)
    )
    challenge = new_challenge(client.app.state.ring.challenge_key, now=clock.now())
    unsigned = {"Waymark-Challenge": challenge, "Waymark-Signature": "AA"}

    answers = [
        await client.get(f"/sync/v1/pull?cursor={beyond}", headers={**unsigned, "Waymark-Device": device.id})
        for device in (phone, Device())
    ]

    assert [answer.status_code for answer in answers] == [401, 401]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e3"])
async def test_a_limit_is_a_small_number(client: Client, phone: Device, limit: str) -> None:
    answer = await client.get(f"/sync/v1/pull?limit={limit}", headers={"Waymark-Device": phone.id})

    assert answer.status_code == 400


async def test_a_push_says_when_a_pull_would_bring_something(client: Client, ring: KeyRing) -> None:
    phone = Device()

    async def downstream() -> bool:
        answer = await client.post(
            "/sync/v1/push",
            content=encode(push_of(phone.report(ring)), MSGPACK),
            headers={"Content-Type": MSGPACK},
        )
        return decode(answer.content, MSGPACK, PushResponse).downstream

    assert await downstream() is False
    await _opened(client, phone)
    assert await downstream() is True


async def _opened(client: Client, phone: Device) -> None:
    """Pull until the opener, which runs in the application, has posted the receipt."""
    for _ in range(500):
        challenge = new_challenge(client.app.state.ring.challenge_key, now=clock.now())
        answer = await client.get(PULL, headers=phone.pull_headers(challenge=challenge))
        if answer.status_code == 200 and decode(answer.content, JSON, PullResponse).messages:
            return
    raise AssertionError("the receipt never came")
