"""What several serving processes on one PostgreSQL take in together, beside one of them in the same run.

The same closed loop of devices as in `bench intake`, spread over the processes. Bias, stated: the load
generator and PostgreSQL share the machine's cores with them; one run, not a median.
"""

import statistics
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Final

from msgspec import Struct

from waymark.cli.bench_server import Bench, BenchFailed, bench_folder, databases, load_of_machine
from waymark.cli.load import Load, load

WORKERS: Final = (1, 2, 4)
SHAPES: Final = ((500, 1), (500, 20))
ROUND_S: Final = 5.0


class Row(Struct, frozen=True, kw_only=True):
    workers: int
    devices: int
    batch: int
    reports_per_s: int
    times_one: float
    """Of what one process took in, in this run."""
    p50_ms: float
    p99_ms: float
    asked_to_wait: int
    rss_mb: float
    """Of the largest process."""
    load_before: float


class Results(Struct, frozen=True, kw_only=True):
    results: list[Row]


def bench_workers(*, round_s: float = ROUND_S) -> Results:
    """Raises BenchFailed."""
    rows: list[Row] = []
    with bench_folder() as bench, databases("postgres", bench.folder / "postgres") as made:
        for devices, batch in SHAPES:
            one = 0.0
            for workers in WORKERS:
                name, before = f"w{workers}_{devices}_{batch}", load_of_machine()
                seen, rss_mb = _round(bench, made.made(name), name, workers, (devices, batch), round_s)
                rate = sum(each.reports for each in seen) / round_s
                one = one or rate
                rows.append(_row(workers, (devices, batch), seen, rate / one, round_s, rss_mb, before))
    return Results(results=rows)


def _round(
    bench: Bench, url: str, name: str, workers: int, shape: tuple[int, int], seconds: float
) -> tuple[list[Load], float]:
    devices, batch = shape
    with ExitStack() as stack:
        # One after another: the first of them begins the lineage.
        running = [
            stack.enter_context(bench.server(bench.folder / "postgres" / f"{name}_{n}", url))
            for n in range(workers)
        ]
        processes = stack.enter_context(ProcessPoolExecutor(max(workers, 2)))
        ports = [running[n % workers].port for n in range(max(workers, 2))]
        share = devices // len(ports)
        waiting = [
            processes.submit(load, port=port, devices=share, batch=batch, seconds=seconds) for port in ports
        ]
        seen = [one.result() for one in waiting]
        return seen, max(one.peak_mb for one in running)


def _row(
    workers: int,
    shape: tuple[int, int],
    seen: list[Load],
    times_one: float,
    seconds: float,
    rss_mb: float,
    before: float,
) -> Row:
    if refused := sum(one.refused for one in seen):
        raise BenchFailed(f"{refused} reports were not accepted by {workers} processes")
    cuts = statistics.quantiles([answer for one in seen for answer in one.answers_s], n=100)
    return Row(
        workers=workers,
        devices=shape[0],
        batch=shape[1],
        reports_per_s=round(sum(one.reports for one in seen) / seconds),
        times_one=round(times_one, 2),
        p50_ms=round(cuts[49] * 1000, 2),
        p99_ms=round(cuts[98] * 1000, 2),
        asked_to_wait=sum(one.asked_to_wait for one in seen),
        rss_mb=rss_mb,
        load_before=before,
    )
