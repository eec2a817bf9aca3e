"""A tablet takes new keys: what it made before still opens, and a copy of it gets nowhere unseen."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct
from msgspec.structs import replace

from support.desk import Desk
from support.reports import Device, Report
from support.steps import step_of
from waymark.audit.records import Actor
from waymark.identity import actions as identity
from waymark.identity.devices import rekeying
from waymark.identity.devices.rekeying import KEYS_LAST
from waymark.intake import actions
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.records import Committed, Push
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.codec import PushFrame
from waymark_sync.protocol import KeySet, PushRequest
from waymark_sync.rekeying import Rekey
from waymark_sync.seal import new_key, raw_public
from waymark_sync.trust import rekeyed_valid

STATES = Sql("SELECT state || COALESCE(':' || reason, '') AS state FROM intake_item ORDER BY pos")
AUDITED = Sql("SELECT action FROM audit_entry WHERE action LIKE 'device.%' ORDER BY pos")
SOMEBODY = Actor(id="somebody", role="centre_worker")


def pushed(device: Device, *reports: Report, rekey: tuple[Rekey, ...] = ()) -> Push:
    items = tuple(report.envelope for report in reports)
    request = PushRequest(device_id=device.id, items=items, rekey=rekey)
    return read_push(PushFrame(request=request, items=request.items))


async def push(
    database: Database, device: Device, *reports: Report, rekey: tuple[Rekey, ...] = (), days: float = 0
) -> Committed:
    now = clock.now() + timedelta(days=days)
    [committed] = await database.write(
        actions.commit_pushes, [pushed(device, *reports, rekey=rekey)], now=now
    )
    return committed


async def states(database: Database) -> list[str]:
    return await database.read(lambda db: db.many(STATES, str))


async def audited(database: Database) -> list[str]:
    return await database.read(lambda db: db.many(AUDITED, str))


async def doubted(database: Database, device: Device) -> bool:
    found = await database.read(identity.device, device.id)
    assert found is not None
    return found.keys_doubted_at is not None


def rekeyed(device: Device, new: ec.EllipticCurvePrivateKey) -> Device:
    """The same tablet with its new key."""
    after = Device(visitor=False, device_id=device.id)
    after.epoch, after.seq, after.sign_key = device.epoch, device.seq, new
    return after


async def test_reports_of_the_old_key_and_of_the_new_one_open(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    before, new = [enrolled.report(ring) for _ in range(2)], new_key()
    step, after = step_of(enrolled, new), rekeyed(enrolled, new)

    committed = await push(database, enrolled, before[0], after.report(ring), rekey=(step,))
    await push(database, enrolled, before[1])
    await open_waiting(opener)

    assert committed.rekeyed == raw_public(new)
    assert await states(database) == ["opened"] * 3
    assert await audited(database) == ["device.rekeyed"]
    found = await database.read(identity.device, enrolled.id)
    assert found is not None
    assert (found.sign_key, found.seal_key) == (raw_public(new), step.seal_key)


class Late(Struct, frozen=True, kw_only=True):
    """What an old key signs after it was given up, and what becomes of it."""

    header: dict[str, Any]
    state: str


COPIED = "quarantined:key_given_up"


@pytest.mark.parametrize(
    "late",
    [
        Late(header={"seq": 2}, state="opened"),
        Late(header={"seq": 3}, state=COPIED),
        Late(header={"seq": 9_007_199_254_740_991}, state=COPIED),
        Late(header={"seq": 1, "epoch": "00112233445566ff"}, state=COPIED),
    ],
    ids=lambda late: str(late.header),
)
async def test_what_an_old_key_signs_beyond_its_last_number_comes_from_a_copy(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, late: Late
) -> None:
    enrolled.seq = 2
    await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
    await push(database, enrolled, enrolled.report(ring, header=late.header))
    await open_waiting(opener)

    assert await states(database) == [late.state]
    assert await doubted(database, enrolled) is (late.state == COPIED)
    told = ["device.keys_doubted"] if late.state == COPIED else []
    assert await audited(database) == ["device.rekeyed", *told]


async def test_a_signature_of_nobody_is_no_copy(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
    await push(database, enrolled, enrolled.report(ring, signer=new_key()))
    await open_waiting(opener)

    assert await states(database) == ["quarantined:signature_wrong"]
    assert not await doubted(database, enrolled)


async def test_what_came_under_the_new_key_before_it_was_known_is_opened_then(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """As after a restore, and as from a queue that was carried by hand."""
    new = new_key()
    step, after = step_of(enrolled, new), rekeyed(enrolled, new)
    await push(database, enrolled, after.report(ring))
    await open_waiting(opener)
    held = await states(database)

    await push(database, enrolled, rekey=(step,))
    await open_waiting(opener)

    assert held == ["quarantined:signature_wrong"]
    assert await states(database) == ["opened"]


async def test_a_step_again_is_like_once(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    new = new_key()
    step = step_of(enrolled, new)
    answers = [(await push(database, enrolled, rekey=(step,))).rekeyed for _ in range(3)]

    assert answers == [raw_public(new)] * 3
    assert await audited(database) == ["device.rekeyed"]


async def test_a_restored_service_is_led_from_the_keys_that_it_knows(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """It knows those of three changes ago; the tablet has nothing but the last."""
    steps, tablet, reports = [], enrolled, []
    for _ in range(3):
        reports.append(tablet.report(ring))
        new = new_key()
        steps.append(step_of(tablet, new))
        tablet = rekeyed(tablet, new)
    reports.append(tablet.report(ring))

    committed = await push(database, enrolled, *reports, rekey=tuple(steps))
    await open_waiting(opener)

    assert committed.rekeyed == raw_public(tablet.sign_key)
    assert await states(database) == ["opened"] * 4


@pytest.mark.parametrize(
    "wrong",
    ["old_sig", "new_sig", "seal_key", "stranger", "other_device", "beyond", "back", "broken_chain"],
)
async def test_a_step_that_does_not_hold_changes_nothing(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, wrong: str
) -> None:
    new, thief = new_key(), new_key()
    steps: tuple[Rekey, ...] = (step_of(enrolled, new),)
    if wrong == "old_sig":
        steps = (replace(steps[0], old_sig=steps[0].new_sig),)
    elif wrong == "new_sig":
        steps = (step_of(enrolled, new, other=thief),)
    elif wrong == "seal_key":
        steps = (step_of(enrolled, new, seal_key=b"\x04" + bytes(64)),)
    elif wrong == "stranger":
        steps = (step_of(enrolled, new, old=thief),)
    elif wrong == "other_device":
        steps = (step_of(Device(visitor=False), new, old=enrolled.sign_key),)
    elif wrong == "beyond":
        steps = (replace(steps[0], seq=steps[0].seq + 1_000),)
    elif wrong == "back":
        await push(database, enrolled, rekey=steps)
        steps = (*steps, step_of(rekeyed(enrolled, new), enrolled.sign_key))
    elif wrong == "broken_chain":
        steps = (*steps, step_of(rekeyed(enrolled, thief), new_key()))
    before = await database.read(identity.device, enrolled.id)

    committed = await push(database, enrolled, enrolled.report(ring), rekey=steps)
    await open_waiting(opener)

    assert committed.rekeyed is None
    after = await database.read(identity.device, enrolled.id)
    assert before is not None
    assert after is not None
    assert (after.sign_key, after.seal_key) == (before.sign_key, before.seal_key)
    assert len(await states(database)) == 1, "a report is taken, whatever came with it"


async def test_a_copy_that_comes_second_is_told_of_and_does_no_harm(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    new = new_key()
    copy = Device(visitor=False, device_id=enrolled.id)
    copy.epoch, copy.seq, copy.sign_key = enrolled.epoch, enrolled.seq, enrolled.sign_key
    await push(database, enrolled, rekey=(step_of(enrolled, new),))
    for _ in range(3):
        refused = await push(database, copy, rekey=(step_of(copy, new_key()),))
        assert refused.rekeyed is None
    await push(database, enrolled, rekeyed(enrolled, new).report(ring))
    await open_waiting(opener)

    assert await states(database) == ["opened"]
    assert await audited(database) == ["device.rekeyed", "device.keys_doubted"]


async def test_old_pushes_shown_again_and_strangers_raise_no_doubt(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    """Whoever reads along has the steps of each push, and everybody knows the form of one."""
    first, second = new_key(), new_key()
    steps = (step_of(enrolled, first), step_of(rekeyed(enrolled, first), second))
    for count in (1, 2):
        await push(database, enrolled, rekey=steps[:count])
    thief = new_key()
    for shown in (
        steps[:1],
        (step_of(enrolled, thief, old=thief, old_sign_key=raw_public(enrolled.sign_key)),),
    ):
        assert (await push(database, enrolled, rekey=shown)).rekeyed is None

    assert await audited(database) == ["device.rekeyed"] * 2


async def test_when_the_copy_comes_first_the_true_tablets_reports_are_kept_and_it_is_told_of(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    new = new_key()
    waiting = enrolled.report(ring)
    await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
    true = rekeyed(enrolled, new)
    await push(database, enrolled, waiting, true.report(ring), rekey=(step_of(enrolled, new),))
    await open_waiting(opener)

    assert await states(database) == ["opened", "quarantined:signature_wrong"]
    assert await doubted(database, enrolled)


async def test_of_a_tablet_that_was_taken_out_nothing_changes(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    await database.write(identity.revoke_device, enrolled.id, actor=SOMEBODY, now=clock.now())
    committed = await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))

    assert (committed.rekeyed, committed.rekey) == (None, False)
    assert await audited(database) == ["device.revoked"]


async def test_a_visitor_brings_none(database: Database, opener: Opener, ring: KeyRing) -> None:
    phone = Device()
    committed = await push(database, phone, phone.report(ring), rekey=(step_of(phone, new_key()),))

    assert (committed.rekeyed, committed.rekey) == (None, False)


async def test_it_is_asked_after_ninety_days_and_when_somebody_wants_it(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    days = KEYS_LAST / timedelta(days=1)
    by_age = [(await push(database, enrolled, days=age)).rekey for age in (0, days - 0.01, days + 0.01)]
    assert by_age == [False, False, True]

    async def ask(now: datetime) -> bool:
        return await database.write(rekeying.ask_for_keys, enrolled.id, actor=SOMEBODY, now=now)

    assert await ask(clock.now())
    assert (await push(database, enrolled)).rekey
    new = new_key()
    brought = await push(database, enrolled, rekey=(step_of(enrolled, new),), days=1)
    assert (brought.rekeyed, brought.rekey) == (raw_public(new), False)
    assert not (await push(database, enrolled, days=days)).rekey
    assert (await push(database, enrolled, days=days + 2)).rekey
    assert await audited(database) == ["device.keys_asked", "device.rekeyed"]
    await database.write(identity.revoke_device, enrolled.id, actor=SOMEBODY, now=clock.now())
    assert not await ask(clock.now())


async def test_it_takes_new_keys_while_its_report_is_being_opened(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device
) -> None:
    await push(database, enrolled, enrolled.report(ring))
    settle = opener._settle

    async def slow(*given: Any) -> None:
        opener._settle = settle  # type: ignore[method-assign]
        await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
        await settle(*given)

    opener._settle = slow  # type: ignore[method-assign]
    await open_waiting(opener)

    assert await states(database) == ["opened"]


def test_the_word_is_signed(ring: KeyRing) -> None:
    device, new, other = Device(visitor=False), raw_public(new_key()), raw_public(new_key())
    word = rekeying.rekeyed_word(device.id, new, ring, at=7)
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)

    assert rekeyed_valid(word, keys) is True
    assert rekeyed_valid(replace(word, kid="another"), keys) is None
    for spoilt in (
        replace(word, sign_key=other),
        replace(word, at=8),
        replace(word, device_id=Device().id),
        replace(word, sig=bytes(64)),
    ):
        assert rekeyed_valid(spoilt, keys) is False


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_centre_reads_that_its_tablet_may_have_been_copied(
    client: AsyncTestClient[Litestar], database: Database, settings: Settings, enrolled: Device
) -> None:
    desk = await Desk(client, settings.origin).enter(database, "harbour")

    async def line() -> tuple[bool, bool]:
        [told] = (await desk.get("/desk/api/devices")).json()["devices"]
        return told["keys_since"] is not None, told["keys_doubted_at"] is not None

    shown = [await line()]
    await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
    shown.append(await line())
    await push(database, enrolled, rekey=(step_of(enrolled, new_key()),))
    shown.append(await line())

    assert shown == [(False, False), (True, False), (True, True)]
