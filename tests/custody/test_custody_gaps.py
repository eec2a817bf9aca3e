"""What a tablet has made and what never came: the one defence against storage that was thrown away."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.desk import Desk, enrol_device
from support.files import Client
from support.reports import Device, push_of
from waymark.custody.records import Mark
from waymark.custody.rules import GAP_PRESUMED_LOST_AFTER, gaps
from waymark.intake.rules import runs
from waymark.kernel.clock import milliseconds, now, stamp
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.protocol import QueueState

NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
EARLY = stamp(NOW - GAP_PRESUMED_LOST_AFTER - timedelta(days=1))
LATE = stamp(NOW - timedelta(days=1))
OLD, NEW = "0" * 16, "1" * 16


def mark(max_seq: int, at: str = LATE, epoch: str = OLD) -> Mark:
    return Mark(device_id="d", epoch=epoch, max_seq=max_seq, at=at)


@pytest.mark.parametrize(
    ("marks", "reached", "queued", "expected"),
    [
        ([mark(3)], {OLD: [1, 2, 3]}, {}, []),
        ([mark(3)], {OLD: [1]}, {OLD: 2}, []),
        ([mark(3)], {OLD: [1]}, {OLD: 1}, [(2, 2, None, "missing")]),
        ([mark(3, EARLY)], {OLD: [1]}, {OLD: 1}, [(2, 2, None, "presumed_lost")]),
        ([mark(3, EARLY)], {OLD: [1]}, {OLD: 2}, []),
        ([mark(2, EARLY), mark(6)], {OLD: [1, 2, 6]}, {OLD: 0}, [(3, 3, EARLY, "missing")]),
        (
            [mark(9)],
            {OLD: [2, 3, 7]},
            {OLD: 0},
            [(1, 1, None, "missing"), (4, 3, None, "missing"), (8, 2, None, "missing")],
        ),
        ([mark(4), mark(1, LATE, NEW)], {OLD: [1, 2], NEW: [1]}, {OLD: 2}, [(3, 2, None, "presumed_lost")]),
        ([mark(4), mark(3, LATE, NEW)], {OLD: [1, 2, 3, 4], NEW: [3]}, {NEW: 2}, []),
        ([mark(2)], {OLD: [1, 2, 3, 4, 5]}, {}, []),
        ([mark(2)], {OLD: [5]}, {}, [(1, 2, None, "missing")]),
        ([mark(0)], {}, {}, []),
        ([mark(2**53 - 1)], {OLD: [1]}, {OLD: 5}, [(2, 2**53 - 2, None, "missing")]),
        ([], {}, {}, []),
    ],
)
def test_gaps(
    marks: Sequence[Mark],
    reached: dict[str, list[int]],
    queued: dict[str, int],
    expected: list[tuple[int, int, str | None, str]],
) -> None:
    come = {epoch: list(runs(seqs)) for epoch, seqs in reached.items()}
    found = gaps(marks, come, queued, now=NOW)

    assert [(gap.first_seq, gap.count, gap.made_after, gap.state) for gap in found] == expected


@given(st.sets(st.integers(1, 40)), st.integers(0, 40))
def test_gaps_are_exactly_what_did_not_come(reached: set[int], upto: int) -> None:
    found = gaps([mark(upto)], {OLD: list(runs(reached))}, {}, now=NOW)

    missing = {seq for gap in found for seq in range(gap.first_seq, gap.first_seq + gap.count)}
    assert missing == set(range(1, upto + 1)) - reached


async def beat(client: Client, tablet: Device, queue: QueueState, *, build: str = "1.2.3") -> None:
    body = {"v": 1, "device_id": tablet.id, "app_build": build, "queue": queue, "items": []}
    answer = await client.post(
        "/sync/v1/push", content=encode(body, MSGPACK), headers={"Content-Type": MSGPACK}
    )
    assert answer.status_code == 200


async def test_the_desk_sees_what_a_tablet_holds_and_what_never_came(
    service: Client, database: Database, ring: KeyRing, settings: Settings
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    first, lost, third = (tablet.report(ring) for _ in range(3))
    body = encode(push_of(first, third), MSGPACK)
    await service.post("/sync/v1/push", content=body, headers={"Content-Type": MSGPACK})
    ahead = milliseconds(now()) + 3_600_000
    await beat(
        service,
        tablet,
        QueueState(
            epoch=tablet.epoch, max_seq=3, queued=0, oldest_age_s=7, device_time=ahead, storage="may_go"
        ),
    )
    desk = await Desk(service, settings.origin).enter(database, "harbour")

    [line] = (await desk.get("/desk/api/devices")).json()["devices"]
    await service.post(
        "/sync/v1/push", content=encode(push_of(lost), MSGPACK), headers={"Content-Type": MSGPACK}
    )
    [after] = (await desk.get("/desk/api/devices")).json()["devices"]

    assert (line["queued"], line["oldest_age_s"], line["app_build"]) == (0, 7, "1.2.3")
    assert line["storage"] == "may_go"
    assert 3_590 <= line["clock_ahead_s"] <= 3_600
    [gap] = line["gaps"]
    assert (gap["first_seq"], gap["count"], gap["state"]) == (2, 1, "missing")
    assert after["gaps"] == []


async def test_a_store_that_began_anew_leaves_its_gaps_as_lost(
    service: Client, database: Database, settings: Settings
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    await beat(service, tablet, QueueState(epoch=OLD, max_seq=3, queued=3))
    desk = await Desk(service, settings.origin).enter(database, "harbour")
    [before] = (await desk.get("/desk/api/devices")).json()["devices"]
    await beat(service, tablet, QueueState(epoch=NEW, max_seq=0, queued=0))

    [line] = (await desk.get("/desk/api/devices")).json()["devices"]

    assert before["gaps"] == []
    [gap] = line["gaps"]
    assert (gap["count"], gap["state"], gap["made_after"]) == (3, "presumed_lost", None)


async def test_nothing_is_kept_of_a_visitor(service: Client, database: Database) -> None:
    phone = Device()
    await beat(service, phone, QueueState(epoch=OLD, max_seq=3, queued=3))

    count = Sql("SELECT COUNT(*) AS n FROM intake_device_mark")
    assert await database.read(lambda db: db.one(count, int)) == 0


async def test_what_a_person_found_out_stands_with_the_gap_and_nobody_else_can_say_it(
    service: Client, database: Database, settings: Settings
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    await beat(service, tablet, QueueState(epoch=OLD, max_seq=3, queued=0))
    told = {"epoch": OLD, "first_seq": 1, "count": 3, "why": "made_again"}
    path = f"/desk/api/devices/{tablet.id}/gaps"
    others = await Desk(service, settings.origin).enter(database, "quay")
    police = await Desk(service, settings.origin).enter(database, "northshire")
    desk = await Desk(service, settings.origin).enter(database, "harbour")

    refused = [(await one.post(path, told)).status_code for one in (others, police)]
    wrong = [
        (await desk.post(path, {**told, **change})).status_code
        for change in ({"why": "whatever"}, {"count": 0}, {"first_seq": 0}, {"epoch": "x"}, {"note": "x"})
    ]
    not_made_yet = (await desk.post(path, {**told, "count": 4})).status_code
    other_epoch = (await desk.post(path, {**told, "epoch": NEW})).status_code
    done = (await desk.post(path, told)).status_code
    [line] = (await desk.get("/desk/api/devices")).json()["devices"]

    assert (refused, wrong, done) == ([404, 404], [400] * 5, 204)
    assert (not_made_yet, other_epoch) == (404, 404)
    [gap] = line["gaps"]
    assert (gap["explained"], gap["count"]) == ("made_again", 3)


async def test_the_runs_of_numbers_are_kept_as_they_come(
    service: Client, database: Database, ring: KeyRing
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    made = [tablet.report(ring) for _ in range(6)]
    shape = Sql("SELECT first_seq || '-' || last_seq AS run FROM intake_device_run ORDER BY first_seq")
    seen = []
    for order in ((0,), (1,), (4,), (3,), (3,), (2, 5)):
        body = encode(push_of(*(made[n] for n in order)), MSGPACK)
        await service.post("/sync/v1/push", content=body, headers={"Content-Type": MSGPACK})
        seen.append(await database.read(lambda db: db.many(shape, str)))

    assert seen == [["1-1"], ["1-2"], ["1-2", "5-5"], ["1-2", "4-5"], ["1-2", "4-5"], ["1-6"]]
