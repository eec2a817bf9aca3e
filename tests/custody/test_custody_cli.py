"""The commands as an operator types them, against a served service."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.server import Server
from waymark.kernel.db import copies


def refused(served: Server, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "waymark", *arguments],
        env=served.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def served(server: Callable[..., Server], database_url: str, keys: Path, tmp_path: Path) -> Server:
    own = tmp_path / "keys"
    own.mkdir(mode=0o700)
    for file in keys.iterdir():
        if file.is_file():
            (own / file.name).write_bytes(file.read_bytes())
            os.chmod(own / file.name, 0o600)
    url = database_url
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'server-0' / 'waymark.db'}"
    made = server(WAYMARK_DATABASE_URL=url, WAYMARK_KEYS=str(own), WAYMARK_BACKUPS=str(tmp_path / "b"))
    made.waymark("demo", "--reports", "12")
    return made


def test_from_the_key_to_a_service_that_was_put_back(served: Server, tmp_path: Path) -> None:
    key = tmp_path / "stick.key"
    assert "waymark keys backup-key" in refused(served, "backup")
    served.waymark("keys", "backup-key", str(key))
    assert "there already" in refused(served, "keys", "backup-key", str(tmp_path / "other"))
    served.start()
    made = Path(served.waymark("backup").splitlines()[0])
    assert "not yet" in served.waymark("backup", "list")
    assert f"{made.name}: good" in served.waymark("backup", "verify", "--key", str(key))
    listed = served.waymark("backup", "list")
    served.stop()

    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(made.stat().st_mode) == 0o600
    assert "good" in listed
    assert int(listed.split()[-1]) >= 12
    assert "nothing is overwritten" in refused(served, "restore", str(made), "--key", str(key))
    copies.wipe(served.environ["WAYMARK_DATABASE_URL"])
    for folder in served.data.glob("attachments"):
        folder.rename(tmp_path / "gone")
    said = served.waymark("restore", str(made), "--key", str(key))
    assert "offer again" in said
    assert served.waymark("doctor").startswith("All is well")
    served.start()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_wrong_file_and_a_wrong_key_are_sentences(served: Server, tmp_path: Path) -> None:
    key, other = tmp_path / "stick.key", tmp_path / "other.key"
    served.waymark("keys", "backup-key", str(key))
    made = Path(served.waymark("backup").splitlines()[0])
    (tmp_path / "keys" / "backup.pub").rename(tmp_path / "keys-backup.pub")
    served.waymark("keys", "backup-key", str(other))
    copies.wipe(served.environ["WAYMARK_DATABASE_URL"])
    for folder in served.data.glob("attachments"):
        folder.rename(tmp_path / "gone")

    assert "sealed to another key" in refused(served, "restore", str(made), "--key", str(other))
    assert "no backup key" in refused(served, "restore", str(made), "--key", str(made))
    assert "no backup" in refused(served, "restore", str(key), "--key", str(key))
    assert "no intake log" in refused(served, "replay")
    assert served.waymark("restore", str(made), "--key", str(key))
