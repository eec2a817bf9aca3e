"""The real service in a process of its own, as benchmarks measure it: own keys, own data, own PostgreSQL."""

import asyncio
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from waymark.kernel.db import Engine, open_database
from waymark.kernel.holders import make_holders
from waymark.kernel.keys import KeyRing, create_keys
from waymark.kernel.migrate import migrate
from waymark.kernel.settings import HOST
from waymark.kernel.vault import open_vault
from waymark_sync.policy import holder_names, load_pack

READY_S: Final = 30.0
BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
PAGES: Final = ("index.html", "desk.html", "leaving.html", "sw.js")


class BenchFailed(Exception):
    """Something did not start, or part of the load was refused: a fast wrong answer is no result."""


class Bench:
    """Where a benchmark's services live. Keys are made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ring: KeyRing = create_keys(folder / "keys", issued_at=1_767_225_600_000)
        make_holders(folder / "keys", holder_names(load_pack()))
        self.vault = open_vault(folder / "keys")
        self._pages = folder / "pages"
        self._pages.mkdir()
        for name in PAGES:
            (self._pages / name).write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
        root = hashlib.sha256(self.ring.root_public).hexdigest()
        build = json.dumps({"version": "bench", "root": root})
        (self._pages / "build.json").write_text(build, encoding="utf-8")

    @contextmanager
    def server(
        self, data: Path, url: str, *, prefix: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
    ) -> Iterator["Running"]:
        """prefix: what the service is started with, such as taskset."""
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WAYMARK_")},
            "WAYMARK_PROFILE": "test",
            "WAYMARK_PORT": str(port),
            "WAYMARK_DATA": str(data),
            "WAYMARK_DATABASE_URL": url,
            "WAYMARK_KEYS": str(self.folder / "keys"),
            "WAYMARK_PWA": str(self._pages),
            **(environ or {}),
        }
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*prefix, sys.executable, "-m", "waymark", "serve"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_ready(process, port)
            yield Running(port, process.pid)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


class Running:
    """A service that has started."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    @property
    def rss_mb(self) -> float:
        return _memory(self.pid, "VmRSS")

    @property
    def peak_mb(self) -> float:
        return _memory(self.pid, "VmHWM")


@contextmanager
def bench_folder() -> Iterator[Bench]:
    """Removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        yield Bench(Path(folder))


@contextmanager
def databases(engine: Engine, folder: Path) -> Iterator["Databases"]:
    """Makes migrated databases of one engine; PostgreSQL runs as long as this does."""
    if engine == "sqlite":
        yield Databases(folder, None)
        return
    with _postgres() as sockets:
        yield Databases(folder, sockets)


class Databases:
    """Each of its own, for one round."""

    def __init__(self, folder: Path, sockets: Path | None) -> None:
        self._folder, self._sockets = folder, sockets

    def made(self, name: str) -> str:
        """The URL of a new, migrated database."""
        if self._sockets is None:
            url = f"sqlite:///{self._folder / name / 'waymark.db'}"
        else:
            command = [str(BINARIES / "createdb"), "-h", str(self._sockets), "-U", "waymark", name]
            subprocess.run(command, check=True)  # noqa: S603 - our own command
            url = f"postgresql://waymark@/{name}?host={quote(str(self._sockets), safe='')}"
        asyncio.run(_migrated(url))
        return url


async def _migrated(url: str) -> None:
    database = await open_database(url)
    await migrate(database)
    await database.close()


@contextmanager
def _postgres() -> Iterator[Path]:
    """Durable, on a Unix socket alone, run by an account without privileges."""
    if not (BINARIES / "initdb").is_file():
        raise BenchFailed("PostgreSQL 15 is not installed: `apt-get install postgresql-15`")
    folder = Path(tempfile.mkdtemp(prefix="waymark-pg-"))
    account: tuple[str, ...] = ()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        account = ("setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups")
    files = str(folder / "files")
    made = ("-U", "waymark", "-A", "trust", "-E", "UTF8", "--locale=C")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*account, str(BINARIES / "initdb"), "-D", files, *made], check=True, **quiet)  # type: ignore[call-overload]  # noqa: S603
    process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603
        [*account, str(BINARIES / "postgres"), "-D", files, "-c", "listen_addresses=", "-k", str(folder)],
        **quiet,
    )
    try:
        limit = time.monotonic() + READY_S
        while subprocess.run([BINARIES / "pg_isready", "-q", "-h", folder], check=False).returncode:  # noqa: S603
            if time.monotonic() > limit or process.poll() is not None:
                raise BenchFailed("PostgreSQL did not start")
            time.sleep(0.1)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(READY_S)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def load_of_machine() -> float:
    """One minute's load average when this was asked."""
    return round(os.getloadavg()[0], 2)


def _memory(pid: int, name: str) -> float:
    """Megabytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return round(int(found[1]) / 1024, 1) if found else 0.0


def _wait_ready(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/health/ready", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise BenchFailed("the service did not start: `waymark doctor` says why")
