"""What the real faults did: a row for each in docs/figures/faults.json, and the table made of these rows.

Only the long proofs write: a short run would put a small number where a large one stands.
`python tests/support/figures.py` puts what is counted, and what the simulation told, into the document again.
"""

import fcntl
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
COUNTS: Final = ROOT / "docs" / "figures" / "faults.json"
TOLD: Final = ROOT / "docs" / "figures" / "simulation.json"
DOCUMENT: Final = ROOT / "docs" / "reliability.md"
HEAD: Final = "| fault | times | acknowledged | lost | doubled |\n|---|---|---|---|---|\n"
TABLE: Final = re.compile(re.escape(HEAD) + r"(?:\|.*\|\n)*")

STORIES_HEAD: Final = (
    "| variant | stories | lost | doubled | stuck | missed | in conflict | broken promises |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
STORIES: Final = re.compile(re.escape(STORIES_HEAD) + r"(?:\|.*\|\n)*")
STORY_COUNTS: Final = ("runs", "lost", "duplicated", "stuck", "missed", "conflicts", "violations")
INJECTED: Final = re.compile(r"The run as designed injected [^.]*\.")


class FaultRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fault: str
    times: int
    acknowledged: int
    """Reports or files that somebody was told are saved or have arrived."""
    lost: int
    """Of those: not there in the end, or not as they were made."""
    doubled: int


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    faults: tuple[FaultRow, ...] = ()


def record_fault(fault: str, *, times: int, acknowledged: int, lost: int, doubled: int) -> None:
    """Takes the place of what was counted of this fault before. Call it before any assertion on that."""
    if os.environ.get("WAYMARK_PROVE") != "1":
        return
    row = FaultRow(fault=fault, times=times, acknowledged=acknowledged, lost=lost, doubled=doubled)
    with locked():
        others = [known for known in counted().faults if known.fault != fault]
        rows = tuple(sorted([*others, row], key=lambda known: known.fault))
        _write(
            COUNTS, msgspec.json.format(msgspec.json.encode(Faults(faults=rows)), indent=1).decode() + "\n"
        )
        _put_table(rows)


def lost_and_doubled(acknowledged: Collection[str], found: Sequence[str]) -> tuple[int, int]:
    """Of what was acknowledged, how many are not there; of what is there, how many are there again."""
    return len(set(acknowledged) - set(found)), len(found) - len(set(found))


def counted() -> Faults:
    return msgspec.json.decode(COUNTS.read_bytes(), type=Faults) if COUNTS.exists() else Faults()


def table(rows: Sequence[FaultRow]) -> str:
    lines = (
        f"| {row.fault} | {row.times:,} | {row.acknowledged:,} | {row.lost:,} | {row.doubled:,} |\n"
        for row in rows
    )
    return HEAD + "".join(lines)


def simulated(text: str) -> str:
    """The same text, with what the simulation has told by now."""
    told = msgspec.json.decode(TOLD.read_bytes())
    lines = []
    for name in sorted(told, key=lambda name: (name != "as_designed", name)):
        variant = "as designed" if name == "as_designed" else f"without a rule: `{name}`"
        cells = " | ".join(f"{told[name][count]:,}" for count in STORY_COUNTS)
        lines.append(f"| {variant} | {cells} |\n")
    faults = told["as_designed"]["faults"]
    injected = (
        f"The run as designed injected {sum(faults.values()):,} faults of {len(faults)} kinds, "
        f"the rarest {min(faults.values()):,} times."
    )
    return INJECTED.sub(
        injected, STORIES.sub(lambda _: STORIES_HEAD + "".join(lines), text, count=1), count=1
    )


@contextmanager
def locked() -> Iterator[None]:
    """Several workers of one run count at once; who reads both files sees them agree."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "figures.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put_table(rows: Sequence[FaultRow]) -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    _write(DOCUMENT, TABLE.sub(lambda _: table(rows), told, count=1))


def _write(path: Path, text: str) -> None:
    """At once or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    with locked():
        _put_table(counted().faults)
        _write(DOCUMENT, simulated(DOCUMENT.read_text(encoding="utf-8")))
