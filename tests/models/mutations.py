"""Break the code on purpose, one way at a time, and tell which promise the stories miss it by.

    .venv/bin/python tests/models/mutations.py > docs/figures/mutations.json

What is broken is a copy: the repository is left alone.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
CODE: Final = ("sync/waymark_sync", "backend/waymark")
CAUGHT_BY: Final = re.compile(
    r"^E\s+(?:AssertionError: (I\d+)|(\w+(?:\.\w+)*(?:Error|Found|Refused)\b)|assert )", re.M
)
JOBS: Final = 2


class Mutation(Struct, frozen=True):
    name: str
    file: str
    right: str
    wrong: str


SYNC: Final = "sync/waymark_sync"
MUTATIONS: Final = (
    Mutation(
        "a report is let go of with its receipt, whatever the backups hold",
        f"{SYNC}/core_settle.py",
        "    if not purgeable(",
        "    if False and not purgeable(",
    ),
    Mutation(
        "a file is let go of with its receipt, whatever the backups hold",
        f"{SYNC}/kiosk/files.py",
        "receipt.restore_floor >= pos and",
        "True and",
    ),
    Mutation(
        "other bytes under a known id are called a duplicate",
        f"{SYNC}/intake_rules.py",
        'by_id.sha256 == sha256 else "conflict"',
        'by_id.sha256 == sha256 else "duplicate"',
    ),
    Mutation(
        "the same bytes again are called a conflict",
        f"{SYNC}/intake_rules.py",
        'return "duplicate" if by_id.item_id == item_id and by_id.sha256 == sha256',
        'return "accepted" if by_id.sha256 != sha256',
    ),
    Mutation(
        "a restored service goes on in its old lineage",
        "backend/waymark/kernel/lineage.py",
        "(before.number if before else 0) + 1, new_id()",
        "(before.number if before else 0) + 1, (before.incarnation if before else new_id())",
    ),
    Mutation(
        "a number is left out",
        f"{SYNC}/outbox.sql",
        "SELECT COALESCE(MAX(seq), 0) + 1",
        "SELECT COALESCE(MAX(seq), 0) + 2",
    ),
    Mutation(
        "the cursor goes past a message that was not kept",
        f"{SYNC}/outbox.py",
        "for message in page.messages:",
        "for message in page.messages[1:]:",
    ),
    Mutation(
        "a batch that fails never comes apart",
        f"{SYNC}/core_settle.py",
        "companions=back.companions if parts else",
        "companions=",
    ),
    Mutation(
        "a pass ends without a timer",
        f"{SYNC}/client.py",
        "wake_at_ms = effect.at_ms",
        "wake_at_ms = None",
    ),
    Mutation(
        "what waits is shown as nothing",
        f"{SYNC}/kiosk/standing.py",
        'waiting=count(rows, "queued")',
        "waiting=0",
    ),
    Mutation(
        "what a report says is kept unsealed beside it",
        f"{SYNC}/device.py",
        "    return _keep(outbox, device, keys, header, body, created_at=created_at)\n\n\ndef say_more",
        '    outbox.keep_state("draft", body)\n'
        "    return _keep(outbox, device, keys, header, body, created_at=created_at)\n\n\ndef say_more",
    ),
    Mutation(
        "an order to leave is not read",
        f"{SYNC}/client.py",
        "        if order is None:\n            return None\n",
        "        if order is None or self._own_id:\n            return None\n",
    ),
    Mutation(
        "an order to leave keeps a tablet's files back",
        f"{SYNC}/kiosk/sending.py",
        "keys = client.keyring.keys() if _reached(failure) else None",
        "keys = client.keyring.keys() if _reached(failure) and home.outbox.order() is None else None",
    ),
)


def caught_by(mutation: Mutation) -> str | None:
    """The promise that was missed first; None when all stories ended well."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for code in CODE:
            shutil.copytree(ROOT / code, folder / code)
        broken = folder / mutation.file
        before = broken.read_text(encoding="utf-8")
        if mutation.right not in before:
            raise SystemExit(f"{mutation.file} has changed: {mutation.name}")
        broken.write_text(before.replace(mutation.right, mutation.wrong, 1), encoding="utf-8")
        told = _told(folder)
    if told.returncode == 0:
        return None
    found = CAUGHT_BY.search(told.stdout)
    return (found[1] or found[2] or "nothing_is_a_bug") if found else "does not run"


def _told(folder: Path) -> subprocess.CompletedProcess[str]:
    where = os.pathsep.join(str(folder / code.partition("/")[0]) for code in CODE)
    asked = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "tests/models",
        "-k",
        "sqlite and not whatever",
        "--tb=short",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *asked],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": where, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    with ThreadPoolExecutor(JOBS) as jobs:
        found = dict(zip((each.name for each in MUTATIONS), jobs.map(caught_by, MUTATIONS), strict=True))
    json.dump(
        {"mutations": len(found), "caught": sum(map(bool, found.values())), "by": found}, sys.stdout, indent=1
    )
    sys.stdout.write("\n")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
