"""Openers as organisations run them: `waymark opener run`, each with a folder of keys of its own."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import msgpack

from waymark.kernel.opener.client import FarVault
from waymark.kernel.opener.frames import read_frame, send_frame
from waymark.kernel.opener.records import ANSWERS, Answers, Request
from waymark.kernel.opener.trail import Line, read

STARTS_S: Final = 20
COMMAND: Final = (sys.executable, "-m", "waymark")


class RunningOpener:
    """`ask` speaks as whoever has the service's account: no name is needed, and any can be said."""

    def __init__(self, path: Path, keys: Path, process: "subprocess.Popen[bytes]") -> None:
        self.path, self.keys, self.process = path, keys, process

    def ask(self, *asks: Any, who: str = "job:open") -> Answers:
        far = FarVault(self.path, None)
        connection = far._connected()
        with connection:
            send_frame(connection, msgpack.encode(Request(who, asks)))
            return ANSWERS.decode(read_frame(connection) or b"")

    def lines(self) -> list[Line]:
        """Once what was asked before now is written."""
        time.sleep(1.2)
        return list(read(self.keys / "opener.trail"))


@contextmanager
def running_opener(
    keys: Path, environ: Mapping[str, str], *, command: tuple[str, ...] = COMMAND
) -> Iterator[RunningOpener]:
    """environ: of the server that it is for."""
    folder = Path(tempfile.mkdtemp(prefix="wm-"))  # a socket's name is short
    path = folder / "s"
    own = {**environ, "WAYMARK_KEYS": str(keys)}
    with subprocess.Popen([*command, "opener", "run", "--socket", str(path)], env=own) as process:
        try:
            until = time.monotonic() + STARTS_S
            while not (path.exists() and FarVault.answering(path)):
                assert process.poll() is None, "the opener did not start"
                assert time.monotonic() < until, "the opener did not answer"
                time.sleep(0.05)
            yield RunningOpener(path, keys, process)
        finally:
            process.kill()
    shutil.rmtree(folder)
