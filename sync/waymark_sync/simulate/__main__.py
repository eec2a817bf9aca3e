"""Tells stories and counts what went wrong: `python -m waymark_sync.simulate --seeds N`.

With `--seed S [--ablate NAME] [--jobs J] [--json] [--write FILE]`.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec

from waymark_sync.simulate.faults import ABLATIONS, KIND, Ablation
from waymark_sync.simulate.verdict import Figures, sum_up, tell


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
    figures = simulate(asked.seed, asked.seeds, ablation=asked.ablate, jobs=asked.jobs)
    sys.stdout.write(_as_json(figures) if asked.json else _as_text(figures))
    if asked.write:
        _write(asked.write, asked.ablate or "as_designed", asked.seed, figures)
    if asked.ablate:
        return int(getattr(figures, KIND[asked.ablate]) == 0)
    return int(bool(figures.failing_seeds))


def _write(file: Path, name: str, first: int, figures: Figures) -> None:
    """One entry for each variant; the last run of a variant counts."""
    known = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    known[name] = {"first_seed": first, **msgspec.to_builtins(figures)}
    written = msgspec.json.format(msgspec.json.encode(known, order="sorted"), indent=1)
    file.write_bytes(written + b"\n")


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
