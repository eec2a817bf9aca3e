"""A whole conversation with a return code, through the real application: made, read, written, answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import enrol_device, seed
from support.reports import HARBOUR, a_body
from support.reports import Device as Tablet
from waymark.intake import actions as intake
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.report_keys import open_keys
from waymark.intake.rules import open_message
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark.mailbox.rules import seal_message
from waymark_sync import return_code
from waymark_sync.answers import Failure
from waymark_sync.client import Client
from waymark_sync.codec import to_base64url
from waymark_sync.device import Device, capture, new_visitor, say_more
from waymark_sync.messages import AckBody
from waymark_sync.outbox import Outbox, Row
from waymark_sync.report import MessageBody, ReportBody
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.returning import UNKNOWN, Mailbox, open_mailbox
from waymark_sync.transport import Reply
from waymark_sync.trust import proof_valid

T = TypeVar("T")
App = AsyncTestClient[Litestar]
AT = "2026-01-02T03:04:05.678Z"
TABLES = Sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
SAYS = "It was the number 40 bus. canary-said-3d0e"


class Wire:
    """The application as a device's transport. Called in the device's own thread."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._send("POST", path, headers, body)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self._send("GET", path, headers, None)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        request = self._app.request(method, path, content=body, headers=dict(headers))
        answer = asyncio.run_coroutine_threadsafe(request, self._loop).result(30)
        return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


class Person:
    """Somebody with one device of their own, in a thread of its own."""

    def __init__(self, wire: Wire, ring: KeyRing, folder: Path, device: Device) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._wire, self._ring, self._folder, self.device = wire, ring, folder, device
        self._client: Client | None = None

    async def does(self, verb: Callable[..., T], **given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(verb, **given))

    def reports(self, code: ReturnSecrets | None = None) -> Row:
        def body(item_id: str) -> ReportBody:
            return a_body(item_id)

        keys = self.client.keyring.keys()
        assert keys is not None
        row = capture(self.outbox, self.device, keys, report=body, created_at=AT, code=code)
        assert self.client.push_once().stored == 1
        return row

    def comes_back(self, code: ReturnSecrets) -> Mailbox | Failure:
        return open_mailbox(code, transport=self._wire, keyring=self.client.keyring)

    def says(self, about: str, *, code: ReturnSecrets | None = None, in_reply_to: str | None = None) -> Row:
        def body(item_id: str) -> MessageBody:
            return MessageBody(
                item_id=item_id,
                about=about,
                text=SAYS,
                app_build="test",
                ui_language="en",
                written_at=AT,
                in_reply_to=in_reply_to,
                authenticator=to_base64url(code.authenticator) if code else None,
            )

        keys = self.client.keyring.keys()
        assert keys is not None
        row = say_more(self.outbox, self.device, keys, message=body, created_at=AT)
        assert self.client.push_once().stored == 1
        return row

    def hears(self) -> list[str]:
        assert self.client.pull_once().failure is None
        return [message.kind for message, _ in self.client.inbox.opened()]

    @property
    def outbox(self) -> Outbox:
        assert self.client
        return self._outbox

    @property
    def client(self) -> Client:
        if self._client is None:
            self._outbox = Outbox(self._folder / f"{self.device.device_id}.sqlite")
            self._client = Client(
                outbox=self._outbox,
                device=self.device,
                transport=self._wire,
                root=self._ring.root_public,
                pinned=self._ring.signed_key_set(),
                now_ms=lambda: 1_000_000,
                random=lambda: 0.5,
            )
        return self._client

    def leave(self) -> None:
        if self._client is not None:
            self._thread.submit(self._outbox.close).result()
        self._thread.shutdown()


