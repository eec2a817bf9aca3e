"""On a disk that is full to the last byte a report can still be erased: a real and small file system."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from faults.test_killed_under_load import Sender
from support.reports import Device, push_of
from support.server import Server
from support.small_disk import NotAllowed, SmallDisk
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.ballast import FULL_BYTES, MIB, NAME
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, encode

BALLAST_MB: Final = 24
MEGABYTES: Final = 256 + BALLAST_MB + 2 * FULL_BYTES // MIB + 32
COMES_S_MAX: Final = 60.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        made = SmallDisk(tmp_path / "disk", megabytes=MEGABYTES)
    except NotAllowed as why:
        pytest.skip(f"2026-11-23: {why}")
    yield made
    made.close()


@pytest.fixture
def served(
    server: Callable[..., Server], staffed: Path, keys: Path, disk: SmallDisk, tmp_path: Path
) -> Iterator[Server]:
    own = shutil.copytree(keys, tmp_path / "keys")  # the list of what was erased lies among them
    made = server(WAYMARK_DATA=str(disk.inside), WAYMARK_KEYS=str(own), WAYMARK_BALLAST_MB=str(BALLAST_MB))
    made.within = disk.within
    shutil.copytree(staffed, disk.outside, dirs_exist_ok=True)
    yield made.start()
    made.stop()


@pytest.fixture
def tablet(served: Server, ring: KeyRing, tmp_path: Path) -> Iterator[Sender]:
    with Staff(served.origin, "harbour", PASSWORD) as desk:
        code = desk.code("Tablet")
    made = Sender(tmp_path / "outbox.db", served.origin, code, ring, 1)
    made.start()
    yield made
    made.enough.set()
    made.join(COMES_S_MAX)
    assert made.failure is None


def test_it_erases_and_goes_on_without_a_restart(
    served: Server, disk: SmallDisk, tablet: Sender, ring: KeyRing
) -> None:
    wait_for(lambda: length(disk) == BALLAST_MB * MIB and tablet.acknowledged)
    report_id = closed(served, ring)
    assert act(served, "harbour", report_id, "erasure", ground="reporter_asked", note="They rang.") == 200

    os.kill(served.pid, signal.SIGSTOP)  # or it would give back what is then filled, too
    disk.fill()
    assert (disk.free_bytes, length(disk)) == (0, BALLAST_MB * MIB)
    os.kill(served.pid, signal.SIGCONT)
    wait_for(lambda: length(disk) == 0)

    wait_for(lambda: ready(served) == (503, "released"))
    assert "ballast is released" in doctor(served)
    assert act(served, "harbour-lead", report_id, "confirm-erasure") == 200
    refused = served.log_text.count("storage_full")
    wait_for(lambda: served.log_text.count("storage_full") > refused + 2)
    assert disk.free_bytes > BALLAST_MB * MIB // 2, "what room there is, is for erasing"
    before = set(tablet.acknowledged)

    disk.make_room()

    wait_for(lambda: length(disk) == BALLAST_MB * MIB)
    wait_for(lambda: tablet.acknowledged - before)
    wait_for(lambda: ready(served) == (200, "kept"))
    assert f"The ballast of {BALLAST_MB} MB: kept" in doctor(served)


def test_a_service_starts_on_a_full_disk(served: Server, disk: SmallDisk) -> None:
    wait_for(lambda: length(disk) == BALLAST_MB * MIB)
    served.kill()
    disk.fill()
    starting = threading.Thread(target=served.start, daemon=True)

    starting.start()

    wait_for(lambda: ready(served) == (503, "released"))
    disk.make_room()
    starting.join(COMES_S_MAX)
    wait_for(lambda: ready(served) == (200, "kept"))


def length(disk: SmallDisk) -> int | None:
    path = disk.outside / NAME
    return path.stat().st_size if path.exists() else None


def ready(served: Server) -> tuple[int, str] | None:
    try:
        answer = httpx.get(f"{served.origin}/health/ready", trust_env=False, timeout=10)
    except httpx.HTTPError:
        return None
    return answer.status_code, answer.json()["ballast"]


def doctor(served: Server) -> str:
    command = [*served.within, sys.executable, "-m", "waymark", "doctor"]
    return subprocess.run(command, env=served.environ, capture_output=True, text=True, check=False).stdout


def closed(served: Server, ring: KeyRing) -> str:
    """The id of a report that its centre is done with."""
    report = Device().report(ring, sharing_choice="U1")
    body, kind = encode(push_of(report), MSGPACK), {"Content-Type": MSGPACK}
    address = f"{served.origin}/sync/v1/push"
    assert httpx.post(address, content=body, headers=kind, trust_env=False).status_code == 200
    wait_for(lambda: act(served, "harbour", report.item_id, "acknowledge", message="Read.") == 200)
    assert act(served, "harbour", report.item_id, "close", code="duplicate", message="Done.") == 200
    return report.item_id


def act(served: Server, person: str, report_id: str, name: str, **said: Any) -> int:
    with Staff(served.origin, person, PASSWORD) as desk:
        path = f"/desk/api/reports/{report_id}"
        if desk.status("GET", path) != 200:
            return 404
        version = desk.get(path)["report"]["version"]
        return desk.status("POST", f"{path}/{name}", {"version": version, **said})


def wait_for(enough: Callable[[], object]) -> None:
    end = time.monotonic() + COMES_S_MAX
    while not enough():
        assert time.monotonic() < end, "it did not come that far"
        time.sleep(0.1)
