"""The first minutes of a service: its folders are made, and something is put into each.

python -m faults.powercut.fresh FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from waymark.attachments.shelf import Shelf, append
from waymark.custody.journal import Entry, Group, Journal
from waymark.kernel.db import Sql, open_database

FILE = "c0ffee00-0000-4000-8000-000000000000"
PIECE = b"sealed" * 1_000
GROUP = Group(at="now", chain=b"chain", entries=(Entry(pos=1, kind="file", id=FILE, sha256=b"digest"),))
MAKE = Sql("CREATE TABLE told (word TEXT)")
ADD = Sql("INSERT INTO told (word) VALUES ('saved')")


async def main(folder: Path) -> None:
    database = await open_database(f"sqlite:///{folder / 'new' / 'data' / 'waymark.db'}")
    await database.write(lambda db: db.execute(MAKE))
    await database.write(lambda db: db.execute(ADD))

    Journal(folder / "log", "one").append(GROUP, [])

    # What another process made, which was killed before it could see to the names.
    (folder / "files" / FILE[:2]).mkdir(parents=True)
    os.close(os.open(folder / "files" / FILE[:2] / FILE, os.O_WRONLY | os.O_CREAT, 0o600))
    with Shelf(folder / "files").locked(FILE) as file:
        append(file, PIECE, at=0)
    os._exit(0)  # as a cut does: nothing is closed


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
