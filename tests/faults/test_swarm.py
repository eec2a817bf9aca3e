"""A swarm of devices in a bad place ends in a verdict that can be trusted, in both directions."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pysqlite3 import dbapi2

from support.figures import record_fault
from support.server import Server
from waymark.cli.store import StoredFile, StoredItem
from waymark.cli.swarm_ledger import Ledger, Made, MadeFile, judge, judge_photos, read_ledgers

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
DEVICES, REPORTS, SECONDS = (12, 10, 60) if PROVE else (6, 3, 8)
KILLED = re.compile(r"(\d+) kills of device processes, (\d+) of the server")


def swarm(server: Server, *options: str, **environ: str) -> tuple[int, dict[str, Any]]:
    """Exit code and verdict."""
    done = subprocess.run(
        [sys.executable, "-m", "waymark", "demo", "swarm", "--json", *options],
        env={**server.environ, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stderr[-3000:]
    verdict = json.loads(done.stdout)
    _count(verdict, done.stderr)
    return done.returncode, verdict


def _count(verdict: dict[str, Any], told: str) -> None:
    """What is only judged again has no kills."""
    if (killed := KILLED.search(told)) is None:
        return
    sums = {name: verdict[name] + verdict["photos"][name] for name in ("made", "lost", "altered", "doubled")}
    record_fault(
        "device processes and the server killed, reports with photos, on a bad network",
        times=int(killed[1]) + int(killed[2]),
        acknowledged=sums["made"],
        lost=sums["lost"] + sums["altered"],
        doubled=sums["doubled"],
    )


def test_nothing_is_lost_while_devices_and_server_are_killed(
    server: Callable[..., Server], staffed: Path, tmp_path: Path
) -> None:
    served = server(staffed)
    size = ["--devices", str(DEVICES), "--reports", str(REPORTS), "--seconds", str(SECONDS)]

    code, verdict = swarm(served, *size, "--flaky", "--kill")

    assert code == 0, verdict
    made = DEVICES * REPORTS
    assert (verdict["made"], verdict["received"], verdict["lost"], verdict["doubled"]) == (made, made, 0, 0)
    (run,) = (served.data / "swarm").iterdir()
    ledgers = read_ledgers(run)
    files = [file.att_id for line in ledgers.values() for file in line.files]
    photos = verdict["photos"]
    assert len(ledgers) == made
    assert (photos["made"], photos["received"], photos["lost"]) == (len(files), len(files), 0)
    assert files, "nobody took a photo"

    for spoil in (
        "DELETE FROM intake_item WHERE item_id = :id",
        "UPDATE intake_item SET sha256 = x'00'",
        "DELETE FROM attachment",
        "UPDATE attachment SET received = 0, state = 'waiting', told = 0, completed_at = NULL, reason = NULL",
        "UPDATE attachment SET sha256 = zeroblob(32)",
    ):
        code, verdict = swarm(
            served, "--verdict", str(run), WAYMARK_DATABASE_URL=_spoilt(served, run, tmp_path, spoil)
        )
        assert (code, verdict["good"]) == (1, False), spoil
    stored = served.data / "attachments" / files[0][:2] / files[0]
    whole = stored.read_bytes()
    for spoilt, count in ((None, "lost"), (whole[:-1] + bytes([whole[-1] ^ 1]), "altered")):
        stored.unlink() if spoilt is None else stored.write_bytes(spoilt)
        code, verdict = swarm(served, "--verdict", str(run))
        assert (code, verdict["photos"][count], verdict["photos"]["received"]) == (1, 1, len(files) - 1)
    stored.write_bytes(whole)
    assert swarm(served, "--verdict", str(run))[0] == 0
    ledger = next(path for path in run.glob("*.ledger"))
    ledger.write_bytes(ledger.read_bytes().split(b"\n", 1)[1])
    code, verdict = swarm(served, "--verdict", str(run))
    assert (code, verdict["doubled"]) == (1, 1), "what is in no ledger was made by nobody"


def _spoilt(server: Server, run: Path, folder: Path, statement: str) -> str:
    """A copy of the database in which something is wrong with one of the reports that were made."""
    copy = Path(shutil.copy(server.data / "waymark.db", folder / "spoilt.db"))
    database = dbapi2.connect(str(copy))
    with database:
        database.execute(statement, {"id": next(iter(read_ledgers(run)))} if ":id" in statement else {})
    database.close()
    return f"sqlite:///{copy}"


def test_a_plain_server_has_no_plug(server: Callable[..., Server], staffed: Path) -> None:
    served = server(staffed)
    served.start()

    with pytest.raises(AssertionError, match="has no plug"):
        served.waymark("demo", "swarm", "--devices", "1", "--seconds", "2", "--kill")


def test_a_line_that_was_cut_short_never_counted(tmp_path: Path) -> None:
    path = tmp_path / "phone.ledger"
    ledger = Ledger(path)
    ledger.add(Made(item_id="one", sha256="00", device="phone"))
    ledger.close()
    path.write_bytes(path.read_bytes() + b'{"item_id":"tw')

    assert set(read_ledgers(tmp_path)) == {"one"}
    again = Ledger(path)
    again.add(Made(item_id="two", sha256="00", device="phone"))
    again.close()
    assert set(read_ledgers(tmp_path)) == {"one", "two"}


def test_the_verdict_is_bad_when_nothing_was_made_or_nothing_was_done() -> None:
    made = {"one": Made(item_id="one", sha256="00", device="phone")}
    item = StoredItem(item_id="one", sha256=b"\x00", device_id="d", state="opened", screened=1)
    waiting = StoredItem(item_id="one", sha256=b"\x00", device_id="d", state="waiting", screened=0)

    assert judge(made, [item], [], ["d"]).good
    assert not judge({}, [], [], []).good
    assert not judge(made, [waiting], [], ["d"]).good
    assert not judge(made, [item], ["one"], ["d"]).good
    assert not judge(made, [item, item], [], ["d"]).good


def test_a_photo_counts_when_it_is_whole_on_the_disk_and_in_the_database() -> None:
    made = {
        "one": Made(
            item_id="one", sha256="00", device="phone", files=(MadeFile(att_id="photo", sha256="aa"),)
        )
    }
    whole = StoredFile(att_id="photo", item_id="one", sha256=b"\xaa", received=9, state="shown")
    half = replace(whole, state="waiting")
    other = replace(whole, att_id="other")
    elsewhere = replace(other, item_id="two")

    good = judge_photos(made, [whole, elsewhere], {"photo": "aa"}.get)
    assert (good.good, good.received, good.shown) == (True, 1, 1)
    assert str(good) == "photos: 1 made, 1 received, 0 lost, 0 doubled, 1 shown"
    for stored, disk, what in (
        ([], {"photo": "aa"}, "lost"),
        ([half], {"photo": "aa"}, "lost"),
        ([whole], {}, "lost"),
        ([whole], {"photo": "bb"}, "altered"),
        ([replace(whole, sha256=b"\xbb")], {"photo": "aa"}, "altered"),
        ([whole, other], {"photo": "aa"}, "doubled"),
    ):
        bad = judge_photos(made, stored, disk.get)
        assert (bad.good, getattr(bad, what)) == (False, 1), (stored, disk)
        item = StoredItem(item_id="one", sha256=b"\x00", device_id="d", state="opened", screened=1)
        assert not judge(made, [item], [], ["d"], bad).good
