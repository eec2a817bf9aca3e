"""How fast sealed files come in, each piece on the disk before its answer, by the library's own sender."""

import os
import statistics
import threading
import time
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

import msgspec
from msgspec import Struct

from waymark.cli.bench_server import (
    Bench,
    BenchFailed,
    Databases,
    Running,
    bench_folder,
    databases,
    load_of_machine,
)
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.file_sender import PreparedFile, prepare_file, read_from, send_file
from waymark_sync.protocol import ATT_BYTES_MAX, Header, KeySet, PushRequest
from waymark_sync.seal import new_key, raw_public, seal_item
from waymark_sync.transport import HttpTransport, Reply

LARGEST_MB: Final = ATT_BYTES_MAX * 95 // 100 // 1_000_000
SHAPES: Final = ((1, 4, 262_144), (8, 4, 262_144), (8, 4, 1_048_576), (1, LARGEST_MB, 1_048_576))
"""(uploads at once, megabytes each, bytes in a piece)"""


class Row(Struct, frozen=True, kw_only=True):
    uploads: int
    file_mb: int
    piece_kb: int
    mb_per_s: float
    p50_ms: float
    p99_ms: float
    """Of one piece."""
    limit_mb_per_s: float
    """Writing and syncing pieces of the same size, and nothing else, on the same disk."""
    rss_mb: float
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


class _Timed(HttpTransport):
    """Remembers how long each piece took."""

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.pieces_s: list[float] = []

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        began = time.perf_counter()
        reply = super().patch(path, body, headers)
        self.pieces_s.append(time.perf_counter() - began)
        return reply


def bench_attachments() -> Results:
    """Raises BenchFailed."""
    with bench_folder() as bench, databases("sqlite", bench.folder) as made:
        return Results(results=[_round(bench, made, *shape) for shape in SHAPES])


def _round(bench: Bench, made: Databases, uploads: int, file_mb: int, piece: int) -> Row:
    name, before = f"a{uploads}_{file_mb}_{piece}", load_of_machine()
    limit = _limit(bench, file_mb, piece)
    files = [prepare_file(os.urandom(file_mb * 1_000_000), media_type="video/mp4") for _ in range(uploads)]
    with bench.server(bench.folder / name, made.made(name)) as running:
        took_s, pieces_s = _sent(bench, running, files, piece)
        memory = running.peak_mb
    cuts = statistics.quantiles(pieces_s, n=100)
    return Row(
        uploads=uploads,
        file_mb=file_mb,
        piece_kb=piece // 1024,
        mb_per_s=round(uploads * file_mb / took_s, 1),
        p50_ms=round(cuts[49] * 1000, 2),
        p99_ms=round(cuts[98] * 1000, 2),
        limit_mb_per_s=round(limit, 1),
        rss_mb=memory,
        load_before=before,
    )


def _sent(bench: Bench, running: Running, files: list[PreparedFile], piece: int) -> tuple[float, list[float]]:
    origin = f"http://localhost:{running.port}"
    keys = msgspec.msgpack.decode(bench.ring.signed_key_set().payload, type=KeySet)
    item_ids = [_report(bench, origin, file) for file in files]
    transports, failed = [_Timed(origin) for _ in files], list[str]()

    def send(item_id: str, file: PreparedFile, transport: _Timed) -> None:
        read = read_from(file.sealed)
        sent = send_file(transport, read, file.attachment, item_id=item_id, keys=keys, piece_bytes=piece)
        if sent.failure is not None:
            failed.append(sent.failure.reason)

    senders = [
        threading.Thread(target=send, args=each) for each in zip(item_ids, files, transports, strict=True)
    ]
    began = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    took_s = time.perf_counter() - began
    if failed:
        raise BenchFailed(f"a file was not taken: {failed[0]}")
    return took_s, [each for transport in transports for each in transport.pieces_s]


def _report(bench: Bench, origin: str, file: PreparedFile) -> str:
    """A visitor's, that lists the file. What is inside does not matter here."""
    key, service_key = new_key(), bench.ring.seal_key
    header = Header(
        kid=service_key.kid,
        device_id=str(uuid4()),
        epoch=os.urandom(8).hex(),
        seq=1,
        item_id=str(uuid4()),
        public_key=raw_public(key),
        att=(file.attachment,),
    )
    envelope = seal_item(header, b"{}", service_key=service_key.public, device_key=key)
    body = encode(PushRequest(device_id=header.device_id, items=(envelope,)), MSGPACK)
    reply = HttpTransport(origin).post("/sync/v1/push", body, {"content-type": MSGPACK})
    if reply.status != 200:
        raise BenchFailed(f"the report was answered {reply.status}")
    return header.item_id


def _limit(bench: Bench, file_mb: int, piece: int) -> float:
    content, began = os.urandom(piece), time.perf_counter()
    pieces = max(1, file_mb * 1_000_000 // piece)
    with (bench.folder / "limit").open("wb", buffering=0) as file:
        for _ in range(pieces):
            file.write(content)
            os.fsync(file.fileno())
    return pieces * piece / 1_000_000 / (time.perf_counter() - began)
