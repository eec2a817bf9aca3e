"""Caddy from Debian in front of a served process, with certificates of its own authority."""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from house.source import ROOT
from support.server import Server, free_port

DEPLOY: Final = ROOT / "deploy"
CADDY: Final = shutil.which("caddy") or str(ROOT / "build" / "caddy" / "usr" / "bin" / "caddy")
VISITOR: Final = "127.0.0.9"
"""Nothing else here comes from this address, so a log that holds it has noted a visitor."""
READY_S_MAX: Final = 30.0


class Front:
    """The Caddyfile of a demonstration, in front of whatever listens on `behind`."""

    def __init__(self, folder: Path, *, port: int, behind: int) -> None:
        self.origin = f"https://localhost:{port}"
        self._log = folder / "caddy.log"
        self._authority = folder / "state" / "pki" / "authorities" / "local" / "root.crt"
        self.certificates = folder / "state" / "certificates"
        self._port = port
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "WAYMARK_PORT": str(behind),
            "WAYMARK_HTTP_PORT": str(free_port()),
            "WAYMARK_HTTPS_PORT": str(port),
            "WAYMARK_CADDY": str(folder / "state"),
        }
        self.plain = f"http://localhost:{environ['WAYMARK_HTTP_PORT']}"
        command = [
            CADDY,
            "run",
            "--adapter",
            "caddyfile",
            "--config",
            str(DEPLOY / "Caddyfile.demonstration"),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        self._wait()

    @property
    def log_text(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def trust(self) -> ssl.SSLContext:
        """Believes this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self._authority))

    def visitor(self) -> httpx.Client:
        transport = httpx.HTTPTransport(verify=self.trust, local_address=VISITOR)
        return httpx.Client(base_url=self.origin, transport=transport, timeout=30)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(15)

    def _wait(self) -> None:
        for _ in range(int(READY_S_MAX / 0.1)):
            if self._authority.exists() and self._answers():
                return
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        self.stop()
        raise AssertionError(f"Caddy did not become ready:\n{self.log_text[-4000:]}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5) as plain:
                self.trust.wrap_socket(plain, server_hostname="localhost").close()
        except OSError:
            return False
        return True


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Callable[[int, int], Front]]:
    """Put one before a port: `front(port, behind)`. Stopped when the test ends."""
    made: list[Front] = []

    def put(port: int, behind: int) -> Front:
        made.append(Front(tmp_path, port=port, behind=behind))
        return made[-1]

    yield put
    for one in made:
        one.stop()


@pytest.fixture
def fronted(
    server: Callable[..., Server], staffed: Path, front: Callable[[int, int], Front]
) -> tuple[Server, Front]:
    """The service and its front, both running."""
    port = free_port()
    served = server(
        staffed, WAYMARK_ORIGIN=f"https://localhost:{port}", WAYMARK_CLIENT_HEADER="X-Real-IP"
    ).start()
    return served, front(port, served.port)
