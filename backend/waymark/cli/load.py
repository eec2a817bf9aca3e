"""Devices that push over loopback as fast as answers come: the load of the benchmarks, and nothing else.

Speaks HTTP/1.1 by hand, because a full client would cost more than the server that it measures.
"""

import asyncio
import hashlib
import os
import time
from uuid import uuid4

import msgspec
from msgspec import Struct

from waymark_sync.protocol import (
    PADDING_BUCKETS,
    Envelope,
    Header,
    PushRequest,
    PushResponse,
    encode_header,
)

SEALED_BYTES = PADDING_BUCKETS[0] + 65 + 16  # a text report: bucket, encapsulated key, tag
_decode = msgspec.msgpack.Decoder(PushResponse).decode
_encode = msgspec.msgpack.Encoder().encode


class Load(Struct, frozen=True, kw_only=True):
    """What one generator saw. `answers_s` holds the seconds of every answer."""

    reports: int
    answers_s: list[float]
    refused: int


def load(*, port: int, devices: int, batch: int, seconds: float) -> Load:
    """Run `devices` closed loops for `seconds`. Counts only reports whose verdict was `accepted`."""
    return asyncio.run(_load(port, devices, batch, seconds))


async def _load(port: int, devices: int, batch: int, seconds: float) -> Load:
    ends = time.perf_counter() + seconds
    seen = await asyncio.gather(*(_device(port, batch, ends) for _ in range(devices)))
    return Load(
        reports=sum(one.reports for one in seen),
        answers_s=[answer for one in seen for answer in one.answers_s],
        refused=sum(one.refused for one in seen),
    )


async def _device(port: int, batch: int, ends: float) -> Load:
    device_id, epoch, sealed = str(uuid4()), os.urandom(8).hex(), os.urandom(SEALED_BYTES)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reports = refused = seq = 0
    answers: list[float] = []
    try:
        while time.perf_counter() < ends:
            body = _push(port, device_id, epoch, seq, batch, sealed)
            seq += batch
            started = time.perf_counter()
            writer.write(body)
            status, answer = await _answer(reader)
            answers.append(time.perf_counter() - started)
            verdicts = [r.verdict for r in _decode(answer).results] if status == 200 else []
            reports += verdicts.count("accepted")
            refused += batch - verdicts.count("accepted")
    finally:
        writer.close()
    return Load(reports=reports, answers_s=answers, refused=refused)


def _push(port: int, device_id: str, epoch: str, seq: int, batch: int, sealed: bytes) -> bytes:
    items = tuple(_envelope(device_id, epoch, seq + n + 1, sealed) for n in range(batch))
    body: bytes = _encode(PushRequest(device_id=device_id, items=items))
    head = (
        f"POST /sync/v1/push HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Content-Type: application/msgpack\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _envelope(device_id: str, epoch: str, seq: int, sealed: bytes) -> Envelope:
    header: bytes = encode_header(
        Header(kid="load", device_id=device_id, epoch=epoch, seq=seq, item_id=str(uuid4()))
    )
    digest = hashlib.sha256(header + sealed).digest()
    return Envelope(header=header, sealed=sealed, sha256=digest, sig=bytes(64))


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next(int(line[15:]) for line in lines if line.lower().startswith("content-length:"))
    return int(lines[0].split(" ")[1]), await reader.readexactly(length)
