"""Devices that push over loopback as fast as answers come: the load of the benchmarks, and nothing else.

Speaks HTTP/1.1 by hand, because a full client would cost more than the server that it measures.
"""

import asyncio
import hashlib
import os
import random
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
LATER = (429, 503, 507)
_decode = msgspec.msgpack.Decoder(PushResponse).decode
_encode = msgspec.msgpack.Encoder().encode


class Load(Struct, frozen=True, kw_only=True):
    """What one generator saw. `answers_s` holds the seconds of every answer."""

    reports: int
    answers_s: list[float]
    refused: int
    asked_to_wait: int
    """Pushes answered 429, 503 or 507, which came again as a device does."""


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
        asked_to_wait=sum(one.asked_to_wait for one in seen),
    )


async def _device(port: int, batch: int, ends: float) -> Load:
    device_id, epoch, sealed = str(uuid4()), os.urandom(8).hex(), os.urandom(SEALED_BYTES)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reports = refused = asked_to_wait = seq = 0
    answers: list[float] = []
    try:
        while time.perf_counter() < ends:
            body = push_of(port, device_id, epoch, seq, batch, sealed)
            started = time.perf_counter()
            writer.write(body)
            status, headers, answer = await answered(reader)
            answers.append(time.perf_counter() - started)
            if status in LATER:
                asked_to_wait += 1
                await asyncio.sleep(min(ends - time.perf_counter(), waits_s(headers)))
                continue
            seq += batch
            told = _decode(answer) if status == 200 else None
            verdicts = [result.verdict for result in told.results] if told else []
            reports += verdicts.count("accepted")
            refused += batch - verdicts.count("accepted")
            if told and told.backoff_s:
                await asyncio.sleep(min(ends - time.perf_counter(), told.backoff_s))
    finally:
        writer.close()
    return Load(reports=reports, answers_s=answers, refused=refused, asked_to_wait=asked_to_wait)


def push_of(port: int, device_id: str, epoch: str, seq: int, batch: int, sealed: bytes) -> bytes:
    """The whole request. seq: how many this device has sent before."""
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


def waits_s(headers: dict[str, str]) -> float:
    """As a device: what was asked for in full, and up to a fifth more."""
    told = headers.get("waymark-retry-ms")
    asked_s = int(told) / 1000 if told else int(headers.get("retry-after", "2"))
    return asked_s * random.uniform(1.0, 1.2)  # noqa: S311 - no secret


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, body."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split(" ")[1]), headers, await reader.readexactly(int(headers["content-length"]))
