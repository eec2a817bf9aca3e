"""Tells stories and counts what went wrong: `python -m waymark_sync.simulate --seeds N`.

With `--seed S [--ablate NAME] [--jobs J] [--json] [--write FILE]`. What has been told is written every
thousand stories; a run that was broken off goes on there when it is asked for again, if the code is the same.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec

from waymark_sync.simulate.faults import ABLATIONS, KIND, Ablation
from waymark_sync.simulate.verdict import Figures, add_up, sum_up, tell

PART: Final = 1000
"""Stories between two writings of the figures."""


class Run(Figures, kw_only=True):
    """Of one variant, as it is kept in a file."""

    first_seed: int
    code: str = ""
    """Digest of the modules that told them: other code starts again."""


def simulate(first: int, seeds: int, *, ablation: Ablation | None = None, jobs: int = 1) -> Figures:
    """Stories first, first + 1, and so on."""
    numbers = range(first, first + seeds)
    told = partial(tell, ablation=ablation)
    if jobs <= 1:
        return sum_up(map(told, numbers))
    with get_context("spawn").Pool(jobs) as pool:
        return sum_up(pool.imap(told, numbers, chunksize=min(50, max(1, seeds // jobs))))


def main(given: Sequence[str] | None = None) -> int:
    """0: as promised. With --ablate, 0 when it fails by its own kind."""
    parser = argparse.ArgumentParser(prog="python -m waymark_sync.simulate")
    parser.add_argument("--seeds", type=int, default=100, help="how many stories")
    parser.add_argument("--seed", type=int, default=1, help="the first one's number")
    parser.add_argument("--ablate", choices=ABLATIONS, help="take a rule away, and see what fails")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="add the figures to this JSON file")
    asked = parser.parse_args(given)
    if asked.write:
        figures = _go_on(asked.write, asked.seed, asked.seeds, ablation=asked.ablate, jobs=asked.jobs)
    else:
        figures = simulate(asked.seed, asked.seeds, ablation=asked.ablate, jobs=asked.jobs)
    sys.stdout.write(_as_json(figures) if asked.json else _as_text(figures))
    if asked.ablate:
        return int(getattr(figures, KIND[asked.ablate]) == 0)
    return int(bool(figures.failing_seeds))


def _go_on(file: Path, first: int, seeds: int, *, ablation: Ablation | None, jobs: int) -> Figures:
    """One entry for each variant: that of the last run, or the part of this run that was told before."""
    name, code = ablation or "as_designed", _code()
    known = msgspec.json.decode(file.read_bytes(), type=dict[str, Run]) if file.exists() else {}
    before = known.get(name)
    told: Figures = Figures()
    if before and (before.first_seed, before.code) == (first, code) and before.runs < seeds:
        told = before
    while told.runs < seeds:
        part = simulate(first + told.runs, min(PART, seeds - told.runs), ablation=ablation, jobs=jobs)
        told = add_up(told, part)
        known[name] = Run(first_seed=first, code=code, **msgspec.structs.asdict(told))
        _write(file, known)
        if told.runs < seeds:
            sys.stderr.write(f"{told.runs} of {seeds} stories, {len(told.failing_seeds)} of them bad\n")
    return told


def _code() -> str:
    """Of what tells the stories: the modules of the library that are in use, and the outbox's statements."""
    library = Path(__file__).parent.parent
    loaded = [module.__file__ for name, module in sys.modules.items() if name.startswith("waymark_sync.")]
    sources = {*map(Path, filter(None, loaded)), library / "outbox.sql"} - {Path(__file__)}
    whole = hashlib.sha256()
    for path in sorted(sources):
        whole.update(f"{path.relative_to(library)}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def _write(file: Path, known: dict[str, Run]) -> None:
    written = msgspec.json.format(msgspec.json.encode(known, order="sorted"), indent=1)
    half = file.with_suffix(".half")
    half.write_bytes(written + b"\n")
    half.replace(file)


def _as_json(figures: Figures) -> str:
    return msgspec.json.format(msgspec.json.encode(figures), indent=1).decode() + "\n"


def _as_text(figures: Figures) -> str:
    lines = [f"{figures.runs} stories of {figures.steps // max(figures.runs, 1)} steps"]
    lines += [
        f"  {kind:<11}{getattr(figures, kind)}"
        for kind in ("lost", "duplicated", "stuck", "missed", "conflicts", "violations")
    ]
    lines += [f"  {name}: {count}" for name, count in figures.broken.items()]
    lines += [f"{sum(figures.faults.values())} faults of {len(figures.faults)} kinds"]
    if figures.failing_seeds:
        lines += [f"failing seeds: {', '.join(map(str, figures.failing_seeds))}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
