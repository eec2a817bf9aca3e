"""Killed again and again while a photo is on its way: no acknowledged byte is lost, and it arrives whole."""

import os
import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import msgspec
import pytest

from faults.test_killed_under_load import NAMES
from support.figures import record_fault
from support.files import noise, prepared, report_with
from support.reports import push_of
from support.server import Server
from waymark.kernel.db import Engine, Sql, open_database
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.file_sender import FileSent, PreparedFile, read_from, send_file
from waymark_sync.protocol import AttState, KeySet
from waymark_sync.transport import HttpTransport, Reply

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
KILLS = 60 if PROVE else 3
FILE_BYTES = 20_000_000 if PROVE else 3_000_000
PIECE_BYTES = 16_384  # many small pieces: a kill falls into one of them
DONE_S_MAX = 120.0

RECEIVED = Sql("SELECT received FROM attachment WHERE att_id = :att_id")


class Noting(HttpTransport):
    """Remembers what the service has said that it holds."""

    acknowledged = 0

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = super().patch(path, body, headers)
        if reply.status == 200:
            self.acknowledged = decode(reply.body, JSON, AttState).offset
        return reply


class Phone(threading.Thread):
    """Goes on until its photo is proven to have arrived, whatever happens to the server."""

    def __init__(self, origin: str, item_id: str, file: PreparedFile, keys: KeySet) -> None:
        super().__init__(daemon=True)
        self.transport = Noting(origin)
        self.sent: FileSent | None = None
        self.setbacks = 0
        self.moved = threading.Event()
        """Set with each piece that was acknowledged; cleared by who waits for the next."""
        self._item_id, self._file, self._keys = item_id, file, keys

    def run(self) -> None:
        while self.sent is None or self.sent.complete is None:
            self.sent = send_file(
                self.transport,
                self._piece,
                self._file.attachment,
                item_id=self._item_id,
                keys=self._keys,
                piece_bytes=PIECE_BYTES,
            )
            self.setbacks += self.sent.failure is not None

    def _piece(self, offset: int, length: int) -> bytes:
        self.moved.set()
        return read_from(self._file.sealed)(offset, length)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"] if PROVE else ["sqlite"], indirect=True)
async def test_no_acknowledged_byte_of_a_photo_is_lost(
    server: Callable[..., Server], database_url: str, ring: KeyRing, engine: Engine
) -> None:
    served = server(WAYMARK_DATABASE_URL=database_url)
    served.waymark("demo", "--no-reports")
    file = prepared(noise(FILE_BYTES))
    report = report_with(ring, file)
    served.start()
    pushed = httpx.post(
        f"{served.origin}/sync/v1/push",
        content=encode(push_of(report), MSGPACK),
        headers={"Content-Type": MSGPACK},
    )
    assert pushed.status_code == 200
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    phone = Phone(served.origin, report.item_id, file, keys)
    phone.start()

    kept = []
    for _ in range(KILLS):
        for _ in range(random.randint(1, 12)):
            phone.moved.clear()
            phone.moved.wait(DONE_S_MAX)
        served.kill()
        kept.append(await holds(database_url, served.data, file, phone.transport.acknowledged))
        served.start()
    phone.join(DONE_S_MAX)

    whole = stored(served.data, file) == file.sealed
    fault = f"server killed while a photo is on its way, {NAMES[engine]}"
    record_fault(fault, times=KILLS, acknowledged=1, lost=0 if whole else 1, doubled=0)
    assert not phone.is_alive(), "the photo did not arrive"
    assert kept == sorted(kept)
    assert phone.setbacks >= KILLS - 1
    assert whole


async def holds(database_url: str, data: Path, file: PreparedFile, acknowledged: int) -> int:
    """Every byte that was acknowledged is in the file, and the row says so."""
    database = await open_database(database_url)
    try:
        received = await database.read(lambda db: db.one(RECEIVED, int, att_id=file.attachment.att_id) or 0)
    finally:
        await database.close()
    assert received >= acknowledged
    assert stored(data, file)[:received] == file.sealed[:received]
    return received


def stored(data: Path, file: PreparedFile) -> bytes:
    path = data / "attachments" / file.attachment.att_id[:2] / file.attachment.att_id
    return path.read_bytes() if path.exists() else b""
