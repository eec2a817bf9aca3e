"""What becomes of an item when it is committed: on both engines, alone, in a batch and in a group."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from support.reports import Device, Report, push_of
from waymark.intake import actions, store
from waymark.intake.records import Committed, Standing
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Refused, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.protocol import PushRequest, QueueState

STORED = Sql("SELECT pos FROM intake_item UNION ALL SELECT pos FROM intake_conflict ORDER BY pos")
QUEUED = Sql("SELECT queued FROM intake_device_seen WHERE device_id = :device_id ORDER BY epoch")


async def commit(database: Database, *requests: PushRequest) -> list[Committed]:
    pushes = [read_push(decode_push(encode(r, MSGPACK), MSGPACK)) for r in requests]
    return await database.write(actions.commit_pushes, pushes, now=clock.now())


async def commit_reports(database: Database, *reports: Report) -> Sequence[Standing]:
    [committed] = await commit(database, push_of(*reports))
    return committed.standings


def told(standings: Sequence[Standing]) -> list[tuple[str, int]]:
    return [(s.verdict, s.pos) for s in standings]


async def test_new_items_get_positions_without_gaps(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    phone = Device()

    first = await commit_reports(database, phone.report(ring), phone.report(ring))
    second = await commit_reports(database, phone.report(ring))

    assert told(first) == [("accepted", 1), ("accepted", 2)]
    assert told(second) == [("accepted", 3)]


async def test_the_same_bytes_again_are_a_duplicate_at_their_first_position(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    phone = Device()
    old, new = phone.report(ring), phone.report(ring)
    await commit_reports(database, old)

    again = await commit_reports(database, old, new, old, new)

    assert told(again) == [("duplicate", 1), ("accepted", 2), ("duplicate", 1), ("duplicate", 2)]
    assert await database.read(lambda db: db.many(STORED, int)) == [1, 2]


async def test_the_same_id_with_other_bytes_is_kept_as_a_conflict(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    phone = Device()
    first = phone.report(ring)
    other = phone.report(ring, item_id=first.item_id)
    await commit_reports(database, first)

    standings = await commit_reports(database, other)
    again = await commit_reports(database, other, first)

    assert told(standings) == [("conflict", 2)]
    assert told(again) == [("conflict", 2), ("duplicate", 1)]
    assert await database.read(lambda db: db.many(STORED, int)) == [1, 2]


async def test_a_number_used_twice_is_kept_as_a_conflict(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    phone = Device()
    first = phone.report(ring)
    cloned = phone.report(ring, header={"seq": first.header.seq})

    together = await commit_reports(database, first, cloned)

    assert told(together) == [("accepted", 1), ("conflict", 2)]
    [conflict] = await database.read(actions.held, limit=10)
    assert (conflict.id, conflict.reason) == (cloned.item_id, "sequence_reused")


async def test_a_group_of_devices_is_decided_as_if_one_after_the_other(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    one, other = Device(), Device()
    shared, alone = one.report(ring), other.report(ring)

    committed = await commit(database, push_of(shared), push_of(alone, shared), push_of(shared))

    assert [told(c.standings) for c in committed] == [
        [("accepted", 1)],
        [("accepted", 2), ("duplicate", 1)],
        [("duplicate", 1)],
    ]
    assert {c.incarnation for c in committed} == {begun.incarnation}


async def test_more_items_than_one_lookup_holds_are_all_known_again(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    phones = [Device() for _ in range(3)]
    requests = [push_of(*(phone.report(ring) for _ in range(store.LOOKUP // 2 + 1))) for phone in phones]

    first = await commit(database, *requests)
    again = await commit(database, *requests)

    assert {s.verdict for c in first for s in c.standings} == {"accepted"}
    assert {s.verdict for c in again for s in c.standings} == {"duplicate"}
    assert [[s.pos for s in c.standings] for c in first] == [[s.pos for s in c.standings] for c in again]


async def test_nothing_of_a_group_is_there_when_its_commit_fails(
    database: Database, begun: Lineage, ring: KeyRing
) -> None:
    def fails_after_commit(db: Connection) -> None:
        actions.commit_pushes(db, [push], now=clock.now())
        raise Refused

    push = read_push(decode_push(encode(push_of(Device().report(ring)), MSGPACK), MSGPACK))

    with pytest.raises(Refused):
        await database.write(fails_after_commit)

    assert await database.read(lambda db: db.many(STORED, int)) == []


async def test_a_heartbeat_is_remembered_of_enrolled_devices_only(
    database: Database, begun: Lineage, enrolled: Device
) -> None:
    queue = QueueState(epoch=enrolled.epoch, max_seq=9, queued=4)
    for device in (enrolled, Device()):
        await commit(database, PushRequest(device_id=device.id, queue=replace(queue, queued=5)))
        await commit(database, PushRequest(device_id=device.id, queue=queue))

    found = await database.read(lambda db: db.many(QUEUED, int, device_id=enrolled.id))

    assert found == [4]
    [seen] = await database.read(actions.last_seen, "demo-harbour-library")
    assert (seen.device_id, seen.queued) == (enrolled.id, 4)


async def test_what_a_push_has_brought_does_not_wait_any_more(
    database: Database, begun: Lineage, enrolled: Device, ring: KeyRing
) -> None:
    """A tablet counts what it is sending as waiting, and may be switched off before it speaks again."""
    left = []
    for queued, oldest_age_s in ((3, 60), (2, 60), (1, 60)):
        report = enrolled.report(ring)
        queue = QueueState(epoch=enrolled.epoch, max_seq=3, queued=queued, oldest_age_s=oldest_age_s)
        await commit(database, push_of(report, queue=queue))
        [seen] = await database.read(actions.last_seen, "demo-harbour-library")
        left.append((seen.queued, seen.oldest_age_s))

    carried = QueueState(epoch=enrolled.epoch, max_seq=4, queued=1, oldest_age_s=9)
    await commit(database, push_of(Device().report(ring), device_id=enrolled.id, queue=carried))
    [seen] = await database.read(actions.last_seen, "demo-harbour-library")
    assert left == [(2, 60), (1, 60), (0, 0)]
    assert (seen.queued, seen.oldest_age_s) == (1, 9), "another's report is not its own"


async def test_a_restore_begins_another_lineage(database: Database, begun: Lineage, ring: KeyRing) -> None:
    phone = Device()
    await commit_reports(database, phone.report(ring))

    restored = await database.write(actions.begin_lineage, now=clock.now())
    [committed] = await commit(database, push_of(phone.report(ring)))

    assert restored.number == begun.number + 1
    assert committed.incarnation == restored.incarnation != begun.incarnation
    assert await database.write(actions.ensure_lineage, now=clock.now()) == restored
