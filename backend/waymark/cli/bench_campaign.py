"""Phones by the thousand flood the service while one tablet goes on sending and one desk goes on reading.

The flood is of really sealed reports, a phone each, over two hundred connections that send as fast as answers
come and do not wait when they are asked to: an attacker's, no device of ours. The proxy's header names one
address for all of them, or one of a thousand networks for each.
"""

import asyncio
import itertools
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import msgspec
from msgspec import Struct

from waymark.cli.bench_monday import CENTRE
from waymark.cli.bench_pull import entered
from waymark.cli.bench_server import Bench, BenchFailed, bench_folder, databases, load_of_machine
from waymark.cli.bench_tablets import Tablet, made, report_body
from waymark.cli.demo_people import PASSWORD, people
from waymark.cli.load import LATER, answered
from waymark.identity import actions as identity
from waymark.identity.devices import store as devices
from waymark.identity.passwords import hash_password
from waymark.identity.records import Device
from waymark.kernel.clock import now, stamp
from waymark.kernel.db import Connection, Engine, Sql, open_database
from waymark_sync.device import new_visitor
from waymark_sync.policy import load_pack
from waymark_sync.protocol import Header, PushRequest, PushResponse, ServiceKey
from waymark_sync.report import SCHEMA_VERSION
from waymark_sync.seal import raw_public, seal_item

CONNECTIONS: Final = 200
LASTS_S: Final = 15.0
"""At least: who was put off comes again and again."""
ENDS_S: Final = 120.0
VOLUNTEER_EVERY_S: Final = 0.1
DESK_EVERY_S: Final = 0.2
REPORTS_A_SECOND: Final = 100
"""Made for the tablet: more than it can send, however long the flood takes."""
ADDRESSES: Final = (1, 1_000)
ANSWER_MS_MAX: Final = 2_000.0
HEADER: Final = "x-real-ip"


class Row(Struct, frozen=True, kw_only=True):
    engine: Engine
    addresses: int
    items: int
    stored: int
    """Of the flood, acknowledged."""
    put_off: int
    """Answers `retry`."""
    sent_away: int
    """Answers 503 and 429."""
    flooded_s: float
    volunteer_reports: int
    volunteer_refused: int
    volunteer_p99_ms: float
    desk_lists: int
    desk_p99_ms: float
    lost: int
    """Acknowledged, and not in the database."""
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


class Sent(Struct, kw_only=True):
    """What the flood saw."""

    acknowledged: list[str] = []
    put_off: int = 0
    sent_away: int = 0


class Timed(Struct, kw_only=True):
    took_s: list[float] = []
    acknowledged: list[str] = []
    refused: int = 0


def kept(row: Row) -> bool:
    """The promise."""
    slow = max(row.volunteer_p99_ms, row.desk_p99_ms) > ANSWER_MS_MAX
    return not slow and row.volunteer_refused == row.lost == 0


