"""The opener that a service starts for itself, where nobody else runs one for it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from waymark.kernel import logs
from waymark.kernel.opener.client import FarVault
from waymark.kernel.settings import SettingsRefused

STARTS_WITHIN_S: Final = 20.0
LOOK_EVERY_S: Final = 0.05
AGAIN_AFTER_S: Final = 0.2
PREFIX: Final = "waymark-opener-"


@contextlib.contextmanager
def own_opener(environ: Mapping[str, str]) -> Iterator[Path]:
    """Its socket, once it answers. It is started again when it dies, and ends with this process, however.

    environ: what it reads its settings from. Raises SettingsRefused.
    """
    # A socket's name is short, and a data folder's need not be.
    _tidy()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    kept = _Kept(folder / "opener", environ)
    try:
        kept.start()
        yield kept.path
    finally:
        kept.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _tidy() -> None:
    """What services left behind that could not end."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):  # somebody else tidies, too
            if pid.isdigit() and not Path(f"/proc/{pid}").exists() and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


class _Kept:
    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        # What was asked to be loaded into the service is not loaded into the process that has the keys.
        self._environ = {name: value for name, value in environ.items() if not name.startswith("LD_")}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._watching, daemon=True)

    def start(self) -> None:
        """Raises SettingsRefused."""
        process = self._process = self._begun()
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > until:
                raise SettingsRefused(("the opener did not start: `waymark opener run` says why",))
            time.sleep(LOOK_EVERY_S)
        self._watch.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()

    def _begun(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "waymark", "opener", "run", "--until-stdin-ends"]
        return subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--socket", str(self.path)], stdin=subprocess.PIPE, env=self._environ
        )

    def _answers(self) -> bool:
        return self.path.exists() and FarVault.answering(self.path)

    def _watching(self) -> None:
        while not self._stopping.is_set():
            process = self._process
            if process is None:
                return
            process.wait()
            if not self._stopping.wait(AGAIN_AFTER_S):
                logs.event("opener_died")
                self._process = self._begun()
