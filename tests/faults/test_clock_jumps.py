"""A kiosk's clock jumps by years while its queue waits: all is sent, in order, and nothing has run out."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from faults.test_killed_under_load import count, stored
from support.reports import a_body
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.keys import KeyRing
from waymark_sync.client import Client
from waymark_sync.device import capture, enrol, keep_device
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import KeySet
from waymark_sync.transport import HttpTransport

JUMPS = 200 if os.environ.get("WAYMARK_PROVE") == "1" else 12
YEAR_MS = 365 * 24 * 3_600_000
BACKOFF_MS = 20 * 60_000
"""More than a device ever waits by itself."""


class Clock:
    """Of a device whose battery runs out: it may stand at any year."""

    def __init__(self) -> None:
        self._random, self._ahead_ms = random.Random(1), 0

    def now_ms(self) -> int:
        return int(time.time() * 1000) + self._ahead_ms

    def jump(self) -> None:
        """To 1980 or to 2076, or between."""
        self._ahead_ms = self._random.randint(-46, 50) * YEAR_MS

    def pass_by(self, ms: int) -> None:
        self._ahead_ms += ms


async def test_a_queue_is_sent_whatever_year_the_clock_shows(
    server: Callable[..., Server], staffed: Path, ring: KeyRing, tmp_path: Path
) -> None:
    served, clock = server(staffed).start(), Clock()
    with Staff(served.origin, "harbour", PASSWORD) as desk:
        device = enrol(desk.code("Tablet"), HttpTransport(served.origin))
    outbox = Outbox(tmp_path / "outbox-0.db")
    keep_device(outbox, device)
    signed = ring.signed_key_set()
    keys = msgspec.msgpack.decode(signed.payload, type=KeySet)
    clients = {
        origin: Client(
            outbox=outbox,
            device=device,
            transport=HttpTransport(origin),
            root=ring.root_public,
            now_ms=clock.now_ms,
            random=random.Random(2).random,
            pinned=signed,
        )
        for origin in (served.origin, "http://127.0.0.1:9")
    }
    there, nowhere = clients.values()

    for number in range(JUMPS):
        clock.jump()
        capture(outbox, device, keys, report=a_body, created_at="2026-01-02T03:04:05.678Z")
        nowhere.drain()
        if number % 4 == 3:
            clock.jump()
            clock.pass_by(BACKOFF_MS)
            there.drain()

    for _ in range(2):
        clock.pass_by(BACKOFF_MS)
        there.drain()
    made = {row.item_id: row.sha256 for row in outbox.items()}
    found = await stored(f"sqlite:///{served.data / 'waymark.db'}")
    count("a kiosk's clock jumps by years", JUMPS, made, found)
    assert [row.item_id for row in found] == list(made)
    assert {row.state for row in outbox.items()} <= {"receipted", "tombstone"}
    outbox.close()
