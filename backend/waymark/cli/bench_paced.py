"""How long an answer takes at a given pace: a thousand devices, each with one report now and then.

An open loop: a push is sent when it is due, whether or not others have been answered, and its time counts
from then. Each device has one connection, open before the round begins, and a moment of its own. Bias,
stated: the load generator shares the machine's cores with the server; one run, not a median.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final
from uuid import uuid4

from msgspec import Struct

from waymark.cli.bench_server import BenchFailed, bench_folder, databases, load_of_machine
from waymark.cli.load import LATER, SEALED_BYTES, answered, push_of
from waymark.kernel.db import Engine
from waymark_sync.codec import MSGPACK, decode
from waymark_sync.protocol import PushResponse

DEVICES: Final = 1_000
RATES: Final = (300, 500, 800, 1_000)
"""The service lets go of a connection that rests for five seconds: no device may wait for so long."""
ROUND_S: Final = 10.0
GENERATORS: Final = 2
P99_MS: Final = 10.0
"""Promised at a thousand reports a second."""


class Row(Struct, frozen=True, kw_only=True):
    engine: Engine
    devices: int
    due_per_s: int
    answered_per_s: int
    """Reports that were accepted, over the time until the last answer."""
    p50_ms: float
    p99_ms: float
    asked_to_wait: int
    rss_mb: float
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


class _Seen(Struct, frozen=True):
    answers_s: list[float]
    accepted: int
    asked_to_wait: int
    took_s: float


def bench_paced(
    *,
    engines: Sequence[Engine],
    devices: int = DEVICES,
    rates: Sequence[int] = RATES,
    round_s: float = ROUND_S,
) -> Results:
    """Raises BenchFailed."""
    rows = []
    with bench_folder() as bench:
        for engine in engines:
            with databases(engine, bench.folder / engine) as made:
                for rate in rates:
                    before, name = load_of_machine(), f"r{rate}"
                    with bench.server(bench.folder / engine / name, made.made(name)) as running:
                        seen = _paced(running.port, devices, rate, round_s)
                        rows.append(_row(engine, devices, rate, seen, running.peak_mb, before))
    return Results(results=rows)


def _row(engine: Engine, devices: int, rate: int, seen: list[_Seen], rss_mb: float, before: float) -> Row:
    answers = [answer for one in seen for answer in one.answers_s]
    waits, accepted = sum(one.asked_to_wait for one in seen), sum(one.accepted for one in seen)
    if accepted + waits != len(answers):
        raise BenchFailed(f"{len(answers) - accepted - waits} reports were not accepted at {rate} a second")
    cuts = statistics.quantiles(answers, n=100)
    return Row(
        engine=engine,
        devices=devices,
        due_per_s=rate,
        answered_per_s=round(accepted / max(one.took_s for one in seen)),
        p50_ms=round(cuts[49] * 1000, 2),
        p99_ms=round(cuts[98] * 1000, 2),
        asked_to_wait=waits,
        rss_mb=rss_mb,
        load_before=before,
    )


def _paced(port: int, devices: int, rate: int, round_s: float) -> list[_Seen]:
    with ProcessPoolExecutor(GENERATORS) as processes:
        waiting = [
            processes.submit(_generate, port, devices // GENERATORS, devices / rate, round_s)
            for _ in range(GENERATORS)
        ]
        return [one.result() for one in waiting]


def _generate(port: int, devices: int, every_s: float, round_s: float) -> _Seen:
    return asyncio.run(_all(port, devices, every_s, round_s))


async def _all(port: int, devices: int, every_s: float, round_s: float) -> _Seen:
    ways = [await asyncio.open_connection("127.0.0.1", port) for _ in range(devices)]
    begins = time.perf_counter() + 0.5
    seen = await asyncio.gather(*(_device(port, way, begins, every_s, round_s) for way in ways))
    took_s = time.perf_counter() - begins
    return _Seen(
        [answer for one in seen for answer in one.answers_s],
        sum(one.accepted for one in seen),
        sum(one.asked_to_wait for one in seen),
        took_s,
    )


async def _device(
    port: int,
    way: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    begins: float,
    every_s: float,
    round_s: float,
) -> _Seen:
    """One push each time, of one report; the next waits for its answer, and its lateness counts."""
    reader, writer = way
    device_id, epoch, sealed = str(uuid4()), os.urandom(8).hex(), os.urandom(SEALED_BYTES)
    due = begins + random.uniform(0, every_s)  # noqa: S311 - no secret
    answers: list[float] = []
    accepted = waits = seq = 0
    while due < begins + round_s:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(push_of(port, device_id, epoch, seq, 1, sealed))
        status, _, answer = await answered(reader)
        answers.append(time.perf_counter() - due)
        waits += status in LATER
        if status == 200:
            told = decode(answer, MSGPACK, PushResponse)
            accepted += sum(result.verdict == "accepted" for result in told.results)
        seq, due = seq + 1, due + every_s
    writer.close()
    return _Seen(answers, accepted, waits, 0.0)
