"""The service as users run it: a process on a free loopback port, with a data folder of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from support.nursery import Child, Nursery

READY_S_MAX: Final = 60.0
STOP_S_MAX: Final = 15.0


class Server:
    """Not started yet when made. `kill` is SIGKILL; the same data can be started again."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.environ = {**_inherited(), **environ}
        """May be changed until the next start."""
        self.within: Sequence[str] = ()
        """A command that starts a command, as one that enters a namespace does."""
        self.module = "waymark"
        """What Python runs to serve: `faults.powercut.serve_normal` is one that loses reports."""
        self._log = log
        self._process: subprocess.Popen[bytes] | Child | None = None

    @property
    def port(self) -> int:
        return int(self.environ["WAYMARK_PORT"])

    @property
    def origin(self) -> str:
        return self.environ.get("WAYMARK_ORIGIN") or f"http://localhost:{self.port}"

    @property
    def data(self) -> Path:
        return Path(self.environ["WAYMARK_DATA"])

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def log_text(self) -> str:
        """Everything that every start of this server has written."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def waymark(self, *arguments: str) -> str:
        """Run another command of the console script with this server's settings. Returns its output."""
        done = subprocess.run(
            [*self.within, sys.executable, "-m", "waymark", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"waymark {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> "Server":
        """Returns once the service says that it is ready to take a report."""
        assert self._process is None, "the server is running already"
        with self._log.open("ab") as log:
            if self.within or self.module != "waymark" or "LD_PRELOAD" in self.environ:
                command = [*self.within, sys.executable, "-m", self.module, "serve"]
                self._process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
            else:
                self._process = _nursery().start(["serve"], self.environ, log)
        self._wait(self._process)
        return self

    def kill(self) -> None:
        """SIGKILL: no warning, nothing flushed."""
        self._end(signal.SIGKILL)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is there and answers nobody, as when its network has gone."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server did not stop within {STOP_S_MAX} s") from None
        finally:
            self._process = None

    def _wait(self, process: subprocess.Popen[bytes] | Child) -> None:
        for _ in range(int(READY_S_MAX / 0.05)):
            if _ready(self.port):
                return
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        self.kill()
        raise AssertionError(f"the server did not become ready:\n{self.log_text[-4000:]}")


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@cache
def _nursery() -> Nursery:
    """One for each process that runs tests."""
    return Nursery()


def _ready(port: int) -> bool:
    """Asked many times a second, so with as little as that takes."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _inherited() -> dict[str, str]:
    """Nothing that a developer has set for a service of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")}
