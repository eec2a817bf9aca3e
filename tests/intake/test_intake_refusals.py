"""Every whole-request answer of intake: what the service sends, and what the client's core then does."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.reports import Device, push_of
from waymark.intake.group import GroupCommit
from waymark.intake.pace import WAITING_ITEMS_MAX
from waymark.kernel.db import Database, Full, Unavailable
from waymark.kernel.eol import read_eol
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings, SettingsRefused, read_settings
from waymark.kernel.web import maintenance
from waymark_sync.answers import FailureKind, ends_pass, failure_of
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.core_settle import settle_failure
from waymark_sync.protocol import ITEMS_MAX, PUSH_BYTES_MAX, Alert, PushResponse

Client = AsyncTestClient[Litestar]
Situation = Callable[[Client, KeyRing], Awaitable[httpx.Response]]

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def sent(client: Client, content: bytes, content_type: str = MSGPACK) -> httpx.Response:
    return await client.post("/sync/v1/push", content=content, headers={"Content-Type": content_type})


async def a_report(client: Client, ring: KeyRing) -> httpx.Response:
    return await sent(client, encode(push_of(Device().report(ring)), MSGPACK))


async def unreadable(client: Client, ring: KeyRing) -> httpx.Response:
    return await sent(client, b"\xc1")


async def of_another_type(client: Client, ring: KeyRing) -> httpx.Response:
    return await sent(client, b"{}", "text/plain")


async def too_many_bytes(client: Client, ring: KeyRing) -> httpx.Response:
    return await sent(client, bytes(PUSH_BYTES_MAX + 1))


async def too_many_items(client: Client, ring: KeyRing) -> httpx.Response:
    report = Device().report(ring)
    items = (replace(report.envelope, sealed=b"x"),) * (ITEMS_MAX + 1)
    return await sent(client, encode(replace(push_of(report), items=items), MSGPACK))


async def without_proof(client: Client, ring: KeyRing) -> httpx.Response:
    return await client.get("/sync/v1/pull")


async def with_a_full_queue(client: Client, ring: KeyRing) -> httpx.Response:
    client.app.state.intake._line.items = WAITING_ITEMS_MAX + 1
    try:
        return await a_report(client, ring)
    finally:
        client.app.state.intake._line.items = 0


async def with_much_of_one_device(client: Client, ring: KeyRing) -> httpx.Response:
    intake: GroupCommit = client.app.state.intake
    phone = Device()
    request = push_of(phone.report(ring))
    intake._line._items[request.device_id] = WAITING_ITEMS_MAX
    return await sent(client, encode(request, MSGPACK))


def with_a_database_that(fault: type[Exception]) -> Situation:
    async def situation(client: Client, ring: KeyRing) -> httpx.Response:
        class Broken:
            async def write(self, *_: Any, **__: Any) -> None:
                raise fault

        intake: GroupCommit = client.app.state.intake
        real, intake._database = intake._database, Broken()
        try:
            return await a_report(client, ring)
        finally:
            intake._database = real

    return situation


async def under_maintenance(client: Client, ring: KeyRing) -> httpx.Response:
    data: Path = client.app.state.settings.data
    maintenance.begin(data, retry_s=90)
    try:
        return await a_report(client, ring)
    finally:
        assert maintenance.end(data)


# What happens; status, code; Retry-After at least; what the core takes it for; whether it goes on at once.
ANSWERS: Final[list[tuple[Situation, int, str, float, FailureKind, bool]]] = [
    (unreadable, 400, "malformed", 0, "fault", True),
    (of_another_type, 415, "unsupported_type", 0, "unreachable", False),
    (without_proof, 401, "proof_needed", 0, "unreachable", False),
    (too_many_bytes, 413, "too_large", 0, "too_large", True),
    (too_many_items, 413, "too_large", 0, "too_large", True),
    (with_much_of_one_device, 429, "too_many_at_once", 0.1, "later", False),
    (with_a_full_queue, 503, "busy", 0.1, "later", False),
    (with_a_database_that(Unavailable), 503, "busy", 1, "later", False),
    (under_maintenance, 503, "maintenance", 90, "later", False),
    (with_a_database_that(Full), 507, "storage_full", 1, "later", False),
    (with_a_database_that(RuntimeError), 500, "internal", 0, "fault", True),
]


@ONE_ENGINE
@pytest.mark.parametrize(
    ("situation", "status", "code", "floor_s", "kind", "goes_on"),
    ANSWERS,
    ids=[f"{status}-{code}-{n}" for n, (_, status, code, *_) in enumerate(ANSWERS)],
)
async def test_every_refusal_says_what_to_do_and_the_core_does_it(
    client: Client,
    ring: KeyRing,
    situation: Situation,
    status: int,
    code: str,
    floor_s: float,
    kind: FailureKind,
    goes_on: bool,
) -> None:
    answer = await situation(client, ring)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["next"].endswith((".", "?"))
    failure = failure_of(answer.status_code, {name.lower(): value for name, value in answer.headers.items()})
    assert failure is not None
    assert failure.kind == kind
    assert failure.floor_s >= floor_s
    assert ends_pass(failure) is not goes_on
    paused = settle_failure((), failure, batch_size=0, now_ms=1_000, luck=0.5)
    assert [write.value >= 1_000 + floor_s * 1_000 for write in paused] == [True] * bool(floor_s)  # type: ignore[union-attr]
    after = await a_report(client, ring)
    assert after.status_code == 200


@ONE_ENGINE
async def test_a_body_is_not_read_when_there_is_no_room(client: Client, ring: KeyRing) -> None:
    client.app.state.intake._line.items = WAITING_ITEMS_MAX + 1

    answer = await sent(client, b"\xc1")
    client.app.state.intake._line.items = 0

    assert answer.status_code == 503


@ONE_ENGINE
async def test_the_desk_goes_on_while_devices_are_asked_to_wait(client: Client, settings: Settings) -> None:
    maintenance.begin(settings.data)

    found = [(await client.get(path)).status_code for path in ("/health/ready", "/desk", "/sync/v1/keys")]

    assert found == [200, 200, 503]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30\n", 30), ("", 60), ("soon", 60), ("0", 1), ("999999", 86_400)]
)
def test_whatever_stands_in_the_file_devices_come_back(tmp_path: Path, text: str, seconds: int) -> None:
    (tmp_path / maintenance.FILE).write_text(text)

    assert maintenance.retry_after_s(tmp_path) == seconds


@pytest.fixture
def ending(settings: Settings) -> Iterator[Settings]:
    yield replace(
        settings,
        soft_eol=read_eol("0.1.*,0.2.0 2027-06-30"),
        hard_eol=read_eol("0.1.0 2027-01-31 https://example.org/update"),
    )


@ONE_ENGINE
@pytest.mark.parametrize(
    ("build", "alert"),
    [
        ("0.1.0", Alert(level="hard_eol", on="2027-01-31", url="https://example.org/update")),
        ("0.1.7", Alert(level="soft_eol", on="2027-06-30")),
        ("0.2.0", Alert(level="soft_eol", on="2027-06-30")),
        ("0.2.1", None),
        ("", None),
    ],
)
async def test_an_old_build_is_told_and_its_queue_is_taken(
    client: Client, ring: KeyRing, ending: Settings, build: str, alert: Alert | None
) -> None:
    client.app.state.settings = ending
    request = replace(push_of(Device().report(ring)), app_build=build)

    answer = await sent(client, encode(request, JSON), JSON)

    read = decode(answer.content, JSON, PushResponse)
    assert read.alert == alert
    assert [result.verdict for result in read.results] == ["accepted"]


@pytest.mark.parametrize("text", ["0.1.0", "0.1.0 soon", "0.1.0 20270131", "0.1.0 2027-01-31 http://x.org"])
def test_an_end_that_nobody_can_read_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(SettingsRefused, match="WAYMARK_HARD_EOL must look like"):
        read_settings({"WAYMARK_HARD_EOL": text})


@ONE_ENGINE
async def test_two_hundred_reports_from_one_address_are_never_refused(
    client: Client, ring: KeyRing, database: Database
) -> None:
    """One by one, as a phone sends that keeps each report apart."""
    phones = [Device() for _ in range(4)]

    answers = [await sent(client, encode(push_of(phones[n % 4].report(ring)), MSGPACK)) for n in range(200)]

    assert {answer.status_code for answer in answers} == {200}
