"""The real application, people at its desks, and reporters who push, pull and read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import PEOPLE, Desk, enrol_device, seed
from support.reports import HARBOUR, Device, Report, push_of
from waymark.dialogue.jobs import Timekeeper
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.messages import AccessBody, AckBody, ReceiptBody, SignpostBody
from waymark_sync.protocol import PullResponse

SHAPES: Final[dict[str, type[Any]]] = {
    "receipt": ReceiptBody,
    "ack": AckBody,
    "message": AckBody,
    "status": AckBody,
    "signpost": SignpostBody,
    "access": AccessBody,
}


class Service:
    """What a test does with the application."""

    def __init__(self, client: AsyncTestClient[Litestar], database: Database, desks: dict[str, Desk]) -> None:
        self._client = client
        self.database = database
        self.desks = desks
        self.state = client.app.state

    async def take_in(self, *items: Report) -> None:
        """Push, open and screen."""
        answer = await self._client.post(
            "/sync/v1/push", content=encode(push_of(*items), MSGPACK), headers={"Content-Type": MSGPACK}
        )
        assert answer.status_code == 200, answer.text
        await open_waiting(Opener(self.database, self.state.ring, self.state.vault, self.state.pack))
        while await Screener(self.database, self.state.vault).step():
            pass

    async def report(self, device: Device | None = None, **answers: Any) -> Report:
        report = (device or Device()).report(self.state.ring, **answers)
        await self.take_in(report)
        return report

    async def acknowledged(self, person: str, **answers: Any) -> Report:
        """A report that this person has acknowledged."""
        report = await self.report(**answers)
        answer = await self.desks[person].post(self.path(report, "acknowledge"), {"message": "Read."})
        assert answer.status_code == 200, answer.text
        return report

    async def reply(self, report: Report, text: str, **more: Any) -> None:
        await self.take_in(report.device.reply(self.state.ring, report.item_id, text, **more))

    async def tablet(self) -> Device:
        device = Device(visitor=False)
        await self.database.write(enrol_device, device, HARBOUR)
        return device

    async def said(self, device: Device) -> list[tuple[str, Any]]:
        """What lies in the device's feed, opened, without receipts."""
        hello = await self._client.get("/sync/v1/pull", params={"cursor": "", "limit": "100"})
        answer = await self._client.get(
            "/sync/v1/pull",
            params={"cursor": "", "limit": "100"},
            headers=device.pull_headers(challenge=hello.headers["waymark-challenge"]),
        )
        assert answer.status_code == 200, answer.text
        kind = answer.headers["content-type"]
        messages = decode(answer.content, kind, PullResponse).messages
        opened = [(m.kind, device.read(m, SHAPES[m.kind])) for m in messages]
        return [(kind, body) for kind, body in opened if kind != "receipt"]

    async def page(self, person: str, report: Report) -> dict[str, Any]:
        answer = await self.desks[person].get(self.path(report))
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def act(self, person: str, report: Report, act: str, status: int = 200, **body: Any) -> Any:
        """With the version that the person's page shows, unless told otherwise."""
        if "version" not in body:
            body["version"] = (await self.page(person, report))["report"]["version"]
        answer = await self.desks[person].post(self.path(report, act), body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def pass_time(self, **delta: int) -> None:
        """What the jobs do when so much time has passed."""
        later = clock.now() + timedelta(**delta)
        keeper = Timekeeper(self.database, self.state.ring, self.state.vault, now=lambda: later)
        while await keeper.step():
            pass

    @staticmethod
    def path(report: Report, act: str = "") -> str:
        return f"/desk/api/reports/{report.item_id}" + (f"/{act}" if act else "")


@pytest.fixture
async def service(
    client: AsyncTestClient[Litestar], settings: Settings, database: Database
) -> AsyncIterator[Service]:
    await seed(database, client.app.state.pack)
    desks = {name: await Desk(client, settings.origin).enter(database, name) for name in PEOPLE}
    yield Service(client, database, desks)
