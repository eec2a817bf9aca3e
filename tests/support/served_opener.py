"""An opener for services that tests serve, as an operator runs one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waymark.cli.own_opener import own_opener


@contextmanager
def served_opener(keys: Path) -> Iterator[Path]:
    """Its socket, while it runs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")}
    with own_opener({**environ, "WAYMARK_KEYS": str(keys), "WAYMARK_PROFILE": "test"}) as path:
        yield path
