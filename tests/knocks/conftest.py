"""A feed, a browser that wants to know, and a push service that is really there."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest
from msgspec.structs import asdict

from support.push_service import PushService
from support.reports import Device
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.knocks import actions
from waymark.knocks.jobs import Knocker
from waymark.knocks.records import Place
from waymark.knocks.sender import Sender
from waymark.mailbox import actions as mailbox
from waymark.mailbox.records import Feed
from waymark.mailbox.rules import seal_message
from waymark_sync.knocking import Subscription, SubscriptionEnd, subscribe_text
from waymark_sync.messages import AckBody
from waymark_sync.seal import raw_public, sign

CONTACT = "mailto:operator@example.org"
Post = Callable[..., Awaitable[None]]
Subscribe = Callable[..., Awaitable[None]]


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService() as service:
        yield service
        assert service.faults == [], "the push service was sent what it cannot accept"


@pytest.fixture
async def phone(database: Database) -> Device:
    """A visitor's, whose report has been opened."""
    phone = Device()
    await database.write(mailbox.open_feed, feed_of(phone))
    return phone


@pytest.fixture
def post(database: Database, ring: KeyRing) -> Post:
    """Somebody answers: `await post(phone)`, or with `kind="receipt"`, `minutes_ago=5`."""

    async def one(device: Device, *, kind: str = "ack", minutes_ago: int = 0) -> None:
        body = AckBody(item_id=device.id, at="2026-01-02T03:04:05.678Z", from_name="A centre")
        message = seal_message(feed_of(device), kind=kind, body=body)
        now = clock.now() - timedelta(minutes=minutes_ago)
        await database.write(mailbox.post, message, keys=ring, now=now)

    return one


@pytest.fixture
def subscribed(database: Database, vault: Vault) -> Subscribe:
    """As if the route had been asked: `await subscribed(phone, place)`."""

    async def one(device: Device, place: Place) -> None:
        hosts = [place.endpoint.split("/")[2]]
        asked = subscription(device, place, challenge="any")
        assert await database.write(actions.subscribe, asked, vault, hosts=hosts, now=clock.now())

    return one


def sender_to(ring: KeyRing, *hosts: str) -> Sender:
    return Sender(ring.knock_key, hosts=hosts, contact=CONTACT)


async def turn(knocker: Knocker) -> int:
    """One step, and the end of all that it started."""
    started = await knocker.step()
    await knocker.settled()
    return started


def feed_of(device: Device) -> Feed:
    return Feed(
        feed_id=device.id,
        kind="visitor",
        sign_key=raw_public(device.sign_key),
        seal_key=raw_public(device.seal_key),
    )


def subscription(device: Device, place: Place, *, challenge: str) -> Subscription:
    return Subscription(
        device_id=device.id,
        endpoint=place.endpoint,
        p256dh=place.p256dh,
        auth=place.auth,
        challenge=challenge,
        sig=signature(device, challenge, place),
    )


def ending(device: Device, *, challenge: str) -> SubscriptionEnd:
    sig = signature(device, challenge)
    return SubscriptionEnd(device_id=device.id, challenge=challenge, sig=sig)


def signature(device: Device, challenge: str, place: Place | None = None) -> bytes:
    """Without a place: to end."""
    where = {} if place is None else asdict(place)
    return sign(device.sign_key, subscribe_text(device_id=device.id, challenge=challenge, **where))


def kept(db: Connection) -> int:
    """How many subscriptions there are."""
    return db.one(Sql("SELECT count(*) FROM knock"), int) or 0
