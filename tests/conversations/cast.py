"""Who takes part: a client, known by its commands alone, and the service with all that can happen to it."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from click.testing import CliRunner
from pysqlite3 import dbapi2

from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.db import Sql, open_database
from waymark_sync.kiosk import main
from waymark_sync.reference import reference

CANARY: Final = "QZCANARY-they-followed-me"
CLIENT_S_MAX: Final = 120
OPENED_S_MAX: Final = 30.0
STORED: Final = Sql("SELECT item_id, header, sealed, sha256, sig FROM intake_item ORDER BY pos")


class Stored(msgspec.Struct, frozen=True):
    item_id: str
    header: bytes
    sealed: bytes
    sha256: bytes
    sig: bytes

    @property
    def envelope(self) -> bytes:
        return self.header + self.sealed + self.sha256 + self.sig


class Client:
    """One device. Whatever language it is in, this is all that is known of it."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command, self.folder = command, folder
        kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        self._environ = {**kept, "WAYMARK_SYNC_HOME": str(folder), "NO_PROXY": "*", "no_proxy": "*"}
        self.said = ""

    def run(self, *arguments: str, stdin: bytes = b"") -> tuple[int, Any]:
        """Exit status, and the JSON that was printed, or the text."""
        ran = subprocess.run(
            [*self._command, *arguments],
            input=stdin,
            capture_output=True,
            env=self._environ,
            check=False,
            timeout=CLIENT_S_MAX,
        )
        return self._told(arguments, ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def _told(self, arguments: Sequence[str], code: int, out: str, err: str) -> tuple[int, Any]:
        self.said += out + err
        assert code in (0, 3, 4), f"{arguments} ended with {code}: {out}{err}"
        return code, json.loads(out) if "--json" in arguments else out

    def add(self, words: int = 0) -> str:
        """The item id of what is now saved."""
        code, told = self.run("add", "--code", "none", "--json", stdin=_report(words))
        assert code == 0
        item_id: str = told["item_id"]
        return item_id

    def close(self) -> None:
        """Nothing of it goes on running."""

    def tells_nothing(self) -> None:
        """Nothing that was told is on its disk or in what it printed, and nobody else may read there."""
        assert CANARY not in self.said
        for path in self.folder.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), f"{path} tells the story"


class InHere(Client):
    """The library's own command without a process of its own: the same function, a second sooner."""

    def run(self, *arguments: str, stdin: bytes = b"") -> tuple[int, Any]:
        ran = CliRunner(env=self._environ).invoke(main, arguments, input=stdin)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return self._told(arguments, ran.exit_code, ran.stdout, ran.stderr)


class Living(Client):
    """A process as long as the story, that takes a command a line: what a page has in memory stays."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        super().__init__(command, folder)
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environ
        )

    def run(self, *arguments: str, stdin: bytes = b"") -> tuple[int, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": arguments, "stdin": stdin.decode()}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{self._command} has ended. Is it built? `make test-pages` does it."
        told = json.loads(line)
        return self._told(arguments, told["code"], told["out"], "")

    def close(self) -> None:
        self._process.communicate(timeout=CLIENT_S_MAX)


class Service:
    """A served service, its backups, and copies of its disk made by hand."""

    def __init__(self, served: Server, folder: Path) -> None:
        self.served, self._folder = served, folder
        self.trust = folder / "trust.json"
        served.waymark("keys", "trust", str(self.trust))

    def staff(self) -> Staff:
        return Staff(self.served.origin, "harbour", PASSWORD)

    def act(self, what: str, *, item_id: str, file: Path) -> None:
        acts: dict[str, Callable[[], object]] = {
            "kill": self.served.kill,
            "stop": self.served.stop,
            "start": self.served.start,
            "back_up": self._back_up,
            "verify": lambda: self.served.waymark("backup", "verify", "--key", str(self._key)),
            "restore": self._restore,
            "copy": lambda: shutil.copytree(self.served.data, self._copy),
            "put_copy_back": self._put_copy_back,
            "forget": lambda: self._forget(item_id),
            "answer": lambda: self._answer(item_id),
            "import": lambda: self.served.waymark("import", str(file)),
        }
        acts[what]()

    @property
    def _key(self) -> Path:
        return self._folder / "backup.key"

    @property
    def _copy(self) -> Path:
        return self._folder / "copy-by-hand"

    def _back_up(self) -> None:
        if not self._key.exists():
            self.served.waymark("keys", "backup-key", str(self._key))
        self.served.waymark("backup")

    def _restore(self) -> None:
        """The newest backup, on an empty machine."""
        newest = max(Path(self.served.environ["WAYMARK_BACKUPS"]).glob("*.backup"))
        shutil.rmtree(self.served.data)
        self.served.waymark("restore", str(newest), "--key", str(self._key))

    def _put_copy_back(self) -> None:
        shutil.rmtree(self.served.data)
        shutil.copytree(self._copy, self.served.data)

    def _forget(self, item_id: str) -> None:
        """A row is gone, and nothing says so: no disk promises that this cannot happen."""
        with dbapi2.connect(str(self._database)) as db:
            gone = db.execute("DELETE FROM intake_item WHERE item_id = ?", (item_id,)).rowcount
        db.close()
        assert gone == 1

    def _answer(self, item_id: str) -> None:
        """A person at the desk acknowledges, once the report can be read."""
        with self.staff() as staff:
            named = reference(item_id)
            [row] = self._rows(staff, lambda rows: named in rows, only=named)
            staff.post(f"/desk/api/reports/{row['id']}/acknowledge", {"message": "A person has read it."})

    def readable(self, item_ids: Sequence[str]) -> int:
        """How many of these a person at the desk can read; waits while the opener has work to do."""
        wanted = {reference(item_id) for item_id in item_ids}
        with self.staff() as staff:
            self._rows(staff, lambda rows: wanted <= set(rows))
        return len(wanted)

    def _rows(
        self, staff: Staff, enough: Callable[[list[str]], bool], only: str = ""
    ) -> list[dict[str, Any]]:
        end = time.monotonic() + OPENED_S_MAX
        while True:
            rows = staff.get("/desk/api/reports")["reports"]
            if enough([row["reference"] for row in rows]):
                return [row for row in rows if not only or row["reference"] == only]
            assert time.monotonic() < end, "it was not opened"
            time.sleep(0.1)

    def stored(self) -> list[Stored]:
        return asyncio.run(_stored(f"sqlite:///{self._database}"))

    @property
    def _database(self) -> Path:
        return self.served.data / "waymark.db"


async def _stored(url: str) -> list[Stored]:
    database = await open_database(url)
    try:
        return await database.read(lambda db: db.many(STORED, Stored))
    finally:
        await database.close()


def _report(words: int) -> bytes:
    story = f"{CANARY} home. " + "ш" * words
    answers = {
        "confidentiality_limits_ack": {"at": "2026-01-31T09:30:00.000Z", "text_version": "2026-01"},
        "reporter_role": "victim",
        "narrative_original": story,
        "when": {"precision": "dont_know"},
        "sharing_choice": "U1",
    }
    return json.dumps({"answers": answers}).encode()
