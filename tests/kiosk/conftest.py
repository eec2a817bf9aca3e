"""A kiosk as its user has it: the command, a folder, and a real service."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from support.server import Server, free_port
from support.small_disk import PretendedDisk, SmallDisk
from support.staff import Staff

COMMAND: Final = str(Path(sys.executable).parent / "waymark-sync")
PASSWORD: Final = "waymark-demonstration"
CANARY: Final = "QZCANARY-they-followed-me"


class Ran:
    """What a call left behind."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Kiosk:
    """One folder of `waymark-sync`."""

    def __init__(self, folder: Path, within: Sequence[str] = ()) -> None:
        self.folder, self._within = folder, within
        self.environ = {**os.environ, "WAYMARK_SYNC_HOME": str(folder), "NO_PROXY": "*"}

    def run(self, *arguments: str, stdin: bytes = b"", before: Callable[[], object] | None = None) -> Ran:
        return Ran(
            subprocess.run(
                [*self._within, COMMAND, *arguments],
                input=stdin,
                capture_output=True,
                env=self.environ,
                check=False,
                timeout=120,
                preexec_fn=before,
            )
        )

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """In the background, for a test that kills it."""
        return subprocess.Popen(
            [COMMAND, *arguments], env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def add(self, *arguments: str, **answers: Any) -> Ran:
        return self.run("add", "--code", "none", "--json", *arguments, stdin=told(**answers))

    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.run("status", "--json").json
        return found


class Centre:
    """A service with a centre's volunteer at its desk."""

    def __init__(self, served: Server, folder: Path, trust: Path) -> None:
        self.served, self._folder, self.trust = served, folder, trust
        self.staff = Staff(served.origin, "harbour", PASSWORD)

    def kiosk(self, name: str = "kiosk", *, disk: SmallDisk | PretendedDisk | None = None) -> Kiosk:
        """Of the centre's folder, or alone on a disk of its own."""
        kiosk = Kiosk(disk.inside / name, disk.within) if disk else Kiosk(self._folder / name)
        made = kiosk.run(
            "enrol", self.staff.code(name), "--service", self.served.origin, "--trust", str(self.trust)
        )
        assert made.code == 0, made.err
        return kiosk

    def references(self) -> list[str]:
        return [row["reference"] for row in self.staff.get("/desk/api/reports")["reports"]]


@pytest.fixture(scope="session")
def trust(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trust") / "trust.json"
    Server({"WAYMARK_KEYS": str(keys), "WAYMARK_PROFILE": "test"}, made.with_name("log")).waymark(
        "keys", "trust", str(made)
    )
    return made


@pytest.fixture(scope="session")
def served(
    keys: Path, pages: Path, staffed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One service for all kiosks that need no service of their own."""
    folder = tmp_path_factory.mktemp("centre")
    environ = {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_PORT": str(free_port()),
        "WAYMARK_DATA": str(shutil.copytree(staffed, folder / "data")),
        "WAYMARK_KEYS": str(keys),
        "WAYMARK_PWA": str(pages),
    }
    server = Server(environ, folder / "log").start()
    yield server
    server.stop()


@pytest.fixture
def centre(served: Server, tmp_path: Path, trust: Path) -> Centre:
    return Centre(served, tmp_path, trust)


@pytest.fixture
def own_centre(server: Callable[..., Server], staffed: Path, tmp_path: Path, trust: Path) -> Centre:
    """For a test that stops the service, or counts what it holds."""
    return Centre(server(staffed).start(), tmp_path, trust)


def told(**answers: Any) -> bytes:
    """What stands on the kiosk's standard input."""
    return json.dumps(
        {
            "answers": {
                "confidentiality_limits_ack": {"at": "2026-01-31T09:30:00.000Z", "text_version": "2026-01"},
                "reporter_role": "victim",
                "narrative_original": f"{CANARY} home",
                "when": {"precision": "dont_know"},
                "sharing_choice": "U1",
                **answers,
            }
        }
    ).encode()
