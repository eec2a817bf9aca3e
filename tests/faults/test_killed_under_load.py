"""Killed again and again while ten devices send: acknowledged is durable, and nothing doubles."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from support.figures import lost_and_doubled, record_fault
from support.reports import a_body
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.db import Connection, Engine, Sql, open_database
from waymark.kernel.keys import KeyRing
from waymark_sync.client import Client
from waymark_sync.device import capture, enrol, keep_device
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import KeySet
from waymark_sync.transport import HttpTransport

T = TypeVar("T")

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
DEVICES = 10
KILLS = 200 if PROVE else 4
DRAINED_S_MAX = 120.0
ENGINES = ["sqlite", "postgres"] if PROVE else ["sqlite"]
"""PostgreSQL's own end under load is looked at every day in test_postgres_killed."""

NAMES: Mapping[Engine, str] = {"sqlite": "SQLite", "postgres": "PostgreSQL"}

STORED = Sql("SELECT item_id, sha256, state FROM intake_item ORDER BY pos")
POSITIONS = Sql("SELECT pos FROM intake_item UNION ALL SELECT pos FROM intake_conflict ORDER BY pos")


class Stored(msgspec.Struct, frozen=True):
    item_id: str
    sha256: bytes
    state: str


class Sender(threading.Thread):
    """One centre's tablet: seals a few reports, sends, seals more, and never stops for a dead server."""

    def __init__(self, outbox_path: Path, origin: str, code: str, ring: KeyRing, seed: int) -> None:
        super().__init__(daemon=True)
        self._path, self._origin, self._ring = outbox_path, origin, ring
        self._device = enrol(code, HttpTransport(origin))
        self._random = random.Random(seed)
        self.acknowledged: set[str] = set()
        self.failure: Exception | None = None
        self.enough = threading.Event()
        """Set: seal no more, and end when the queue is empty."""

    def run(self) -> None:
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - a thread has no other way to fail the test
            self.failure = error

    def _run(self) -> None:
        transport, outbox = HttpTransport(self._origin), Outbox(self._path)
        keep_device(outbox, self._device)
        signed = self._ring.signed_key_set()
        keys = msgspec.msgpack.decode(signed.payload, type=KeySet)
        client = Client(
            outbox=outbox,
            device=self._device,
            transport=transport,
            root=self._ring.root_public,
            now_ms=lambda: int(time.time() * 1000),
            random=self._random.random,
            pinned=signed,
        )
        while not self.enough.is_set() or any(row.state == "queued" for row in outbox.items()):
            if not self.enough.is_set():
                capture(outbox, self._device, keys, report=a_body, created_at="2026-01-02T03:04:05.678Z")
            client.drain(asked=True)
            self.acknowledged = {row.item_id for row in outbox.items() if row.state == "receipted"}
            time.sleep(self._random.uniform(0, 0.05))
        outbox.close()


def senders(server: Server, ring: KeyRing, folder: Path) -> Iterator[Sender]:
    with Staff(server.origin, "harbour", PASSWORD) as desk:
        codes = [desk.code(f"Tablet {number}") for number in range(DEVICES)]
    for number, code in enumerate(codes):
        yield Sender(folder / f"outbox-{number}.db", server.origin, code, ring, number)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
async def test_nothing_acknowledged_is_missing_and_nothing_is_there_twice(
    server: Callable[..., Server], database_url: str, ring: KeyRing, tmp_path: Path, engine: Engine
) -> None:
    served = server(WAYMARK_DATABASE_URL=database_url)
    served.waymark("demo")
    before = {row.item_id for row in await stored(database_url)}
    served.start()
    devices = list(senders(served, ring, tmp_path))
    for device in devices:
        device.start()

    for _ in range(KILLS):
        time.sleep(random.uniform(0.05, 0.6))
        served.kill()
        acknowledged = set().union(*(device.acknowledged for device in devices))
        assert acknowledged <= {row.item_id for row in await stored(database_url)}
        served.start()
    for device in devices:
        device.enough.set()
    for device in devices:
        device.join(DRAINED_S_MAX)

    assert [device.failure for device in devices] == [None] * DEVICES
    assert not any(device.is_alive() for device in devices), "the queues did not drain"
    fault = f"server killed under load, {NAMES[engine]}"
    await the_ledger_agrees(database_url, tmp_path, fault=fault, times=KILLS, before=before)


async def the_ledger_agrees(
    database_url: str, folder: Path, *, fault: str, times: int, before: set[str], least: int = DEVICES * KILLS
) -> None:
    """Every sealed report of every outbox is stored exactly once, byte for byte, at a position of its own."""
    made = {row.item_id: row.sha256 for path in folder.glob("outbox-*.db") for row in Outbox(path).items()}
    found = [row for row in await stored(database_url) if row.item_id not in before]
    count(fault, times, made, found)

    assert len(made) >= least
    assert {row.item_id: row.sha256 for row in found} == made
    assert len(found) == len(made)
    assert await positions(database_url) == list(range(1, len(made) + len(before) + 1))


def count(fault: str, times: int, made: Mapping[str, bytes], found: Sequence[Stored]) -> None:
    """Every report made is acknowledged in the end. One that came with other bytes is lost."""
    whole = [row.item_id for row in found if made.get(row.item_id) == row.sha256]
    lost, doubled = lost_and_doubled(made, whole)
    record_fault(fault, times=times, acknowledged=len(made), lost=lost, doubled=doubled)


async def stored(database_url: str) -> list[Stored]:
    return await _ask(database_url, lambda db: db.many(STORED, Stored))


async def positions(database_url: str) -> list[int]:
    return await _ask(database_url, lambda db: db.many(POSITIONS, int))


async def _ask(database_url: str, question: Callable[[Connection], list[T]]) -> list[T]:
    database = await open_database(database_url)
    try:
        return await database.read(question)
    finally:
        await database.close()
