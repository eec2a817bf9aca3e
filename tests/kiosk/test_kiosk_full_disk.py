"""A kiosk on a real disk without room: what it calls saved is sent, and what it could not save it says."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.conftest import Centre, told
from kiosk.test_kiosk import wait_until
from support.figures import lost_and_doubled, record_fault
from support.small_disk import PretendedDisk, SmallDisk, small_disk

FULL = 10 if os.environ.get("WAYMARK_PROVE") == "1" else 2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk | PretendedDisk]:
    made = small_disk(tmp_path, megabytes=8, database="outbox.db")
    yield made
    made.close()


def test_what_is_called_saved_on_a_full_disk_is_sent(
    own_centre: Centre, disk: SmallDisk | PretendedDisk
) -> None:
    kiosk = own_centre.kiosk(disk=disk)
    saved, refused = [kiosk.add().json["reference"]], 0

    for number in range(FULL):
        disk.fill()
        full = kiosk.run("add", "--code", "none", "--json", stdin=told())
        if full.code == 0:
            saved.append(full.json["reference"])
        else:
            refused += 1
            assert "Make room" in full.err
        sent = kiosk.run("send", "--json")
        disk.make_room()
        assert sent.code in (0, 1, 3), f"{number}: {sent.err}"
        saved.append(kiosk.add().json["reference"])

    assert kiosk.run("send", "--json").code == 0
    standing = kiosk.status()
    wait_until(lambda: len(own_centre.references()) >= len(saved))
    found = own_centre.references()
    lost, doubled = lost_and_doubled(saved, found)
    record_fault("a kiosk's disk full", times=refused, acknowledged=len(saved), lost=lost, doubled=doubled)
    assert refused
    assert (standing["made"], standing["waiting"], standing["whole"]) == (len(saved), 0, True)
    assert sorted(found) == sorted(saved)
