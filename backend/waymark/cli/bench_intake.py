"""How fast reports are taken in, beside the physical limit of the same disk in the same run.

The load is a closed loop of devices over loopback, each sending its next batch when the answer to the
last has come. The limit is SQLite through Python with the same table, indexes, row bytes and durability,
1,000 rows a commit, and nothing else. Bias, stated: the load generator shares the machine's cores with
the server; the sealed bytes are random, so the opener that runs behind intake sets them aside instead of
opening them; one run, not a median.
"""

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from waymark.cli.load import SEALED_BYTES, Load, load
from waymark.intake.store import ADD_ITEM
from waymark.kernel.clock import now, stamp
from waymark.kernel.db import Connection, open_database
from waymark.kernel.migrate import migrate
from waymark.kernel.settings import HOST, Settings

ROUND_S = 4.0
LIMIT_ROWS = 20_000
LIMIT_ROWS_A_COMMIT = 1_000
GENERATORS = 2  # processes that make load, beside the server's one
READY_S = 15.0
SHAPES = ((1, 1), (50, 1), (500, 1), (1, 20), (50, 20), (500, 20))
"""(devices, reports in a push)"""


class Row(Struct, frozen=True, kw_only=True):
    engine: str
    devices: int
    batch: int
    reports_per_s: int
    p50_ms: float
    p99_ms: float
    limit_reports_per_s: int
    ratio: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


class BenchFailed(Exception):
    """The server did not start, or refused part of the load: a fast wrong answer is no result."""


def bench_intake(settings: Settings, *, round_s: float = ROUND_S) -> Results:
    """Uses the keys and pages of `settings`, and a data folder of its own. Raises BenchFailed."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        limit = asyncio.run(_limit(Path(folder)))
        rows = []
        for devices, batch in SHAPES:
            with _server(settings, Path(folder) / f"{devices}x{batch}") as port:
                rows.append(_round(port, devices, batch, round_s, limit))
    return Results(results=rows)


def _round(port: int, devices: int, batch: int, seconds: float, limit: float) -> Row:
    seen = _load(port, devices, batch, seconds)
    if refused := sum(one.refused for one in seen):
        raise BenchFailed(f"{refused} reports were not accepted at {devices} devices x {batch}")
    cuts = statistics.quantiles([answer for one in seen for answer in one.answers_s], n=100)
    rate = sum(one.reports for one in seen) / seconds
    return Row(
        engine="sqlite",
        devices=devices,
        batch=batch,
        reports_per_s=round(rate),
        p50_ms=round(cuts[49] * 1000, 2),
        p99_ms=round(cuts[98] * 1000, 2),
        limit_reports_per_s=round(limit),
        ratio=round(rate / limit, 3),
    )


def _load(port: int, devices: int, batch: int, seconds: float) -> list[Load]:
    shares = [devices // GENERATORS + (n < devices % GENERATORS) for n in range(GENERATORS)]
    with ProcessPoolExecutor(GENERATORS) as processes:
        waiting = [
            processes.submit(load, port=port, devices=share, batch=batch, seconds=seconds)
            for share in shares
            if share
        ]
        return [one.result() for one in waiting]


async def _limit(folder: Path) -> float:
    """Rows a second into the real table through the same durable writer, and nothing else."""
    database = await open_database(f"sqlite:///{folder}/limit.db")
    await migrate(database)
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


@contextmanager
def _server(settings: Settings, data: Path) -> Iterator[int]:
    """The real service in its own process, on a free loopback port, with an empty database."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")},
        "WAYMARK_PROFILE": "test",
        "WAYMARK_PORT": str(port),
        "WAYMARK_DATA": str(data),
        "WAYMARK_KEYS": str(settings.keys),
        "WAYMARK_PWA": str(settings.pwa),
    }
    waymark = [sys.executable, "-m", "waymark"]
    subprocess.run([*waymark, "migrate"], env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own command
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*waymark, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_ready(process, port)
        yield port
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait_ready(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/health/ready", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise BenchFailed("the service did not start: `waymark doctor` says why")
