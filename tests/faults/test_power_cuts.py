"""Power cuts while kiosks send: what was acknowledged is on the service's disk, what was saved on theirs.

One night is lived and written down; each cut is a moment of it. The controls show that a disk or a setting
that lies is seen.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from faults.powercut import fresh
from faults.powercut.disk import Disk, laid_out
from faults.powercut.going_on import gone_on
from faults.powercut.night import Found, Night, lived, looked_at, python_path, same
from faults.powercut.shim import compiled, records, watching
from faults.powercut.tablets import Acknowledged, Floor, Piece, Saved
from support.figures import record_fault
from support.server import Server
from waymark.custody.journal import frames
from waymark.kernel.db import Sql, open_database
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import to_base64url

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
CUTS = 400 if PROVE else 6
EVERY = 10 if PROVE else 6
"""So many cuts, and one of them is gone on with."""
KIOSKS = 4 if PROVE else 2
REPORTS = 15 if PROVE else 4
CONTROLS = 20 if PROVE else 1

CONTROL = Path(__file__).parents[2] / "docs" / "figures" / "power_control.json"
WORDS = Sql("SELECT word FROM told")

LIES = [
    ("report ", "data/waymark.db-wal", lambda told: isinstance(told, Acknowledged)),
    ("bytes of file ", "data/attachments/", lambda told: isinstance(told, Piece) and told.pos is not None),
    ("position ", "log/", lambda told: isinstance(told, Floor) and told.floor > 0),
    ("saved report ", "outbox.db-wal", lambda told: isinstance(told, Saved)),
    ("saved file ", "/files/", lambda told: isinstance(told, Saved) and told.files),
]
"""What is lost, where the disk must lie for it, and after which word: later a checkpoint may save it."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("powercut"))


@pytest.fixture
def trust(ring: KeyRing, tmp_path: Path) -> Path:
    path, signed = tmp_path / "trust.json", ring.signed_key_set()
    keyset = {"payload": to_base64url(signed.payload), "sig": to_base64url(signed.sig)}
    root, instance = to_base64url(ring.root_public), to_base64url(bytes(16))
    path.write_text(json.dumps({"root": root, "instance": instance, "keyset": keyset}))
    return path


@pytest.fixture
def centre(
    server: Callable[..., Server], staffed: Path, keys: Path, opener_socket: Path, tmp_path: Path
) -> Server:
    """All that it writes lies in one folder."""
    own = tmp_path / "live" / "service"
    own.mkdir(parents=True)
    shutil.copytree(staffed, own / "data")
    shutil.copytree(keys, own / "keys")
    (own / "log").mkdir(mode=0o700)
    return server(
        WAYMARK_DATA=str(own / "data"),
        WAYMARK_DATABASE_URL=f"sqlite:///{own / 'data' / 'waymark.db'}",
        WAYMARK_KEYS=str(own / "keys"),
        WAYMARK_OPENER=str(opener_socket),  # of the same keys; its own record is no part of this
        WAYMARK_INTAKE_LOG=str(own / "log"),
    )


async def test_nothing_that_was_promised_is_lost(
    centre: Server, trust: Path, ring: KeyRing, library: Path, tmp_path: Path
) -> None:
    night = lived(centre, tmp_path, library, trust, kiosks=KIOSKS, reports=REPORTS)
    night.at_the_end(tmp_path / "end")
    assert same(tmp_path / "end", tmp_path / "live", "service", "kiosks") == [], (
        "something was not written down"
    )
    draw = Random()
    found, wrong = [], []

    for number, moment in enumerate(night.cuts(night.moments(CUTS, draw), draw, tmp_path / "cut"), start=1):
        found.append(await looked_at(moment))
        if number % EVERY == 0:
            wrong += await gone_on(centre, moment, ring)

    lost = [what for one in found for what in one.lost]
    doubled = [what for one in found for what in one.doubled]
    record_fault(
        "power cut of service and kiosks",
        times=len(found),
        acknowledged=sum(one.acknowledged for one in found),
        lost=len(lost),
        doubled=len(doubled),
    )
    assert (lost, doubled, wrong) == ([], [], [])
    assert sum(one.acknowledged for one in found) > CUTS
    await each_word_rests_on_a_sync(night, tmp_path / "lie")


async def each_word_rests_on_a_sync(night: Night, into: Path) -> None:
    """With nothing left but what is certain it holds; where the disk lies of some files, it is broken."""
    for what, where, word in LIES:
        at = next(told.at for told in night.told if word(told))
        honest = next(night.cuts([at], Random(), into, worst=True))
        assert (await looked_at(honest)).lost == ()
        lying = night.cuts([at], Random(), into, lies=lambda path, where=where: where in path, worst=True)
        found = await looked_at(next(lying))
        assert any(name.startswith(what) for name in found.lost), f"{where} may lie unseen: {found}"


async def test_without_a_sync_for_each_commit_reports_are_lost(
    centre: Server, trust: Path, library: Path, tmp_path: Path
) -> None:
    centre.module = "faults.powercut.serve_normal"
    night = lived(centre, tmp_path, library, trust, kiosks=1, reports=REPORTS // 2)
    after = [told.at for told in night.told if isinstance(told, Acknowledged)][:CONTROLS]

    found = [await looked_at(moment) for moment in night.cuts(after, Random(), tmp_path / "cut", worst=True)]

    keep_control(found)
    assert any(what.startswith("report ") for one in found for what in one.lost)


def keep_control(found: list[Found]) -> None:
    """Beside the figures of the faults, of which none may have lost anything."""
    if PROVE:
        counted = {
            "synchronous": "NORMAL",
            "cuts": len(found),
            "acknowledged": sum(one.acknowledged for one in found),
            "lost": sum(len(one.lost) for one in found),
        }
        CONTROL.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")


async def test_what_a_new_service_has_taken_in_lies_in_folders_that_are_certain(
    library: Path, tmp_path: Path
) -> None:
    live, before = tmp_path / "live", tmp_path / "before"
    live.mkdir()
    before.mkdir()
    environ = {**os.environ, **watching(library, tmp_path / "trace", [live]), **python_path()}
    subprocess.run([sys.executable, "-m", "faults.powercut.fresh", str(live)], env=environ, check=True)
    disk = Disk(live, before=before)
    for record in records(tmp_path / "trace"):
        disk.take(record)

    left = laid_out(disk.left(Random(), worst=True), live, tmp_path / "left")

    [frame] = frames(left / "log" / "one" / f"{1:016d}.log")
    assert frame.group == fresh.GROUP
    assert (left / "files" / fresh.FILE[:2] / fresh.FILE).read_bytes() == fresh.PIECE
    database = await open_database(f"sqlite:///{left / 'new' / 'data' / 'waymark.db'}")
    assert await database.read(lambda db: db.many(WORDS, str)) == ["saved"]
    await database.close()