class Story:
    """The service, and whoever takes part."""

    def __init__(self, app: App, database: Database, ring: KeyRing, folder: Path) -> None:
        self.app, self.database, self.ring, self._folder = app, database, ring, folder
        self._people: list[Person] = []

    def person(self, device: Device) -> Person:
        made = Person(Wire(self.app, asyncio.get_running_loop()), self.ring, self._folder, device)
        self._people.append(made)
        return made

    async def tablet(self) -> Person:
        """A tablet of the harbour library, already enrolled."""
        known = Tablet(visitor=False)
        await self.database.write(enrol_device, known)
        return self.person(
            Device(
                device_id=known.id,
                epoch=known.epoch,
                sign_key=known.sign_key,
                seal_key=known.seal_key,
                centre_id=HARBOUR,
            )
        )

    async def opens(self) -> None:
        state = self.app.app.state
        await open_waiting(Opener(self.database, state.ring, state.vault, state.pack))

    async def desk_says(self, report_id: str, kind: str, *, asks: bool = False) -> None:
        def say(db: Connection) -> None:
            report = intake.opened(db, report_id)
            assert report is not None
            body = AckBody(item_id=report_id, at=AT, from_name="Harbour Library", text=kind, asks=asks)
            for feed in mailbox.report_feeds(db, report_id=report_id, feed_id=report.feed_id, kind=kind):
                message = seal_message(feed, kind=kind, body=body)
                mailbox.post(db, message, keys=self.ring, now=clock.now())

        await self.database.write(say)

    async def heard(self, vault: Vault) -> list[tuple[str, MessageBody]]:
        def read(db: Connection) -> list[tuple[str, MessageBody]]:
            found = []
            for message in intake.messages_after(db, 0, limit=10):
                report = intake.opened(db, message.report_id)
                assert report is not None
                found.append((message.report_id, open_message(open_keys(vault, report.lock), message)))
            return found

        return await self.database.read(read)

    def end(self) -> None:
        for person in self._people:
            person.leave()


@pytest.fixture
async def story(client: App, database: Database, ring: KeyRing, tmp_path: Path) -> AsyncIterator[Story]:
    await seed(database, client.app.state.pack)
    told = Story(client, database, ring, tmp_path)
    yield told
    told.end()


@pytest.fixture
def code(ring: KeyRing) -> ReturnSecrets:
    return return_code.derive(return_code.new_code("words"), instance=ring.instance)


async def test_a_phone_and_its_code_read_and_write_the_same_conversation(
    story: Story, code: ReturnSecrets, ring: KeyRing, vault: Vault
) -> None:
    phone = story.person(new_visitor(code))
    report = await phone.does(phone.reports, code=code)
    await story.opens()
    await story.desk_says(report.item_id, "ack")
    await story.desk_says(report.item_id, "message", asks=True)
    assert await phone.does(phone.hears) == ["receipt", "ack", "message"]

    friend = story.person(new_visitor())
    box = await friend.does(friend.comes_back, code=code)

    assert isinstance(box, Mailbox)
    assert [message.kind for message, _ in box.opened(code)] == ["receipt", "ack", "message"]
    question, body = list(box.opened(code))[2]
    assert msgspec.json.decode(body, type=AckBody).asks
    keys = await friend.does(lambda: friend.client.keyring.keys())
    assert keys is not None
    assert (box.proof.item_id, box.proof.sha256) == (report.item_id, report.sha256)
    assert proof_valid(box.proof, keys)

    await friend.does(friend.says, about=report.item_id, code=code, in_reply_to=question.id)
    await phone.does(phone.says, about=report.item_id)
    await story.opens()

    heard = await story.heard(vault)
    assert [(about, said.text, said.in_reply_to) for about, said in heard] == [
        (report.item_id, SAYS, question.id),
        (report.item_id, SAYS, None),
    ]
    assert [said.authenticator for _, said in heard] == [None, None]
    # The phone is the reporter's own: a code used elsewhere takes nothing from it.
    await story.desk_says(report.item_id, "message")
    assert await phone.does(phone.hears) == ["receipt", "ack", "message", "receipt", "receipt", "message"]


