"""What a stranger can do to others through what they push: nothing that costs others their place."""

from uuid import uuid4

import pytest
from msgspec.structs import replace
from test_intake_messages import code, message
from test_intake_opener import opened, push, states

from support.desk import enrol_device
from support.reports import HARBOUR, Device, push_of
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.intake import actions
from waymark.intake.devices import store as devices
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.mailbox import actions as mailbox
from waymark.mailbox.records import Feed, ReturnWay
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.protocol import QueueState
from waymark_sync.report import Capture
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import raw_public

__all__ = ["code"]
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@ONE_ENGINE
async def test_a_strangers_own_messages_are_not_looked_at_again_for_every_report(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    """Or a few megabytes would keep the opener from everybody's reports for days."""
    stranger = Device()
    await push(database, *[message(stranger, ring, str(uuid4())) for _ in range(5)])
    await open_waiting(opener)
    await push(database, stranger.report(ring))
    assert await open_waiting(opener) == 1 + 5

    await push(database, *[stranger.report(ring) for _ in range(3)])

    assert await open_waiting(opener) == 3
    assert await states(database) == ["quarantined:message_not_proven"] * 5 + ["opened"] * 4


async def test_a_phone_cannot_pass_for_a_centres_tablet(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """The desk reads the channel as "made with a volunteer": that is for an enrolled device to say."""
    posing = Device().report(ring, body={"capture": Capture(channel="centre_tablet")})
    real = enrolled.report(ring, body={"capture": Capture(channel="centre_tablet")})
    await push(database, posing, real)

    await open_waiting(opener)

    found = [await opened(database, report) for report in (posing, real)]
    assert [report.channel for report in found if report] == ["self_phone", "centre_tablet"]


async def test_no_code_leads_into_the_feed_of_a_revoked_tablet(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    """A tablet chooses the ids of its reports, and a code's feed is named by the report."""
    lost = Device(visitor=False)
    await database.write(enrol_device, lost)
    await push(database, lost.report(ring))
    await open_waiting(opener)
    await database.write(identity.revoke_device, lost.id, actor=SERVICE, now=clock.now())
    given = {"return_keys": code.keys, "reply_key": raw_public(code.reply)}
    posing = enrolled.report(ring, item_id=lost.id, header=given)

    await push(database, posing)
    await open_waiting(opener)

    found = await opened(database, posing)
    assert found is not None
    assert found.note == "return_code_unusable"
    opens = {"locator": code.locator, "authenticator": code.authenticator}
    assert await database.read(mailbox.way_back, **opens) is None


async def test_an_item_that_the_database_refuses_holds_up_no_other(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, code: ReturnSecrets
) -> None:
    """Whatever it is that we have not thought of: here, a way back that stands there already."""
    before, after = Device().report(ring), Device().report(ring)
    given = {"return_keys": code.keys, "reply_key": raw_public(code.reply)}
    bad = enrolled.report(ring, header=given)
    planted = ReturnWay(
        locator_hash=bytes(32),
        verifier=bytes(32),
        item_id=bad.item_id,
        sha256=bytes(32),
        pos=9,
        received_at="",
        feed_id="x",
    )
    elsewhere = Feed(feed_id="x", kind="return", sign_key=None, seal_key=raw_public(code.reply))

    def plant(db: Connection) -> None:
        mailbox.open_feed(db, elsewhere)
        mailbox.open_way(db, planted)

    await database.write(plant)
    await push(database, before, bad, after)

    assert await open_waiting(opener) == 3

    assert await states(database) == ["opened", "dead_letter:opener_failed", "opened"]


async def test_no_text_that_a_tablet_says_of_itself_keeps_its_reports_away(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """NUL is no character to PostgreSQL: such a push was a fault, again and again."""
    report = enrolled.report(ring)
    most = 2**53 - 1
    queue = QueueState(
        epoch=enrolled.epoch, max_seq=1, queued=most, oldest_age_s=most, device_time=most, storage="\0durable"
    )
    asked = replace(push_of(report, queue=queue), app_build="2026.11\0")

    taken = read_push(decode_push(encode(asked, MSGPACK), MSGPACK))
    await database.write(actions.commit_pushes, [taken], now=clock.now())
    await open_waiting(opener)

    assert await states(database) == ["opened"]
    seen = await database.read(devices.last_seen, HARBOUR)
    assert [(each.app_build, each.storage) for each in seen] == [("2026.11", "durable")]
