"""The intake log: on another disk before the answer, whole by content, enough to bring back what was lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from custody.conftest import Centre
from support.files import Client, noise, prepared, push, report_with, upload
from support.reports import Device, push_of
from waymark.app import create_app
from waymark.attachments.shelf import Shelf
from waymark.custody import journal, store
from waymark.custody.journal import frames, segments_of
from waymark.custody.replaying import replay
from waymark.custody.shipping import Shipper
from waymark.intake import actions as intake
from waymark.intake.group import GroupCommit
from waymark.intake.records import Committed
from waymark.intake.rules import read_push
from waymark.kernel import clock, lineage
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault
from waymark_sync.codec import MSGPACK, PushFrame, encode

FORGET = Sql("DELETE FROM intake_item WHERE pos > :pos")
HISTORY = Sql("SELECT item_id FROM intake_item ORDER BY pos")
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Desk:
    """Intake with a log, and a floor by backups that a test sets."""

    def __init__(self, centre: Centre, vault: Vault, files: Shelf, root: Path) -> None:
        self.database, self.ring, self.vault, self.files = centre.database, centre.ring, vault, files
        self.root, self.base = root, 0
        self.log = Shipper(centre.database, vault, files, root, lambda: self.base)
        self.intake = GroupCommit(centre.database, centre.ring, log=self.log)

    async def take(self, count: int = 1) -> Committed:
        reports = [Device().report(self.ring) for _ in range(count)]
        request = push_of(*reports)
        answered = await self.intake.take(read_push(PushFrame(request=request, items=request.items)))
        return answered.committed

    async def settle(self) -> None:
        while await self.log.step():
            pass

    async def floor(self) -> int:
        return self.log.floor((await self.database.read(lineage.current)).incarnation)

    async def items(self) -> list[str]:
        return await self.database.read(lambda db: db.many(HISTORY, str))

    async def lose(self, after: int) -> None:
        """As a database that was copied back: in the same lineage."""
        await self.database.write(lambda db: db.execute(FORGET, pos=after))

    async def replay(self) -> Counter[str]:
        return await replay(self.database, self.vault, self.files, self.root)

    def segments(self) -> list[Path]:
        return [path for folder in self.root.iterdir() for path in segments_of(folder)]

    def again(self) -> Shipper:
        return Shipper(self.database, self.vault, self.files, self.root, lambda: self.base)


@pytest.fixture
async def desk(centre: Centre, vault: Vault, settings: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "log").mkdir()
    made = Desk(centre, vault, Shelf(settings.data / "attachments"), tmp_path / "log")
    made.intake.start()
    yield made
    await made.intake.close()
    await made.log.close()


async def test_what_is_answered_is_in_the_log_and_the_answer_says_so(desk: Desk) -> None:
    before = await desk.take(2)
    await desk.settle()

    after = [await desk.take(3), await desk.take()]

    assert before.restore_floor == 0
    assert [each.restore_floor for each in after] == [5, 6]


async def test_nothing_is_written_behind_a_gap(desk: Desk, centre: Centre) -> None:
    """Another process of the service has committed in between."""
    await desk.settle()
    await desk.take()
    await centre.report()

    after = await desk.take(2)
    [segment] = desk.segments()
    written = [entry.pos for frame in frames(segment) for entry in frame.group.entries]
    await desk.settle()

    assert (written, after.restore_floor, await desk.floor()) == ([1], 1, 4)
    assert [e.pos for frame in frames(segment) for e in frame.group.entries] == [1, 2, 3, 4]


async def test_the_log_holds_no_sealed_bytes_but_under_keys_of_their_own(desk: Desk, centre: Centre) -> None:
    [report] = await centre.report()
    await desk.settle()

    [segment] = desk.segments()
    raw = segment.read_bytes()

    assert report.item_id.encode() in raw
    assert report.envelope.sealed not in raw
    assert report.envelope.header not in raw


async def test_what_the_database_lost_comes_back_at_its_place(desk: Desk) -> None:
    await desk.settle()
    for count in (2, 3, 1):
        await desk.take(count)
    await desk.settle()
    whole = await desk.items()
    await desk.lose(after=2)

    first, second = await desk.replay(), await desk.replay()

    assert await desk.items() == whole
    assert first == {"accepted": 4, "duplicate": 2}
    assert second == {"duplicate": 6}


async def test_what_has_come_again_meanwhile_stays_one(desk: Desk, centre: Centre) -> None:
    await desk.settle()
    await centre.report(4)
    await desk.settle()
    await desk.lose(after=1)
    await centre.send(centre.sent[3], centre.sent[1])

    found = await desk.replay()

    assert found == {"accepted": 1, "duplicate": 3}
    assert sorted(await desk.items()) == sorted(report.item_id for report in centre.sent)


async def test_an_erased_key_leaves_nothing_to_bring_back(desk: Desk, centre: Centre) -> None:
    await centre.report(2)
    await desk.settle()
    [segment] = desk.segments()
    raw = bytearray(segment.read_bytes())
    [frame, *_] = frames(segment)
    at = journal.HEAD.size
    raw[at : at + len(frame.keys[0])] = bytes(len(frame.keys[0]))
    segment.write_bytes(raw)
    await desk.lose(after=0)

    found = await desk.replay()

    assert found == {"accepted": 1, "unreadable": 1}
    assert await desk.items() == [centre.sent[1].item_id]


@pytest.mark.parametrize("cut", [1, 10, 40, 2_000])
async def test_a_frame_that_was_cut_short_is_written_again(desk: Desk, cut: int) -> None:
    await desk.settle()
    await desk.take(2)
    await desk.take(1)
    await desk.log.close()
    [segment] = desk.segments()
    whole = segment.stat().st_size
    with segment.open("rb+") as file:
        file.truncate(whole - cut)
    log = desk.again()

    assert await log.step() == 1
    await log.step()

    incarnation = (await desk.database.read(lineage.current)).incarnation
    assert log.floor(incarnation) == 3
    assert [frame.group.entries[-1].pos for frame in frames(segment)] == [2, 3]
    await log.close()


async def test_a_broken_log_delays_nobody_and_holds_the_floor(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.settle()
    await desk.take()

    def no_room(*_: object) -> None:
        raise OSError(28, "no room")

    with monkeypatch.context() as broken:
        broken.setattr(journal.os, "fdatasync", no_room)
        during = await desk.take(2)
    after = await desk.floor()
    await desk.settle()

    assert during.standings[0].verdict == "accepted"
    assert (during.restore_floor, after, await desk.floor()) == (0, 0, 3)


async def test_it_begins_where_every_backup_ends(desk: Desk, centre: Centre) -> None:
    await centre.report(5)
    desk.base = 3
    await desk.settle()

    [segment] = desk.segments()

    assert journal.first_of(segment) == 4
    assert await desk.floor() == 5
    desk.base = 2
    assert await desk.floor() == 0


async def test_a_series_of_another_branch_is_put_aside(desk: Desk, centre: Centre) -> None:
    await centre.report(4)
    await desk.settle()
    await desk.log.close()
    await desk.lose(after=1)
    await centre.report(6)
    log = desk.again()

    while await log.step():
        pass

    incarnation = (await desk.database.read(lineage.current)).incarnation
    assert log.floor(incarnation) == 7
    assert [".aside-" in folder.name for folder in sorted(desk.root.iterdir())].count(True) == 1
    await log.close()
    assert (await desk.replay())["accepted"] == 3


async def test_segments_that_every_backup_holds_go(
    desk: Desk, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 1)
    await desk.settle()
    for _ in range(4):
        await desk.take()
    assert [journal.first_of(segment) for segment in sorted(desk.segments())] == [1, 2, 3, 4]

    desk.base = 2
    await desk.settle()

    assert [journal.first_of(segment) for segment in sorted(desk.segments())] == [3, 4]
    assert await desk.floor() == 4


async def test_a_missing_segment_is_noticed(
    desk: Desk, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 1)
    await desk.settle()
    for _ in range(4):
        await desk.take()
    await desk.log.close()
    sorted(desk.segments())[1].unlink()
    log = desk.again()

    while await log.step():
        pass

    lasting = [path for path in desk.segments() if ".aside-" not in path.parent.name]
    assert sorted(journal.first_of(path) for path in lasting) == [1, 2, 3, 4]
    assert len(desk.segments()) - len(lasting) == 3
    await log.close()


async def test_only_one_process_keeps_a_log(desk: Desk) -> None:
    await desk.take(2)
    await desk.settle()
    other = desk.again()

    assert await other.step() == 0
    assert other.floor((await desk.database.read(lineage.current)).incarnation) == 0


async def test_a_file_is_in_the_log_before_its_place_counts(
    service: Client, desk: Desk, ring: KeyRing, settings: Settings
) -> None:
    file = prepared(noise(600_000))
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)
    await desk.settle()
    assert await desk.floor() == 2
    att_id = file.attachment.att_id
    place = settings.data / "attachments" / att_id[:2] / att_id
    place.unlink()
    await desk.database.write(lambda db: db.execute(Sql("DELETE FROM intake_file")))
    await desk.database.write(lambda db: db.execute(Sql("DELETE FROM attachment")))

    found = await desk.replay()

    assert found == {"duplicate": 1, "accepted": 1}
    assert place.read_bytes() == file.sealed
    [row] = await desk.database.read(lambda db: list(store.files(db)))
    assert (row.att_id, row.pos) == (att_id, 2)


async def test_a_file_that_the_disk_has_lost_is_asked_for_again(
    service: Client, desk: Desk, ring: KeyRing, settings: Settings
) -> None:
    file = prepared(noise(60_000))
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)
    att_id = file.attachment.att_id
    (settings.data / "attachments" / att_id[:2] / att_id).unlink()

    await desk.settle()

    assert await desk.database.read(lambda db: list(store.files(db))) == []
    assert await desk.floor() == 2


async def test_the_service_takes_back_what_a_copied_database_lacks(
    settings: Settings, database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    settings = replace(settings, intake_log=tmp_path / "log")
    reports = [Device().report(ring) for _ in range(5)]
    async with AsyncTestClient(app=create_app(settings), base_url=settings.origin) as client:
        for report in reports:
            body = encode(push_of(report), MSGPACK)
            await client.post("/sync/v1/push", content=body, headers={"Content-Type": MSGPACK})
        first = (await database.read(lineage.current)).incarnation
        while (await database.read(lineage.current)).restore_floor < 5:
            client.app.state.jobs.wake()
            await asyncio.sleep(0.02)
    await database.write(lambda db: db.execute(FORGET, pos=2))

    async with AsyncTestClient(app=create_app(settings), base_url=settings.origin):
        stored = await database.read(lambda db: db.many(HISTORY, str))
        second = (await database.read(lineage.current)).incarnation

    assert stored == [report.item_id for report in reports]
    assert first != second


async def test_nothing_is_begun_in_an_empty_folder(database: Database, vault: Vault, tmp_path: Path) -> None:
    await database.write(intake.ensure_lineage, now=clock.now())

    assert await replay(database, vault, Shelf(tmp_path / "files"), tmp_path) == {}
