"""Erased means erased: in the database, beside it, in the log, when restored and when sent again."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest
from litestar.testing import AsyncTestClient

from custody.steps import back_up, restore
from dialogue.conftest import Service
from support.desk import Desk
from support.files import a_photo, prepared, report_with, upload
from support.reports import CANARY, Device, Report, push_of
from waymark.app import create_app
from waymark.attachments.shelf import Shelf
from waymark.audit import actions as audit
from waymark.custody.journal import frames, segments_of
from waymark.custody.replaying import replay
from waymark.kernel import clock
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database, Sql, open_database
from waymark.kernel.settings import Settings
from waymark.retention import store
from waymark.retention.jobs import Eraser, apply_list
from waymark.retention.ledger import ErasureList
from waymark.retention.records import Erased
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import ItemResult, PushResponse

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SEALED: Final = Sql("""
    SELECT item_id FROM intake_item WHERE item_id = :id AND (length(sealed) > 0 OR length(header) > 0)
""")
OF_REPORT: Final = {
    table: Sql(f"SELECT COUNT(*) AS count FROM {table} WHERE {column} = :id")  # noqa: S608
    for table, column in (
        ("report_key", "report_id"),
        ("report_index", "report_id"),
        ("report_index_due", "report_id"),
        ("opened_report", "id"),
        ("opened_message", "report_id"),
        ("triage_report", "report_id"),
        ("triage_event", "report_id"),
        ("report_release", "report_id"),
        ("attachment", "item_id"),
        ("erasure_request", "report_id"),
        ("return_way", "item_id"),
    )
}
FEEDS: Final = Sql("SELECT COUNT(*) AS count FROM mailbox_message WHERE feed_id = :id")
UNSWEPT: Final = Sql("SELECT COUNT(*) AS count FROM intake_erased WHERE swept_at IS NULL")


class Retention:
    """Two people of a centre, and the report that they have closed."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.worker: Desk = service.desks["harbour"]

    async def closed(self, report: Report) -> Report:
        await self.service.act("harbour", report, "acknowledge", message="Read.")
        await self.service.act("harbour", report, "reply-read") if await self._waiting(report) else None
        await self.service.act("harbour", report, "close", code="duplicate", message="Done.")
        return report

    async def _waiting(self, report: Report) -> bool:
        page = await self.service.page("harbour", report)
        return "mark_reply_read" in page["report"]["acts"]

    async def ask(self, report: Report, *, status: int = 200) -> None:
        body = {"ground": "reporter_asked", "note": "They rang. canary-note-9"}
        await self.service.act("harbour", report, "erasure", status, **body)

    async def confirm(self, report: Report, person: str = "supervisor", *, status: int = 200) -> Any:
        page = await self.service.page("harbour", report)
        desk = await self.worker.like().enter(self.service.database, person)
        body = {"version": page["report"]["version"]}
        answer = await desk.post(self.service.path(report, "confirm-erasure"), body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def erased(self, report: Report) -> None:
        await self.ask(report)
        await self.confirm(report)


@pytest.fixture
def retention(service: Service) -> Retention:
    return Retention(service)


async def sent_again(client: Any, report: Report) -> ItemResult:
    answer = await client.post(
        "/sync/v1/push", content=encode(push_of(report), MSGPACK), headers={"Content-Type": MSGPACK}
    )
    return decode(answer.content, MSGPACK, PushResponse).results[0]


async def left(database: Database, report: Report) -> dict[str, int]:
    """Rows that still speak of it."""
    found = {name: await database.read(_count, sql, report.item_id) for name, sql in OF_REPORT.items()}
    found["sealed"] = len(await database.read(lambda db: db.many(SEALED, str, id=report.item_id)))
    found["messages"] = await database.read(_count, FEEDS, report.device.id)
    return {name: count for name, count in found.items() if count}


def _count(db: Any, sql: Sql, id: str) -> int:
    return int(db.one(sql, int, id=id) or 0)


async def test_erased_means_erased(
    service: Service, retention: Retention, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    client, state = service._client, service.state
    file = prepared(a_photo())
    report = report_with(state.ring, file, sharing_choice="U1")
    other = await service.report(sharing_choice="U1")
    await service.take_in(report)
    await upload(client, report, file)
    reply = report.device.reply(state.ring, report.item_id, "canary-reply-9")
    await service.take_in(reply)
    while set(_logged_keys(settings)) < {report.item_id, reply.item_id}:
        state.jobs.wake()
        await asyncio.sleep(0.02)
    backup = await back_up(settings)
    await retention.closed(report)

    await retention.erased(report)

    eraser = Eraser(service.database, state.files, settings.intake_log)
    while await eraser.step():
        pass
    assert await left(service.database, report) == {}
    assert await service.database.read(lambda db: db.one(UNSWEPT, int)) == 0
    assert await service.database.read(audit.verify) is None
    att_id = file.attachment.att_id
    assert not [path for path in settings.data.parent.rglob(att_id) if backup not in path.parents]
    keys = _logged_keys(settings)
    assert {item_id for item_id, key in keys.items() if not any(key)} == {report.item_id, reply.item_id}
    for again in (report, reply):
        result = await sent_again(client, again)
        assert (result.verdict, result.gone) == ("duplicate", True)
    assert (await sent_again(client, other)).gone is False
    await service.take_in(report)
    assert await left(service.database, report) == {}
    assert not _found_in(settings, CANARY, "canary-reply-9", "canary-note-9")

    await restore(elsewhere, backup, private)
    await _served_again(elsewhere, settings, state, report, reply, other)


async def _served_again(
    elsewhere: Settings, settings: Settings, state: Any, report: Report, reply: Report, other: Report
) -> None:
    """The oldest backup, the log and what phones send: nothing brings it back."""
    database = await open_database(elsewhere.database_url)
    assert (await left(database, report))["report_key"] == 1
    async with AsyncTestClient(app=create_app(elsewhere), base_url=elsewhere.origin) as client:
        assert await left(database, report) == {}
        assert (await left(database, other))["report_key"] == 1
        await replay(database, state.vault, Shelf(elsewhere.data / "attachments"), settings.intake_log)
        for again in (report, reply):
            assert (await sent_again(client, again)).gone
        assert await left(database, report) == {}
        assert await database.read(audit.verify) is None
    await database.close()


def _logged_keys(settings: Settings) -> dict[str, bytes]:
    return {
        entry.id: key
        for folder in _folders(settings)
        for segment in segments_of(folder)
        for frame in frames(segment)
        for entry, key in zip(
            (one for one in frame.group.entries if one.kind == "item"), frame.keys, strict=True
        )
    }


def _folders(settings: Settings) -> list[Path]:
    root = settings.intake_log
    assert root is not None
    return [folder for folder in root.iterdir() if folder.name != "files"]


def _found_in(settings: Settings, *words: str) -> list[str]:
    files = [path for path in settings.data.parent.rglob("*") if path.is_file()]
    return [path.name for path in files for word in words if word.encode() in path.read_bytes()]


async def test_an_empty_database_takes_nothing_back_in(
    service: Service, retention: Retention, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    """A backup from before the report came: the list alone knows of it."""
    backup = await back_up(settings)
    report = await retention.closed(await service.report(sharing_choice="A1"))
    await retention.erased(report)
    await restore(elsewhere, backup, private)

    async with AsyncTestClient(app=create_app(elsewhere), base_url=elsewhere.origin) as client:
        result = await sent_again(client, report)

    assert (result.verdict, result.gone) == ("duplicate", True)


async def test_what_is_in_the_list_and_was_not_committed_is_erased_at_the_next_start(
    service: Service, retention: Retention, settings: Settings
) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))
    other = await service.report(sharing_choice="U1")
    erasures = ErasureList(settings.keys, service.state.ring)
    tombs = await service.database.read(store.tombstones, report.item_id)
    erasures.append(
        Erased(report_id=report.item_id, at=stamp(clock.now()), ground="ordered", tombstones=tuple(tombs))
    )

    done = [await apply_list(service.database, erasures) for _ in range(2)]

    assert done == [1, 0]
    assert await left(service.database, report) == {}
    assert (await left(service.database, other))["report_key"] == 1


@ONE_ENGINE
async def test_nothing_is_erased_where_the_list_cannot_be_written(
    service: Service, retention: Retention, settings: Settings
) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))
    await retention.ask(report)
    (settings.keys / "erased").write_text("no folder", encoding="utf-8")

    await retention.confirm(report, status=500)

    assert (await left(service.database, report))["report_key"] == 1
    assert CANARY in (await retention.worker.get(service.path(report))).text


