"""A PostgreSQL cluster of the tests' own, from the Debian binaries, run by an account without privileges."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
ACCOUNT: Final = "postgres"
MISSING: Final = (
    "PostgreSQL 15 is not installed, and every store is tested on it: run `make test`, "
    "or `apt-get install postgresql`"
)
START_S_MAX: Final = 30.0
STARTS_MAX: Final = 50
ROOM_B: Final = 4 * 2**30


class Cluster:
    """Listens on a Unix socket only, so that two test runs never meet. Durable, as the service demands."""

    def __init__(self) -> None:
        if not (BINARIES / "initdb").is_file():
            raise RuntimeError(MISSING)
        # Not under pytest's own folder: its path is too long for a socket, and closed to other accounts.
        self._folder = Path(tempfile.mkdtemp(prefix="waymark-pg-", dir=_roomy()))
        self._account = _unprivileged(self._folder)
        self._log = self._folder / "log"
        files = self._folder / "files"
        self._run(
            "initdb", "-D", str(files), "-U", "waymark", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        self._process = self._start(files)
        self._wait()

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database; returns its URL."""
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return self.url(name)

    def drop(self, name: str) -> None:
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        return f"postgresql://waymark@/{name}?host={quote(str(self._folder), safe='')}"

    def crash(self) -> None:
        """Immediate shutdown, as a power cut would leave it, and start again."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_S_MAX)
        self._process = self._start(self._folder / "files")
        self._wait()

    def kill(self) -> None:
        """SIGKILL of the postmaster: nobody tells its children, who notice and end."""
        self._process.kill()
        self._process.wait(START_S_MAX)

    def start_again(self) -> None:
        """After `kill`. It refuses for as long as a child of the old one lives."""
        for _ in range(STARTS_MAX):
            self._process = self._start(self._folder / "files")
            try:
                self._wait()
            except RuntimeError:
                time.sleep(0.2)
                continue
            return
        raise RuntimeError(
            f"PostgreSQL did not start again:\n{self._log.read_text(errors='replace')[-2000:]}"
        )

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(START_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if kept := os.environ.get("CANARY_RUN"):
            shutil.move(self._folder, kept)  # to be searched for what nobody was to write
        else:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, files: Path) -> subprocess.Popen[bytes]:
        settings = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}")
        command = [*self._account, str(BINARIES / "postgres"), "-D", str(files), *settings]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)

    def _wait(self) -> None:
        # pg_isready answers at once, so the deadline is counted in its attempts.
        for _ in range(int(START_S_MAX / 0.1)):
            ready = subprocess.run(
                [BINARIES / "pg_isready", "-q", "-h", self._folder, "-t", "1"], check=False, timeout=5
            )
            if ready.returncode == 0:
                return
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text(errors='replace')[-2000:]}")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._account, str(BINARIES / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self._folder, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr[-2000:]}")

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def _roomy() -> str:
    """In memory where there is room: a new database for each test is hundreds of new files.

    The clusters that tests kill lose no more by it, since what was written outlives the process either way.
    """
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_B else "/tmp"


def _unprivileged(folder: Path) -> Sequence[str]:
    """PostgreSQL refuses to run as root; then its own account takes over, and gets the folder."""
    if os.geteuid() != 0:
        return ()
    account = pwd.getpwnam(ACCOUNT)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
