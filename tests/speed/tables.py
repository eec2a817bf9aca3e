"""The tables of docs/performance.md, made of what the benchmarks wrote: `python tests/speed/tables.py`."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "docs" / "performance.md"
COLUMNS: Final = {
    "monday": "tablets reports fsync_ms drained_s p50_ms p99_ms push_p99_ms answers asked_to_wait lost "
    "doubled rss_mb load_before",
    "intake": "engine devices batch reports_per_s p50_ms p99_ms asked_to_wait limit_reports_per_s ratio "
    "rss_mb load_before",
    "paced": "engine devices due_per_s answered_per_s p50_ms p99_ms asked_to_wait rss_mb load_before",
    "workers": "workers devices batch reports_per_s times_one p50_ms p99_ms asked_to_wait rss_mb load_before",
    "campaign": "engine addresses items stored put_off sent_away flooded_s volunteer_reports "
    "volunteer_refused volunteer_p99_ms desk_lists desk_p99_ms lost load_before",
    "pull": "engine stored p50_ms p99_ms list_p50_ms list_p95_ms rss_mb load_before",
    "attachments": "uploads file_mb piece_kb mb_per_s p50_ms p99_ms limit_mb_per_s rss_mb load_before",
}
TARGETS: Final = "| promise | target | measured | |\n|---|---|---|---|\n"
NOT_BUILT: Final = (
    "| three web workers and one writer | at least 0.6 of the limit | not built | |\n"
    "| a campaign, 3,419 reports in a day, beside the ordinary desk | p95 within 10 % | not measured | |\n"
)
Row = dict[str, Any]


def document(text: str) -> str:
    """The same text, with the tables as the figures are now."""
    for name, columns in COLUMNS.items():
        head = _head(columns.split())
        text = _put(text, head, "".join(_line(row, columns.split()) for row in rows(name)))
    return _put(text, TARGETS, "".join(_targets()) + NOT_BUILT)


def rows(name: str) -> list[Row]:
    """What `waymark bench NAME` wrote last."""
    found: list[Row] = json.loads((ROOT / "docs" / "figures" / f"{name}.json").read_text(encoding="utf-8"))[
        "results"
    ]
    return found


def _head(columns: Sequence[str]) -> str:
    return f"| {' | '.join(name.replace('_', ' ') for name in columns)} |\n|{'---|' * len(columns)}\n"


def _line(row: Row, columns: Sequence[str]) -> str:
    cells = (f"{row[name]:,}" if isinstance(row[name], int | float) else str(row[name]) for name in columns)
    return f"| {' | '.join(cells)} |\n"


def _put(text: str, head: str, lines: str) -> str:
    table = re.compile(re.escape(head) + r"(?:\|.*\|\n)*")
    if not table.search(text):
        raise SystemExit(f"{DOCUMENT.name} has no table that begins with {head.splitlines()[0]}")
    return table.sub(lambda _: head + lines, text, count=1)


def _targets() -> Iterator[str]:
    intake = {(row["engine"], row["devices"], row["batch"]): row for row in rows("intake")}
    full, single = intake["sqlite", 500, 20], intake["sqlite", 500, 1]
    yield _target(
        "intake in one process, 500 devices x 20, SQLite", "at least 0.3 of the limit", full["ratio"],
        kept=full["ratio"] >= 0.3,
    )  # fmt: skip
    yield _target(
        "an answer when 500 devices are all waiting, one report a push", "p99 at most 150 ms",
        f"{single['p99_ms']} ms", kept=single["p99_ms"] <= 150,
    )  # fmt: skip
    most = max(row["rss_mb"] for key, row in intake.items() if key[1] == 1_000)
    yield _target("memory at 1,000 devices", "at most 250 MB", f"{most} MB", kept=most <= 250)
    [monday] = rows("monday")
    yield _target(
        "Monday: drained", "at most 60 s", f"{monday['drained_s']} s", kept=monday["drained_s"] <= 60
    )
    bad = (monday["lost"], monday["doubled"])
    yield _target("Monday: nothing lost, nothing doubled", "0, 0", f"{bad[0]}, {bad[1]}", kept=bad == (0, 0))
    yield _target(
        "Monday: an answer", "p99 at most 500 ms", f"{monday['p99_ms']} ms", kept=monday["p99_ms"] <= 500
    )
    fastest = next(row for row in rows("paced") if row["due_per_s"] == 1_000)
    yield _target(
        "1,000 devices, 1,000 reports a second, paced", "p99 at most 10 ms", f"{fastest['p99_ms']} ms",
        kept=fastest["p99_ms"] <= 10,
    )  # fmt: skip
    four = next(row for row in rows("workers") if (row["workers"], row["batch"]) == (4, 20))
    yield _target(
        "PostgreSQL with four processes, 500 devices x 20", "at least twice one process",
        f"{four['times_one']} times", kept=four["times_one"] >= 2,
    )  # fmt: skip
    for engine in ("sqlite", "postgres"):
        yield from _pull_targets(engine, [row for row in rows("pull") if row["engine"] == engine])


def _pull_targets(engine: str, found: Sequence[Row]) -> Iterator[str]:
    few, many = found[0], found[-1]
    stored = f"{few['stored']:,} to {many['stored']:,} reports, {engine}"
    pull, listed = (round(many[name] / few[name], 2) for name in ("p50_ms", "list_p50_ms"))
    slowest = max(row["list_p95_ms"] for row in found)
    yield _target(f"a pull, from {stored}", "p50 within 1.5 times", pull, kept=pull <= 1.5)
    yield _target(
        "the desk's list, the same",
        "p50 within 1.5 times, p95 at most 300 ms",
        f"{listed}, {slowest} ms",
        kept=listed <= 1.5 and slowest <= 300,
    )


def _target(promise: str, target: str, measured: object, *, kept: bool) -> str:
    return f"| {promise} | {target} | {measured} | {'kept' if kept else '**missed**'} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