async def test_confirmed_many_times_at_once_it_is_erased_once(
    service: Service, retention: Retention, settings: Settings
) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))
    await retention.ask(report)
    page = await service.page("harbour", report)
    desk = await retention.worker.like().enter(service.database, "supervisor")
    path, body = service.path(report, "confirm-erasure"), {"version": page["report"]["version"]}

    answers = await asyncio.gather(*(desk.post(path, body) for _ in range(12)))

    told = [answer.status_code for answer in answers]
    assert (told.count(200), set(told) - {200, 404, 409, 503}) == (1, set())
    entries = await service.database.read(audit.about, kind="report", id=report.item_id)
    assert [entry.action for entry in entries].count("report.erased") == 1
    assert len((settings.keys / "erased" / "list.jsonl").read_bytes().splitlines()) == 1


@ONE_ENGINE
async def test_one_person_alone_erases_nothing(service: Service, retention: Retention) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))

    await retention.confirm(report, status=409)
    supervisor = await retention.worker.like().enter(service.database, "supervisor")
    page = await service.page("harbour", report)
    body = {"version": page["report"]["version"], "ground": "not_needed", "note": "x"}
    assert (await supervisor.post(service.path(report, "erasure"), body)).status_code == 200
    await retention.confirm(report, status=409)
    await retention.confirm(report, "harbour", status=404)

    assert (await left(service.database, report))["report_key"] == 1


