"""`waymark serve` with what SQLite calls NORMAL: no commit waits for the disk. To show what that loses."""

from unittest.mock import patch

from waymark.cli import main
from waymark.kernel import checks
from waymark.kernel.db import sqlite

NORMAL = tuple(pragma.replace("synchronous=FULL", "synchronous=NORMAL") for pragma in sqlite.WRITER_PRAGMAS)

if __name__ == "__main__":
    assert NORMAL != sqlite.WRITER_PRAGMAS
    with (
        patch.object(sqlite, "WRITER_PRAGMAS", NORMAL),
        patch.dict(checks.SAFE_SQLITE, {"synchronous": ("1",)}),  # the service would not start
    ):
        main()