async def test_a_report_made_on_a_tablet_becomes_the_reporters_own_when_the_code_is_used(
    story: Story, code: ReturnSecrets, vault: Vault
) -> None:
    tablet = await story.tablet()
    report = await tablet.does(tablet.reports, code=code)
    await story.opens()
    await story.desk_says(report.item_id, "message", asks=True)
    assert await tablet.does(tablet.hears) == ["receipt", "message"]

    phone = story.person(new_visitor())
    box = await phone.does(phone.comes_back, code=code)
    assert isinstance(box, Mailbox)
    assert box.feed_id == report.item_id
    assert [message.kind for message, _ in box.opened(code)] == ["receipt", "message"]
    await phone.does(phone.says, about=report.item_id, code=code)
    await story.opens()
    assert [about for about, _ in await story.heard(vault)] == [report.item_id]

    await story.desk_says(report.item_id, "message")
    await story.desk_says(report.item_id, "status")
    await story.desk_says(report.item_id, "ack")

    assert await tablet.does(tablet.hears) == ["receipt", "message", "ack"]
    box = await phone.does(phone.comes_back, code=code)
    assert isinstance(box, Mailbox)
    assert [m.kind for m, _ in box.opened(code)] == [
        "receipt",
        "message",
        "receipt",
        "message",
        "status",
        "ack",
    ]


async def test_who_writes_with_the_code_first_has_used_it(story: Story, code: ReturnSecrets) -> None:
    tablet = await story.tablet()
    report = await tablet.does(tablet.reports, code=code)
    phone = story.person(new_visitor())
    await phone.does(phone.says, about=report.item_id, code=code)
    await story.opens()

    await story.desk_says(report.item_id, "message")

    assert await tablet.does(tablet.hears) == ["receipt"]


async def test_a_wrong_code_opens_nothing(story: Story, code: ReturnSecrets, ring: KeyRing) -> None:
    phone = story.person(new_visitor(code))
    await phone.does(phone.reports, code=code)
    await story.opens()
    other = return_code.derive(return_code.new_code("digits"), instance=ring.instance)

    assert await phone.does(phone.comes_back, code=other) == UNKNOWN
    half = msgspec.structs.replace(code, authenticator=other.authenticator)
    assert await phone.does(phone.comes_back, code=half) == UNKNOWN


async def test_the_same_code_under_two_reports_leads_to_the_first(story: Story, code: ReturnSecrets) -> None:
    first, second = story.person(new_visitor(code)), story.person(new_visitor(code))
    kept = await first.does(first.reports, code=code)
    await story.opens()
    late = await second.does(second.reports, code=code)
    await story.opens()

    notes = await story.database.read(lambda db: [r.note for r in intake.opened_after(db, 0, limit=9)])
    box = await second.does(second.comes_back, code=code)

    assert notes == [None, "return_code_reused"]
    assert isinstance(box, Mailbox)
    assert box.proof.item_id == kept.item_id != late.item_id
    assert await second.does(second.hears) == ["receipt"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_database_alone_leads_to_no_code_and_opens_no_mailbox(
    story: Story, code: ReturnSecrets
) -> None:
    phone = story.person(new_visitor(code))
    report = await phone.does(phone.reports, code=code)
    friend = story.person(new_visitor())
    await story.opens()
    await friend.does(friend.comes_back, code=code)
    await friend.does(friend.says, about=report.item_id, code=code)
    await story.opens()

    stolen = await story.database.read(_everything)

    assert code.keys.locator_hash.hex() in stolen
    private = code.reply.private_numbers().private_value.to_bytes(32, "big")
    for secret in (code.locator, code.authenticator, private):
        assert secret.hex() not in stolen
        assert to_base64url(secret).encode().hex() not in stolen
    assert b"canary".hex() not in stolen
    guess = msgspec.structs.replace(code, locator=code.keys.locator_hash, authenticator=code.keys.verifier)
    assert await friend.does(friend.comes_back, code=guess) == UNKNOWN


def _everything(db: Connection) -> str:
    """Every value of every row, in hexadecimal."""
    found = []
    for table in db.many(TABLES, str):
        for column in db.many(Sql("SELECT name FROM pragma_table_info(:table)"), str, table=table):
            values = db.many(Sql(f'SELECT "{column}" FROM "{table}"'), Any)  # noqa: S608 - the schema's names
            found += [v.hex() if isinstance(v, bytes) else str(v).encode().hex() for v in values]
    return "\n".join(found)