@ONE_ENGINE
async def test_what_is_unread_or_open_is_never_erased(service: Service, retention: Retention) -> None:
    report = await service.report(sharing_choice="U1")
    await retention.ask(report, status=409)
    await service.act("harbour", report, "acknowledge", message="Read.")
    await retention.ask(report, status=409)
    await service.act("harbour", report, "close", code="duplicate", message="Done.")
    await retention.ask(report)
    await service.reply(report, "I have more to say.")

    await retention.confirm(report, status=409)

    assert CANARY in (await retention.worker.get(service.path(report))).text


@ONE_ENGINE
async def test_whatever_is_done_meanwhile_ends_the_request(service: Service, retention: Retention) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))
    await retention.ask(report)
    await service.act("harbour", report, "reopen", reason="new_information")
    await service.act("harbour", report, "close", code="duplicate", message="Done.")

    await retention.confirm(report, status=409)


@ONE_ENGINE
@pytest.mark.parametrize("person", ["northshire", "quay", "custodian"])
async def test_nobody_else_erases(service: Service, retention: Retention, person: str) -> None:
    report = await retention.closed(await service.report(sharing_choice="U1"))
    await retention.ask(report)

    await retention.confirm(report, person, status=404)


@ONE_ENGINE
async def test_a_line_cut_short_or_strange_hides_no_other(
    service: Service, settings: Settings, retention: Retention
) -> None:
    first = await retention.closed(await service.report(sharing_choice="U1"))
    await retention.erased(first)
    place = settings.keys / "erased" / "list.jsonl"
    with place.open("ab") as file:
        file.write(b'{"payload":"e30')
    second = await retention.closed(await service.report(Device(), sharing_choice="U1"))
    await retention.erased(second)

    read = ErasureList(settings.keys, service.state.ring).read()

    assert [one.report_id for one in read] == [first.item_id, second.item_id]
