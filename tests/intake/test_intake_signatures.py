"""A signature that was altered on its way: the device is not told that it has arrived, and sends again."""

from typing import Any

import pytest
from msgspec.structs import replace

from support.reports import Device, Report, push_of
from waymark.intake import actions
from waymark.intake.answers import answers
from waymark.intake.jobs import Opener, _open_all, _waiting_with_senders, open_waiting
from waymark.intake.records import Push
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import PushFrame
from waymark_sync.protocol import ItemResult, Receipt
from waymark_sync.trust import covers

STATES = Sql("SELECT state || COALESCE(':' || reason, '') AS state FROM intake_item ORDER BY pos")


def spoilt(report: Report, at: int = 7) -> Report:
    sig = report.envelope.sig
    changed = sig[:at] + bytes([sig[at] ^ 1]) + sig[at + 1 :]
    return replace(report, envelope=replace(report.envelope, sig=changed))


def pushed(*reports: Report) -> Push:
    request = push_of(*reports)
    return read_push(PushFrame(request=request, items=request.items))


async def push(database: Database, ring: KeyRing, *pushes: Push) -> list[tuple[Receipt, ItemResult]]:
    """Of each push the first result, with its receipt."""
    committed = await database.write(actions.commit_pushes, pushes, now=clock.now())
    told = answers(pushes, committed, ring, at=1)
    found = []
    for one in told:
        assert one.receipt is not None
        found.append((one.receipt, one.results[0]))
    return found


def believed(report: Report, told: tuple[Receipt, ItemResult]) -> bool:
    """By the device that has sent it."""
    sent = report.envelope
    return covers(*told, item_id=report.item_id, sha256=sent.sha256, sig=sent.sig)


async def states(database: Database) -> list[str]:
    return await database.read(lambda db: db.many(STATES, str))


@pytest.mark.parametrize("tablet", [False, True])
async def test_the_device_sends_again_and_the_report_is_opened(
    database: Database, opener: Opener, ring: KeyRing, enrolled: Device, tablet: bool
) -> None:
    report = (enrolled if tablet else Device()).report(ring)
    [first] = await push(database, ring, pushed(spoilt(report)))
    await open_waiting(opener)
    held = await states(database)
    [second] = await push(database, ring, pushed(report))
    await open_waiting(opener)

    assert (believed(report, first), held) == (False, ["quarantined:signature_wrong"])
    assert (believed(report, second), second[1].verdict) == (True, "duplicate")
    assert await states(database) == ["opened"]


async def test_both_in_one_commit_leave_the_good_one(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    report = Device().report(ring)
    told = await push(database, ring, pushed(spoilt(report)), pushed(report))
    await open_waiting(opener)

    assert [believed(report, one) for one in told] == [False, True]
    assert await states(database) == ["opened"]


async def test_an_altered_copy_displaces_nothing(database: Database, opener: Opener, ring: KeyRing) -> None:
    waiting, open_already = Device().report(ring), Device().report(ring)
    await push(database, ring, pushed(open_already))
    await open_waiting(opener)
    await push(database, ring, pushed(waiting))
    stranger = waiting.device.__class__().report(ring)
    others = replace(waiting, envelope=replace(waiting.envelope, sig=stranger.envelope.sig))
    for copy in (spoilt(waiting), spoilt(open_already), others):
        await push(database, ring, pushed(copy))
    await open_waiting(opener)

    assert await states(database) == ["opened", "opened"]


async def test_one_altered_copy_after_another_stays_where_a_person_sees_it(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    report = Device().report(ring)
    for at in (3, 9, 63):
        [told] = await push(database, ring, pushed(spoilt(report, at)))
        await open_waiting(opener)
        assert not believed(report, told)
    assert await states(database) == ["quarantined:signature_wrong"]


async def test_what_comes_again_while_it_is_judged_is_judged_again(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    report = Device().report(ring)
    await push(database, ring, pushed(spoilt(report)))
    waiting, current = await database.read(_waiting_with_senders)
    assert current is not None
    service: Any = replace(opener._service, incarnation=current.incarnation)
    judged = _open_all(waiting, service, clock.now())
    await push(database, ring, pushed(report))

    settled = await database.write(actions.settle_outcomes, judged, service=service, now=clock.now())

    assert (settled, await states(database)) == (0, ["waiting"])
    await open_waiting(opener)
    assert await states(database) == ["opened"]
