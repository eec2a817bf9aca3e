"""The demonstration's supervisor as users run it: `waymark demo stage` in a process of its own."""

import json
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx

from support.server import STOP_S_MAX, Server

READY_S_MAX: Final = 30.0


class Staged:
    """The split page beside a server that it starts, kills and starts again."""

    def __init__(self, served: Server, log: Path) -> None:
        self.served = served
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.served.environ['WAYMARK_STAGE_PORT']}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the split page is not running"
        return self._process.pid

    @property
    def log_text(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def start(self) -> "Staged":
        """Returns once the server behind it is running."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "waymark", "demo", "stage"]
            self._process = subprocess.Popen(command, env=self.served.environ, stdout=log, stderr=log)
        for _ in range(int(READY_S_MAX / 0.1)):
            if self._running():
                return self
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        self.stop()
        raise AssertionError(f"the stage did not become ready:\n{self.log_text[-4000:]}")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.address}/state", trust_env=False).json()
        return found

    def token(self) -> str:
        page = httpx.get(f"{self.address}/", trust_env=False).text
        return page.partition('name="stage-token" content="')[2].partition('"')[0]

    def switch(self, *, plugged: bool, **headers: str) -> httpx.Response:
        """As the page does it; `headers` say otherwise."""
        sent = {"Origin": self.address, "Waymark-Stage": self.token(), "Sec-Fetch-Site": "same-origin"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps({"plugged": plugged}).encode()
        return httpx.post(
            f"{self.address}/plug", content=body, headers={**sent, **named}, trust_env=False, timeout=30
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(how)
        return process.wait(2 * STOP_S_MAX)

    def _running(self) -> bool:
        try:
            return self.state()["state"] == "running"
        except httpx.TransportError:
            return False


def three_free_ports() -> int:
    """The first of three in a row that were free a moment ago."""
    for first in range(random.randrange(20_000, 30_000, 3), 32_000, 3):
        if all(_free(port) for port in range(first, first + 3)):
            return first
    raise AssertionError("no three free ports in a row")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
