"""Runs tests with a canary in every field, and then searches all that they have left: `make prove` does.

    python tests/attacks/canary_run.py [PYTEST ARGUMENTS]     without any: the whole suite

Every report, message and file that the tests make holds words that begin with "canary". What services,
browsers, databases, backups, logs and failed programs have written is searched for that stem, in Latin,
UTF-16, hexadecimal and base64, inside gzip, too. Prints a JSON line with what was searched, and on stderr
each file that holds one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from journeys.canaries import forms
from support.figures import ROOT

STEMS: Final = tuple(form for stem in ("canary", "Canary", "Kanarienvogel") for form in forms(stem))
PIECE: Final = 16 * 1_048_576
OVERLAP: Final = 64
EXPLAINED: Final = {
    r"gallery\d*/|drawer\d*/|taken\.|\.jpg$|\.wav$": "as their owner has them, before they are chosen",
    r"test_the_search_would_find_it|test_a_canary_is_found|control": "the control: to be found",
    r"test_no_secret_is_in_the_log": "in the open part of an item, and in the database as it came",
    r"search.*blind|not_blind": "the control of another search",
}
"""By path below the folder of the run: where words may stand in the clear."""
ITSELF: Final = (b"canal\ncanary\ncancel", b"Spanish (Canary Islands)")
"""The bird in the list of words for return codes, and the islands in PostgreSQL's list of languages."""


def main(arguments: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="canaries-"))
    temporary, databases = folder / "temporary", folder / "databases"
    temporary.mkdir()
    databases.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary), "CANARY_RUN": str(databases)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"--basetemp={folder / 'tests'}",
        "-p",
        "no:cacheprovider",
    ]
    with (folder / "output").open("wb") as output:
        ran = subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environ, stdout=output, stderr=output, check=False
        )
    found, files, size = [], 0, 0
    for file in _written(folder):
        files, size = files + 1, size + file.stat().st_size
        path = str(file.relative_to(folder))
        if not any(re.search(known, path) for known in EXPLAINED) and holds(file):
            found.append(path)
    told = {"passed": ran.returncode == 0, "files": files, "bytes": size, "holding_a_canary": len(found)}
    print(msgspec.json.encode(told).decode())  # noqa: T201 - a script's answer
    for path in found:
        print(path, file=sys.stderr)  # noqa: T201
    if ran.returncode or found:
        print(f"kept to be looked at: {folder}", file=sys.stderr)  # noqa: T201
        return 1
    shutil.rmtree(folder)
    return 0


def _written(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file


def holds(file: Path) -> bool:
    """A piece at a time: some files are large."""
    with file.open("rb") as opened:
        before = b""
        while piece := opened.read(PIECE):
            seen = before + piece
            for known in ITSELF:
                seen = seen.replace(known, b"")
            if any(stem in seen for stem in STEMS):
                return True
            before = piece[-OVERLAP:]
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
