"""The service's disk, a real and small one, fills up while tablets send: nothing acknowledged is lost."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.test_killed_under_load import DRAINED_S_MAX, Sender, senders, stored, the_ledger_agrees
from support.server import Server
from support.small_disk import PretendedDisk, SmallDisk, small_disk
from waymark.kernel.keys import KeyRing

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
FILLS = 20 if PROVE else 1
SENDING = 6 if PROVE else 3
MEGABYTES = 512 if PROVE else 288
"""A service that has less than 256 to itself does not say that it is ready."""
COMES_S_MAX = 60.0
Disk = SmallDisk | PretendedDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = small_disk(tmp_path, megabytes=MEGABYTES)
    yield made
    made.close()


@pytest.fixture
def served(server: Callable[..., Server], staffed: Path, disk: Disk) -> Iterator[Server]:
    made = server(WAYMARK_DATA=str(disk.inside))
    made.within = disk.within
    shutil.copytree(staffed, disk.outside, dirs_exist_ok=True)
    yield made.start()
    made.stop()


async def test_nothing_acknowledged_is_lost_when_the_disk_is_full(
    served: Server, disk: Disk, ring: KeyRing, tmp_path: Path
) -> None:
    devices = list(senders(served, ring, tmp_path))[:SENDING]
    for device in devices:
        device.start()
    wait_for(lambda: all(device.acknowledged for device in devices), devices)

    for number in range(FILLS):
        fill(served, disk, devices)
        if killed := number % 2 == 1:
            served.kill()
        acknowledged = acknowledged_by(devices)
        if killed:
            url = copied(disk, tmp_path / f"full-{number}")
            assert acknowledged <= {row.item_id for row in await stored(url)}
        disk.make_room()
        if killed:
            served.start()
        wait_for(lambda before=acknowledged: acknowledged_by(devices) - before, devices)
    for device in devices:
        device.enough.set()
    for device in devices:
        device.join(DRAINED_S_MAX)

    assert [device.failure for device in devices] == [None] * SENDING
    assert not any(device.is_alive() for device in devices), "the queues did not drain"
    served.stop()
    fault, url = "the service's disk full under load", copied(disk, tmp_path / "end")
    await the_ledger_agrees(url, tmp_path, fault=fault, times=FILLS, before=set(), least=SENDING)


def fill(served: Server, disk: Disk, devices: list[Sender]) -> None:
    """Until somebody was told so: the log that is there already takes a few more."""
    refused = refusals(served)
    disk.fill()
    wait_for(lambda: refusals(served) > refused, devices)


def acknowledged_by(devices: list[Sender]) -> set[str]:
    return set().union(*(device.acknowledged for device in devices))


def copied(disk: Disk, folder: Path) -> str:
    """SQLite would follow the way into the namespace to another file of the same name."""
    folder.mkdir()
    for path in disk.outside.glob("waymark.db*"):
        shutil.copy(path, folder)
    return f"sqlite:///{folder / 'waymark.db'}"


def refusals(served: Server) -> int:
    """Each is an answer 507."""
    return served.log_text.count("storage_full")


def wait_for(enough: Callable[[], object], devices: list[Sender]) -> None:
    end = time.monotonic() + COMES_S_MAX
    while not enough():
        assert time.monotonic() < end, "it did not come that far"
        assert [device.failure for device in devices if device.failure] == []
        time.sleep(0.02)
