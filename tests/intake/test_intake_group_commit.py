"""Many devices, one commit at a time: who waits, who is sent away, and who is never dragged along."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from support.reports import Device, push_of
from waymark.intake.group import (
    DEVICE_ITEMS_MAX,
    GROUP_BYTES,
    GROUP_ITEMS,
    WAITING_BYTES_MAX,
    GroupCommit,
)
from waymark.intake.pace import WAITING_ITEMS_MAX
from waymark.intake.records import Push
from waymark.intake.rules import read_push
from waymark.kernel.db import Connection, Database, Full, Refused, Unavailable
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import Problem
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.protocol import PADDING_BUCKETS, KeySet
from waymark_sync.trust import covers, receipt_valid


class Counted:
    """The real database, counting commits, and failing as a test wants it to."""

    engine = "sqlite"

    def __init__(self, real: Database, fault: Callable[[list[Push]], Exception | None] | None = None) -> None:
        self._real = real
        self._fault = fault or (lambda _: None)
        self.groups: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, work: Callable[..., Any], pushes: list[Push], **more: Any) -> Any:
        await self.open.wait()
        self.groups.append(len(pushes))

        def run(db: Connection) -> Any:
            if fault := self._fault(pushes):
                raise fault
            return work(db, pushes, **more)

        return await self._real.write(run)


def a_push(ring: KeyRing, reports: int = 1, phone: Device | None = None) -> Push:
    phone = phone or Device(visitor=reports == 1)
    request = push_of(*(phone.report(ring) for _ in range(reports)))
    return read_push(decode_push(encode(request, MSGPACK), MSGPACK))


def opened_key_set(ring: KeyRing) -> KeySet:
    return msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)


async def test_devices_that_wait_together_share_a_commit(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted, woken = Counted(database), []
    intake = GroupCommit(counted, ring, on_stored=lambda: woken.append(1))
    intake.start()
    pushes = [a_push(ring) for _ in range(10)]

    counted.open.clear()
    waiting = [asyncio.create_task(intake.take(push)) for push in pushes]
    await asyncio.sleep(0)
    counted.open.set()
    committed = await asyncio.gather(*waiting)
    await intake.close()

    assert sum(counted.groups) == 10
    assert len(counted.groups) <= 2
    assert sorted(c.committed.standings[0].pos for c in committed) == list(range(1, 11))
    assert len(woken) == len(counted.groups)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", [Full, Unavailable])
async def test_a_full_disk_is_told_to_every_device_of_the_group(
    database: Database, begun: Lineage, ring: KeyRing, fault: type[Exception]
) -> None:
    intake = GroupCommit(Counted(database, lambda _: fault()), ring)
    intake.start()

    answers = await asyncio.gather(*(intake.take(a_push(ring)) for _ in range(3)), return_exceptions=True)
    await intake.close()

    assert [type(answer) for answer in answers] == [fault] * 3


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_one_push_that_cannot_be_stored_drags_no_other_along(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    poison = a_push(ring)
    intake = GroupCommit(Counted(database, lambda pushes: Refused() if poison in pushes else None), ring)
    intake.start()

    answers = await asyncio.gather(
        *(intake.take(push) for push in (a_push(ring), poison, a_push(ring))), return_exceptions=True
    )
    await intake.close()

    assert [isinstance(answer, Refused) for answer in answers] == [False, True, False]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_closing_commits_what_waits_and_sends_newcomers_away(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake.start()
    counted.open.clear()
    waiting = asyncio.create_task(intake.take(a_push(ring)))
    await asyncio.sleep(0)

    closing = asyncio.create_task(intake.close())
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await intake.take(a_push(ring))
    counted.open.set()
    await closing

    assert refused.value.kind.code == "busy"
    assert int(refused.value.headers["Retry-After"]) > 0
    assert (await waiting).committed.standings[0].verdict == "accepted"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_queue_that_is_full_asks_devices_to_come_back(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake.start()
    counted.open.clear()
    pushes = [a_push(ring, reports=32) for _ in range(4)]
    many = [replace(pushes[n % 4], device_id=str(uuid4())) for n in range(60)]
    asked = [asyncio.create_task(intake.take(push)) for push in many]
    await asyncio.sleep(0)

    with pytest.raises(Problem) as refused:
        await intake.take(many[0])
    counted.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await intake.close()

    assert refused.value.kind.code == "busy"
    assert int(refused.value.headers["Retry-After"]) > 0
    finer = int(refused.value.headers["Waymark-Retry-Ms"])
    assert 0 < finer <= int(refused.value.headers["Retry-After"]) * 1000
    assert {type(answer).__name__ for answer in answers} == {"Answered", "Problem"}
    assert max(counted.groups) * 32 <= GROUP_ITEMS
    assert intake.waiting_items == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_few_large_items_fill_the_queue_and_a_commit_as_many_small_ones_do(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake.start()
    counted.open.clear()
    phone = Device()
    large = push_of(*(phone.report(ring, plaintext=bytes(PADDING_BUCKETS[-1] - 1)) for _ in range(3)))
    push = read_push(decode_push(encode(large, MSGPACK), MSGPACK))
    count = WAITING_BYTES_MAX // push.sealed_bytes + 40
    asked = [asyncio.create_task(intake.take(replace(push, device_id=str(uuid4())))) for _ in range(count)]
    await asyncio.sleep(0)

    with pytest.raises(Problem):
        await intake.take(push)
    counted.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await intake.close()

    assert {type(answer).__name__ for answer in answers} == {"Answered", "Problem"}
    assert max(counted.groups) * push.sealed_bytes <= GROUP_BYTES


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_device_that_sends_much_delays_nobody_else(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake._pace.stored(WAITING_ITEMS_MAX * 100, took_s=1.0)
    intake.start()
    counted.open.clear()
    greedy, order = Device(), list[str]()
    lots = [a_push(ring, reports=60, phone=greedy) for _ in range(10)]
    others = [a_push(ring, reports=60) for _ in range(10)]

    async def send(push: Push, who: str) -> None:
        await intake.take(push)
        order.append(who)

    first = asyncio.create_task(send(a_push(ring), "first"))
    await asyncio.sleep(0)
    sending = [asyncio.create_task(send(push, "greedy")) for push in lots]
    sending += [asyncio.create_task(send(push, "other")) for push in others]
    await asyncio.sleep(0)
    counted.open.set()
    await asyncio.gather(first, *sending)
    await intake.close()

    assert counted.groups[:2] == [1, 4]
    assert order[:12].count("other") == 10


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_one_device_cannot_take_all_the_room(database: Database, begun: Lineage, ring: KeyRing) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring, luck=lambda: 0.0)
    intake._pace.stored(WAITING_ITEMS_MAX * 100, took_s=1.0)
    intake.start()
    counted.open.clear()
    push = a_push(ring, reports=64)
    asked = [asyncio.create_task(intake.take(push)) for _ in range(DEVICE_ITEMS_MAX // 64)]
    await asyncio.sleep(0)

    with pytest.raises(Problem) as refused:
        await intake.take(push)
    other = asyncio.create_task(intake.take(a_push(ring)))
    await asyncio.sleep(0)
    counted.open.set()
    await asyncio.gather(*asked, other)
    await intake.close()

    assert (refused.value.kind.code, refused.value.headers["Retry-After"]) == ("too_many_at_once", "1")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_half_of_the_room_is_for_those_who_do_not_wait_yet(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake.start()
    counted.open.clear()
    push = a_push(ring, reports=60)
    asked = [asyncio.create_task(intake.take(push)) for _ in range(17)]
    others = [asyncio.create_task(intake.take(a_push(ring, reports=60))) for _ in range(5)]
    await asyncio.sleep(0)
    counted.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert {type(answer).__name__ for answer in answers} == {"Answered", "Problem"}
    assert [len(answer.results) for answer in await asyncio.gather(*others)] == [60] * 5
    await intake.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("reports", [1, 64], ids=["one_by_one", "in_full_pushes"])
async def test_two_hundred_reports_of_one_device_at_once_are_never_refused(
    database: Database, begun: Lineage, ring: KeyRing, reports: int
) -> None:
    intake = GroupCommit(database, ring)
    intake.start()
    phone = Device()
    pushes = [a_push(ring, reports=min(reports, 200 - n), phone=phone) for n in range(0, 200, reports)]

    answers = await asyncio.gather(*(intake.take(push) for push in pushes))
    await intake.close()

    verdicts = [result.verdict for answer in answers for result in answer.results]
    assert verdicts == ["accepted"] * 200


async def test_small_pushes_of_one_commit_share_a_signature(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring)
    intake.start()
    counted.open.clear()
    first = asyncio.create_task(intake.take(a_push(ring)))
    await asyncio.sleep(0)
    pushes = [a_push(ring, reports=count) for count in (1, 8, 9, 1, 3)]
    waiting = [asyncio.create_task(intake.take(push)) for push in pushes]
    await asyncio.sleep(0)
    counted.open.set()
    answers = await asyncio.gather(*waiting)
    await asyncio.gather(first)
    await intake.close()

    keys = opened_key_set(ring)
    receipts = [answer.receipt for answer in answers]
    assert len({receipt.sig for receipt in receipts if receipt}) == 2
    assert [receipt == receipts[0] for receipt in receipts] == [True, True, False, True, True]
    for push, answer in zip(pushes, answers, strict=True):
        assert answer.receipt is not None
        assert receipt_valid(answer.receipt, keys)
        for arrival, result in zip(push.arrivals, answer.results, strict=True):
            item_id, sent = arrival.header.item_id, arrival.envelope
            assert covers(answer.receipt, result, item_id=item_id, sha256=sent.sha256, sig=sent.sig)
            assert not covers(answer.receipt, result, item_id=item_id, sha256=bytes(32), sig=sent.sig)
            assert not covers(answer.receipt, result, item_id=item_id, sha256=sent.sha256, sig=bytes(64))


async def test_an_answer_lost_after_the_commit_is_given_again(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    class Dies(Counted):
        async def write(self, work: Callable[..., Any], pushes: list[Push], **more: Any) -> Any:
            await super().write(work, pushes, **more)
            raise Unavailable

    dying, pushes = GroupCommit(Dies(database), ring), [a_push(ring) for _ in range(3)]
    dying.start()
    lost = await asyncio.gather(*(dying.take(push) for push in pushes), return_exceptions=True)
    await dying.close()
    intake = GroupCommit(database, ring)
    intake.start()
    again = await asyncio.gather(*(intake.take(push) for push in pushes))
    await intake.close()

    assert [type(answer) for answer in lost] == [Unavailable] * 3
    assert [answer.results[0].verdict for answer in again] == ["duplicate"] * 3
    assert sorted(answer.results[0].pos or 0 for answer in again) == [1, 2, 3]
    keys = opened_key_set(ring)
    assert all(answer.receipt and receipt_valid(answer.receipt, keys) for answer in again)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_who_is_served_while_many_wait_is_asked_to_pause(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted, ring, luck=lambda: 0.0)
    intake.start()
    counted.open.clear()
    pushes = [a_push(ring, reports=32) for _ in range(4)]
    first = asyncio.create_task(intake.take(pushes[0]))
    await asyncio.sleep(0)
    many = [replace(pushes[n % 4], device_id=str(uuid4())) for n in range(18)]
    waiting = [asyncio.create_task(intake.take(push)) for push in many]
    await asyncio.sleep(0)
    counted.open.set()

    assert (await first).backoff_s == 1
    assert [answer.backoff_s for answer in await asyncio.gather(*waiting)][-1] is None
    await intake.close()


async def test_nothing_is_taken_before_the_start(database: Database, begun: Lineage, ring: KeyRing) -> None:
    with pytest.raises(Problem):
        await GroupCommit(database, ring).take(a_push(ring))
