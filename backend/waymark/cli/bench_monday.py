"""Nine o'clock on Monday: every tablet comes online at once with what it sealed in three days.

The service runs on two cores, behind a disk whose every fsync takes some milliseconds longer; the tablets on
the others. Reports are really sealed and signed, so that the opener behind intake does its work, too. A
tablet sends full pushes one after another, comes back when it is asked to, and then reads its feed. Bias,
stated: tablets are coroutines over loopback, which neither verify receipts nor write an outbox.
"""

import asyncio
import os
import statistics
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from msgspec import Struct

from waymark.cli.bench_server import Bench, BenchFailed, Databases, bench_folder, databases, load_of_machine
from waymark.cli.bench_tablets import Seen, Tablet, drain, made
from waymark.cli.slow_disk import compiled
from waymark.identity import actions as identity
from waymark.identity.devices import store as devices
from waymark.identity.records import Device
from waymark.kernel.clock import now, stamp
from waymark.kernel.db import Connection, Sql, open_database
from waymark_sync.policy import load_pack

CORES: Final = 2
GENERATORS: Final = 2
DRAINED_S_MAX: Final = 60.0
ANSWER_MS_MAX: Final = 500.0
CENTRE: Final = "demo-harbour-library"


class Row(Struct, frozen=True, kw_only=True):
    tablets: int
    reports: int
    cores: int
    fsync_ms: int
    drained_s: float
    """From nine until the last tablet had its last receipt."""
    p50_ms: float
    p99_ms: float
    """Of every answer: pushes, pulls, and "come back later"."""
    push_p99_ms: float
    """Of the pushes that were stored."""
    answers: int
    asked_to_wait: int
    lost: int
    """Acknowledged, and not in the database."""
    doubled: int
    rss_mb: float
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


def kept(row: Row) -> bool:
    """The promise."""
    return (
        row.drained_s <= DRAINED_S_MAX
        and row.p99_ms <= ANSWER_MS_MAX
        and row.push_p99_ms <= ANSWER_MS_MAX
        and row.lost == row.doubled == 0
    )


def bench_monday(*, tablets: int = 300, reports: int = 60, fsync_ms: int = 10) -> Results:
    """Raises BenchFailed, NoCompiler."""
    with bench_folder() as bench, databases("sqlite", bench.folder) as made_in:
        return Results(results=[_monday(bench, made_in, tablets, reports, fsync_ms)])


def _monday(bench: Bench, made_in: Databases, tablets: int, reports: int, fsync_ms: int) -> Row:
    url, before = made_in.made("monday"), load_of_machine()
    shim = compiled(bench.folder)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        ready = list(pool.map(made, [bench.ring.seal_key] * tablets, [reports] * tablets))
    asyncio.run(_enrol(url, ready))
    cores = ("taskset", "--cpu-list", f"0-{CORES - 1}")
    environ = {"LD_PRELOAD": str(shim), "SLOW_DISK_FSYNC_MS": str(fsync_ms)}
    folder = Path(url.removeprefix("sqlite:///")).parent
    with bench.server(folder, url, prefix=cores, environ=environ) as running:
        seen = _drained(running.port, ready)
        memory = running.peak_mb
    stored = Counter(asyncio.run(_stored(url)))
    acknowledged = [item_id for one in seen for item_id in one.acknowledged]
    if len(acknowledged) != tablets * reports:
        raise BenchFailed(f"{tablets * reports - len(acknowledged)} reports were never acknowledged")
    answers = [answer for one in seen for answer in one.answers_s]
    return Row(
        tablets=tablets,
        reports=tablets * reports,
        cores=CORES,
        fsync_ms=fsync_ms,
        drained_s=round(max(one.drained_s for one in seen), 2),
        p50_ms=_quantile(answers, 50),
        p99_ms=_quantile(answers, 99),
        push_p99_ms=_quantile([answer for one in seen for answer in one.stored_s], 99),
        answers=len(answers),
        asked_to_wait=sum(one.asked_to_wait for one in seen),
        lost=sum(item_id not in stored for item_id in acknowledged),
        doubled=sum(count > 1 for count in stored.values()),
        rss_mb=memory,
        load_before=before,
    )


def _quantile(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1000, 1)


def _drained(port: int, tablets: list[Tablet]) -> list[Seen]:
    shares = [tablets[n::GENERATORS] for n in range(GENERATORS)]
    with ProcessPoolExecutor(GENERATORS) as pool:
        return list(pool.map(drain, [port] * GENERATORS, shares))


async def _enrol(url: str, tablets: list[Tablet]) -> None:
    """As if each had shown a code."""
    database = await open_database(url)
    await database.write(_add, tablets)
    await database.close()


def _add(db: Connection, tablets: list[Tablet]) -> None:
    identity.adopt_pack(db, load_pack())
    for n, tablet in enumerate(tablets):
        device = Device(
            id=tablet.device_id,
            centre_id=CENTRE,
            label=f"Tablet {n + 1}",
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
