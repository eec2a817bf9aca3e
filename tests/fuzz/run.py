"""Count how many hostile inputs the service takes without a bug: `python tests/fuzz/run.py --inputs 1000000`.

Every worker has a service and a database of its own. A failing input is told by its worker's seed and number.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.recorded import record
from fuzz.target import Asked, Found, Opening, ask, judge, worse
from models.hub import Copier, Hub
from models.place import service_in
from waymark.app import create_app
from waymark.kernel.backup_keys import load_private
from waymark.kernel.settings import Settings
from waymark_sync.protocol import Envelope

TARGETS: Final = ("push", "manifest", "cursor", "chunk", "return", "opener")
SHM: Final = Path("/dev/shm")


def fuzz(inputs: int, *, seed: int, jobs: int) -> dict[str, Any]:
    """Figures, and what was found if anything was."""
    shares = [inputs // jobs + (number < inputs % jobs) for number in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        told = list(pool.map(_one, shares, [seed + number for number in range(jobs)]))
    tried, answered, found = Counter[str](), Counter[str](), list[str]()
    for each in told:
        tried.update(each[0])
        answered.update(each[1])
        found += each[2]
    return {
        "inputs": sum(tried.values()),
        "by_target": dict(sorted(tried.items())),
        "by_status": dict(sorted(answered.items())),
        "bugs": len(found),
        "found": found[:20],
        "seed": seed,
        "jobs": jobs,
    }


def _one(inputs: int, seed: int) -> tuple[Counter[str], Counter[str], list[str]]:
    with _folder() as folder:
        settings = service_in(folder)
        requests, envelopes = _recorded(settings, folder)
        return asyncio.run(_run(settings, requests, envelopes, inputs, seed))


async def _run(
    settings: Settings, requests: list[Asked], envelopes: list[Envelope], inputs: int, seed: int
) -> tuple[Counter[str], Counter[str], list[str]]:
    app, luck = create_app(settings), random.Random(seed)
    tried, answered, found = Counter[str](), Counter[str](), list[str]()
    by_name = {name: [each for each in requests if each.name == name] for name in TARGETS[:-1]}
    async with app.lifespan():
        opening = Opening(app, envelopes)
        for number in range(inputs):
            target = TARGETS[number % len(TARGETS)]
            tried[target] += 1
            try:
                if target == "opener":
                    opening.once(luck)
                    continue
                asked = worse(luck.choice(by_name[target]), luck)
                # Whoever tries many codes is told to wait: that would be all there is to see.
                network = f"fd00:{number >> 16:x}:{number & 0xFFFF:x}::1"
                status, headers, body = await ask(app, asked, network=network)
                answered[str(status)] += 1
                judge(status, headers, body, method=asked.method)
            except Found as bug:
                found.append(f"{target}, seed {seed}, input {number}: {bug}")
            except Exception as bug:  # noqa: BLE001 - any exception that gets out is what is looked for
                found.append(f"{target}, seed {seed}, input {number}: {type(bug).__name__}: {bug}")
    return tried, answered, found


def _recorded(settings: Settings, folder: Path) -> tuple[list[Asked], list[Envelope]]:
    hub = Hub(settings, load_private(folder / "backup.key"), Copier(folder, None))
    try:
        return record(hub, folder / "tablet")
    finally:
        hub.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    made = tempfile.mkdtemp(prefix="waymark-fuzz-", dir=SHM if SHM.is_dir() else None)
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    given = parser.parse_args()
    told = fuzz(given.inputs, seed=given.seed, jobs=given.jobs)
    text = json.dumps(told, indent=1) if given.json else "\n".join(f"{k}: {v}" for k, v in told.items())
    sys.stdout.write(text + "\n")
    return 1 if told["bugs"] else 0


if __name__ == "__main__":
    sys.exit(main())
