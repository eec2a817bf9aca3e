"""How fast reports are taken in, beside the physical limit of the same disk in the same run.

The load is a closed loop of devices over loopback, each sending its next batch when the answer to the
last has come, and coming back later when it is asked to. The limit is the same engine through Python with the
same table, indexes, row bytes and durability, 1,000 rows a commit, and nothing else. Bias, stated: the load
generator shares the machine's cores with the server; the sealed bytes are random, so the opener that runs
behind intake sets them aside instead of opening them; one run, not a median.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final
from uuid import uuid4

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
from waymark.cli.load import SEALED_BYTES, Load, load
from waymark.intake.store import ADD_ITEM
from waymark.kernel.clock import now, stamp
from waymark.kernel.db import Connection, Engine, open_database

QUICK_S: Final = 5.0
LIMIT_ROWS: Final = 20_000
LIMIT_ROWS_A_COMMIT: Final = 1_000
GENERATORS: Final = 2  # processes that make load, beside the server's one
QUICK: Final = ((1, 1), (50, 1), (500, 1), (1, 20), (50, 20), (500, 20))
"""(devices, reports in a push)"""
FULL: Final = tuple((devices, batch) for batch in (1, 20) for devices in (1, 50, 500, 1_000))


class Row(Struct, frozen=True, kw_only=True):
    engine: Engine
    devices: int
    batch: int
    reports_per_s: int
    p50_ms: float
    p99_ms: float
    asked_to_wait: int
    """Pushes that were answered "later", and came again."""
    limit_reports_per_s: int
    ratio: float
    rss_mb: float
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


def bench_intake(
    *, engines: Sequence[Engine], shapes: Sequence[tuple[int, int]] = QUICK, round_s: float = QUICK_S
) -> Results:
    """Raises BenchFailed."""
    rows = []
    with bench_folder() as bench:
        for engine in engines:
            with databases(engine, bench.folder / engine) as made:
                limit = asyncio.run(_limit(made.made("limit")))
                rows += [_round(bench, made, engine, shape, round_s, limit) for shape in shapes]
    return Results(results=rows)


def _round(
    bench: Bench, made: Databases, engine: Engine, shape: tuple[int, int], seconds: float, limit: float
) -> Row:
    devices, batch = shape
    name, before = f"x{devices}_{batch}", load_of_machine()
    with bench.server(bench.folder / engine / name, made.made(name)) as running:
        seen = _load(running, devices, batch, seconds)
        rss_mb = running.peak_mb
    if refused := sum(one.refused for one in seen):
        raise BenchFailed(f"{refused} reports were not accepted at {devices} devices x {batch}")
    cuts = statistics.quantiles([answer for one in seen for answer in one.answers_s], n=100)
    rate = sum(one.reports for one in seen) / seconds
    return Row(
        engine=engine,
        devices=devices,
        batch=batch,
        reports_per_s=round(rate),
        p50_ms=round(cuts[49] * 1000, 2),
        p99_ms=round(cuts[98] * 1000, 2),
        asked_to_wait=sum(one.asked_to_wait for one in seen),
        limit_reports_per_s=round(limit),
        ratio=round(rate / limit, 3),
        rss_mb=rss_mb,
        load_before=before,
    )


def _load(running: Running, devices: int, batch: int, seconds: float) -> list[Load]:
    shares = [devices // GENERATORS + (n < devices % GENERATORS) for n in range(GENERATORS)]
    with ProcessPoolExecutor(GENERATORS) as processes:
        waiting = [
            processes.submit(load, port=running.port, devices=share, batch=batch, seconds=seconds)
            for share in shares
            if share
        ]
        return [one.result() for one in waiting]


async def _limit(url: str) -> float:
    """Rows a second into the real table through the same durable writer, and nothing else."""
    database = await open_database(url)
    commits = [_rows(first) for first in range(0, LIMIT_ROWS, LIMIT_ROWS_A_COMMIT)]
    started = time.perf_counter()
    for rows in commits:
        await database.write(_put, rows)
    took = time.perf_counter() - started
    await database.close()
    return LIMIT_ROWS / took


def _put(db: Connection, rows: list[dict[str, object]]) -> None:
    db.execute_many(ADD_ITEM, rows)


def _rows(first: int) -> list[dict[str, object]]:
    """One commit's worth: random ids, as devices make them, and the bytes of a text report."""
    at, epoch = stamp(now()), os.urandom(8).hex()
    sealed = os.urandom(SEALED_BYTES)
    return [
        {
            "pos": pos,
            "item_id": str(uuid4()),
            "device_id": str(uuid4()),
            "epoch": epoch,
            "seq": pos,
            "sha256": os.urandom(32),
            "header": os.urandom(200),
            "sealed": sealed,
            "sig": bytes(64),
            "received_at": at,
            "lane": "visitor",
        }
        for pos in range(first + 1, first + LIMIT_ROWS_A_COMMIT + 1)
    ]