def bench_campaign(
    *,
    engines: tuple[Engine, ...] = ("sqlite",),
    items: int = 10_000,
    addresses: tuple[int, ...] = ADDRESSES,
    lasts_s: float = LASTS_S,
) -> Results:
    """Raises BenchFailed."""
    rows = []
    with bench_folder() as bench, ProcessPoolExecutor(os.cpu_count()) as pool:
        shares = [items // 8 + (n < items % 8) for n in range(8)]
        phones = [each for some in pool.map(_phones, [bench.ring.seal_key] * 8, shares) for each in some]
        reports = round(lasts_s * REPORTS_A_SECOND)
        tablet = made(bench.ring.seal_key, reports, batch=1)
        for engine in engines:
            with databases(engine, bench.folder / engine) as made_in:
                rows += [
                    _flood(bench, engine, made_in.made(f"from_{some}"), phones, tablet, some, lasts_s)
                    for some in addresses
                ]
    return Results(results=rows)


def _phones(service_key: ServiceKey, count: int) -> list[tuple[str, bytes]]:
    """Id and push of one report each."""
    return [_phone(service_key) for _ in range(count)]


def _phone(service_key: ServiceKey) -> tuple[str, bytes]:
    device, item_id = new_visitor(), str(uuid4())
    header = Header(
        kid=service_key.kid,
        device_id=device.device_id,
        epoch=device.epoch,
        seq=1,
        item_id=item_id,
        schema_v=SCHEMA_VERSION,
        reply_key=raw_public(device.seal_key),
        public_key=raw_public(device.sign_key),
    )
    body = msgspec.json.encode(report_body(item_id))
    envelope = seal_item(header, body, service_key=service_key.public, device_key=device.sign_key)
    return item_id, msgspec.msgpack.encode(PushRequest(device_id=device.device_id, items=(envelope,)))


def _flood(
    bench: Bench,
    engine: Engine,
    url: str,
    phones: list[tuple[str, bytes]],
    tablet: Tablet,
    addresses: int,
    lasts_s: float,
) -> Row:
    before = load_of_machine()
    asyncio.run(_prepare(url, tablet))
    data = Path(url.removeprefix("sqlite:///")).parent if engine == "sqlite" else bench.folder / "data"
    with bench.server(data, url, environ={"WAYMARK_CLIENT_HEADER": HEADER}) as running:
        origin = f"http://localhost:{running.port}"
        began = time.perf_counter()
        sent, volunteer, desk = asyncio.run(_all(origin, running.port, phones, tablet, addresses, lasts_s))
        took = time.perf_counter() - began
    stored = set(asyncio.run(_stored(url)))
    return Row(
        engine=engine,
        addresses=addresses,
        items=len(phones),
        stored=len(sent.acknowledged),
        put_off=sent.put_off,
        sent_away=sent.sent_away,
        flooded_s=round(took, 1),
        volunteer_reports=len(volunteer.acknowledged),
        volunteer_refused=volunteer.refused,
        volunteer_p99_ms=_p99(volunteer.took_s),
        desk_lists=len(desk.took_s),
        desk_p99_ms=_p99(desk.took_s),
        lost=len({*sent.acknowledged, *volunteer.acknowledged} - stored),
        load_before=before,
    )


def _p99(seconds: list[float]) -> float:
    """The slowest, where there are too few for that."""
    slow = statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else max(seconds, default=0.0)
    return round(slow * 1000, 1)


async def _all(
    origin: str,
    port: int,
    phones: list[tuple[str, bytes]],
    tablet: Tablet,
    addresses: int,
    lasts_s: float,
) -> tuple[Sent, Timed, Timed]:
    sent, volunteer, desk = Sent(), Timed(), Timed()
    headers = await asyncio.to_thread(entered, origin)
    over = asyncio.Event()
    watching = [
        asyncio.create_task(_volunteer(port, tablet, volunteer, over)),
        asyncio.create_task(_desk(origin, headers, desk, over)),
    ]
    ends = time.perf_counter() + lasts_s
    shares = [list(enumerate(phones))[n::CONNECTIONS] for n in range(CONNECTIONS)]
    try:
        await asyncio.gather(*(_attack(port, share, addresses, sent, ends) for share in shares))
    finally:
        over.set()
        await asyncio.gather(*watching)
    return sent, volunteer, desk


async def _attack(
    port: int, share: list[tuple[int, tuple[str, bytes]]], addresses: int, sent: Sent, ends: float
) -> None:
    """Each at least once, and who was put off again until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waiting, first = list(share), len(share)
    try:
        for n in itertools.count():
            if not waiting or (n >= first and time.perf_counter() > ends):
                return
            number, (item_id, body) = waiting.pop(0)
            address = f"198.{18 + number % addresses // 250}.{number % addresses % 250}.7"
            status, verdict = await _push(reader, writer, port, body, address)
            if verdict in {"accepted", "duplicate"}:
                sent.acknowledged.append(item_id)
                continue
            waiting.append((number, (item_id, body)))
            sent.put_off += verdict == "retry"
            sent.sent_away += status in LATER
            first += status in LATER and n < first
            if time.perf_counter() > ends + ENDS_S:
                raise BenchFailed("the flood was not answered")
    finally:
        writer.close()


async def _push(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, body: bytes, address: str
) -> tuple[int, str]:
    head = (
        f"POST /sync/v1/push HTTP/1.1\r\nHost: localhost:{port}\r\n{HEADER}: {address}\r\n"
        f"Content-Type: application/msgpack\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    status, _, answer = await answered(reader)
    told = msgspec.msgpack.decode(answer, type=PushResponse) if status == 200 else None
    return status, told.results[0].verdict if told else ""


async def _volunteer(port: int, tablet: Tablet, seen: Timed, over: asyncio.Event) -> None:
    """One report after another, behind the attacker's own address. Anything but a receipt is a refusal."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for (item_id,), body in zip(tablet.item_ids, tablet.pushes, strict=True):
        if over.is_set():
            break
        began = time.perf_counter()
        status, verdict = await _push(reader, writer, port, body, "198.18.0.7")
        seen.took_s.append(time.perf_counter() - began)
        if status == 200 and verdict == "accepted":
            seen.acknowledged.append(item_id)
        else:
            seen.refused += 1
        await asyncio.sleep(VOLUNTEER_EVERY_S)
    writer.close()


async def _desk(origin: str, headers: dict[str, str], seen: Timed, over: asyncio.Event) -> None:
    async with httpx.AsyncClient(base_url=origin, headers=headers, trust_env=False, timeout=60) as desk:
        while not over.is_set():
            began = time.perf_counter()
            answer = await desk.get("/desk/api/reports")
            seen.took_s.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise BenchFailed(f"the list was answered {answer.status_code}")
            await asyncio.sleep(DESK_EVERY_S)


async def _prepare(url: str, tablet: Tablet) -> None:
    database = await open_database(url)
    await database.write(_begin, tablet)
    await database.close()


def _begin(db: Connection, tablet: Tablet) -> None:
    identity.seed_demo(db, load_pack(), people(hash_password(PASSWORD)), now=now())
    device = Device(
        id=tablet.device_id,
        centre_id=CENTRE,
        label="Front desk",
        sign_key=tablet.sign_public,
        seal_key=tablet.seal_public,
        enrolled_at=stamp(now()),
        revoked_at=None,
    )
    devices.add_device(db, device)


async def _stored(url: str) -> list[str]:
    database = await open_database(url)
    try:
        asked = Sql("SELECT item_id FROM intake_item ORDER BY pos")
        return await database.read(lambda db: db.many(asked, str))
    finally:
        await database.close()
