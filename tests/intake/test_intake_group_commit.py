"""Many devices, one commit at a time: who waits, who is sent away, and who is never dragged along."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from support.reports import Device, push_of
from waymark.intake.jobs import (
    GROUP_BYTES,
    GROUP_ITEMS,
    WAITING_BYTES_MAX,
    WAITING_ITEMS_MAX,
    GroupCommit,
)
from waymark.intake.records import Push
from waymark.intake.rules import read_push
from waymark.kernel.db import Connection, Database, Full, Refused, Unavailable
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import Problem
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.protocol import PADDING_BUCKETS


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


def a_push(ring: KeyRing, reports: int = 1) -> Push:
    phone = Device()
    request = push_of(*(phone.report(ring) for _ in range(reports)))
    return read_push(decode_push(encode(request, MSGPACK), MSGPACK))


async def test_devices_that_wait_together_share_a_commit(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted, woken = Counted(database), []
    intake = GroupCommit(counted, on_stored=lambda: woken.append(1))
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
    assert sorted(c.standings[0].pos for c in committed) == list(range(1, 11))
    assert len(woken) == len(counted.groups)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", [Full, Unavailable])
async def test_a_full_disk_is_told_to_every_device_of_the_group(
    database: Database, begun: Lineage, ring: KeyRing, fault: type[Exception]
) -> None:
    intake = GroupCommit(Counted(database, lambda _: fault()))
    intake.start()

    answers = await asyncio.gather(*(intake.take(a_push(ring)) for _ in range(3)), return_exceptions=True)
    await intake.close()

    assert [type(answer) for answer in answers] == [fault] * 3


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_one_push_that_cannot_be_stored_drags_no_other_along(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    poison = a_push(ring)
    intake = GroupCommit(Counted(database, lambda pushes: Refused() if poison in pushes else None))
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
    intake = GroupCommit(counted)
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
    assert (await waiting).standings[0].verdict == "accepted"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_queue_that_is_full_asks_devices_to_come_back(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted)
    intake.start()
    counted.open.clear()
    large = a_push(ring, reports=64)
    asked = [asyncio.create_task(intake.take(large)) for _ in range(WAITING_ITEMS_MAX // 64 + 40)]
    await asyncio.sleep(0)

    with pytest.raises(Problem):
        await intake.take(large)
    counted.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await intake.close()

    assert {type(answer).__name__ for answer in answers} == {"Committed", "Problem"}
    assert max(counted.groups) * 64 <= GROUP_ITEMS
    assert intake.waiting_items == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_few_large_items_fill_the_queue_and_a_commit_as_many_small_ones_do(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    counted = Counted(database)
    intake = GroupCommit(counted)
    intake.start()
    counted.open.clear()
    phone = Device()
    large = push_of(*(phone.report(ring, plaintext=bytes(PADDING_BUCKETS[-1] - 1)) for _ in range(3)))
    push = read_push(decode_push(encode(large, MSGPACK), MSGPACK))
    asked = [
        asyncio.create_task(intake.take(push)) for _ in range(WAITING_BYTES_MAX // push.sealed_bytes + 40)
    ]
    await asyncio.sleep(0)

    with pytest.raises(Problem):
        await intake.take(push)
    counted.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await intake.close()

    assert {type(answer).__name__ for answer in answers} == {"Committed", "Problem"}
    assert max(counted.groups) * push.sealed_bytes <= GROUP_BYTES


async def test_nothing_is_taken_before_the_start(database: Database, begun: Lineage, ring: KeyRing) -> None:
    with pytest.raises(Problem):
        await GroupCommit(database).take(a_push(ring))
