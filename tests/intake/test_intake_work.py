"""A visitor's phone works when there is much to do: its report then goes before those that did not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.desk import enrol_device, seed
from support.reports import Device, Report, push_of
from waymark.intake.work import LIFE, bits_for, genuine, new_challenge
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import PushRequest, PushResponse
from waymark_sync.work import WORK, solve

Client = AsyncTestClient[Litestar]
SECRET = bytes(32)
WORKED = Sql("SELECT worked FROM intake_item WHERE item_id = :item_id")

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def send(client: Client, push: PushRequest) -> PushResponse:
    answer = await client.post(
        "/sync/v1/push", content=encode(push, MSGPACK), headers={"Content-Type": MSGPACK}
    )
    assert answer.status_code == 200, answer.text
    return decode(answer.content, MSGPACK, PushResponse)


def able(*reports: Report) -> PushRequest:
    return replace(push_of(*reports), caps=("ack", WORK))


async def worked(database: Database, report: Report) -> bool | None:
    return await database.read(lambda db: db.one(WORKED, bool, item_id=report.item_id))


@pytest.fixture
async def pressed(client: Client, database: Database) -> Client:
    """While reports are being laid apart."""
    await seed(database, client.app.state.pack)
    client.app.state.pressure.flooded = True
    client.app.state.jobs.stop()
    return client


@ONE_ENGINE
async def test_nobody_works_while_there_is_little_to_do(
    client: Client, ring: KeyRing, database: Database
) -> None:
    report = Device().report(ring)

    told = await send(client, able(report))

    assert (told.results[0].verdict, told.work) == ("accepted", None)
    assert await worked(database, report) is False


@ONE_ENGINE
async def test_a_phone_that_can_is_asked_once_and_taken_with_its_proof(
    pressed: Client, ring: KeyRing, database: Database
) -> None:
    report = Device().report(ring)
    first = await send(pressed, able(report))
    assert first.work is not None
    work = solve(first.work, [report.envelope.sha256])
    taken = await send(pressed, replace(able(report), work=work))

    assert [(r.verdict, r.reason) for r in first.results] == [("retry", WORK)]
    assert first.receipt is None
    assert taken.results[0].verdict == "accepted"
    assert await worked(database, report) is True


@ONE_ENGINE
async def test_who_cannot_or_finds_none_is_taken_all_the_same(
    pressed: Client, ring: KeyRing, database: Database
) -> None:
    reports = [Device().report(ring) for _ in range(3)]
    challenge = new_challenge(ring.challenge_key, bits=8, now=clock.now())
    wrong = challenge + bytes(8)
    pushes = [
        push_of(reports[0]),
        replace(able(reports[1]), work=b""),
        replace(able(reports[2]), work=wrong[:-1] + b"\xff"),
    ]

    answers = [await send(pressed, push) for push in pushes]

    assert [answer.results[0].verdict for answer in answers] == ["accepted"] * 3
    assert [await worked(database, report) for report in reports] == [False] * 3


@ONE_ENGINE
async def test_a_proof_serves_for_its_own_items_alone(
    pressed: Client, ring: KeyRing, database: Database
) -> None:
    own, other = Device().report(ring), Device().report(ring)
    asked = (await send(pressed, able(own))).work
    assert asked is not None
    work = solve(asked, [own.envelope.sha256])

    taken = [await send(pressed, replace(able(report), work=work)) for report in (own, other, own)]

    assert [answer.results[0].verdict for answer in taken] == ["accepted", "accepted", "duplicate"]
    assert await worked(database, own) is True
    assert await worked(database, other) is False


@ONE_ENGINE
async def test_a_tablet_is_never_asked(pressed: Client, ring: KeyRing, database: Database) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)

    told = await send(pressed, able(tablet.report(ring)))

    assert (told.results[0].verdict, told.work) == ("accepted", None)


def test_a_challenge_is_good_for_a_while_and_only_where_it_was_made() -> None:
    now = clock.now()
    work = new_challenge(SECRET, bits=8, now=now) + bytes(8)
    harder = work[:8] + bytes([1]) + work[9:]

    assert genuine(SECRET, work, now=now + LIFE)
    assert not genuine(SECRET, work, now=now + LIFE + timedelta(milliseconds=1))
    assert not genuine(SECRET, work, now=now - timedelta(seconds=1))
    assert not genuine(bytes(31) + b"1", work, now=now)
    assert not genuine(SECRET, harder, now=now), "its difficulty is part of what is marked"
    assert not any(genuine(SECRET, bad, now=now) for bad in (None, b"", work[:-1], uuid4().bytes * 3))


def test_it_is_the_harder_the_more_there_is_to_do() -> None:
    assert bits_for(flooded=False, crowded=False, much_from_here=False) == 0
    asked = [
        bits_for(flooded=True, crowded=False, much_from_here=False),
        bits_for(flooded=False, crowded=False, much_from_here=True),
        bits_for(flooded=True, crowded=True, much_from_here=True),
    ]
    assert asked == [8, 8, 10]
