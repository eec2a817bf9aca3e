"""The service loses its data and gets it back, by command and by hand, while real devices go on sending.

Nothing that a device calls saved is lost, and nothing is there twice: what the copy lacks is sent again.
"""

import asyncio
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.test_killed_under_load import NAMES, Sender, count, senders, stored
from support.figures import lost_and_doubled, record_fault
from support.postgres import Cluster
from support.server import Server
from waymark.kernel.db import copies
from waymark.kernel.keys import KeyRing
from waymark_sync.outbox import Outbox

DRAINED_S_MAX = 90.0
PROVE = os.environ.get("WAYMARK_PROVE") == "1"


def on(engine: str) -> pytest.MarkDecorator:
    """Each story on one engine every day, on both in the long proofs."""
    return pytest.mark.parametrize("engine", ["sqlite", "postgres"] if PROVE else [engine], indirect=True)


DEVICES = 4


class House:
    """One served service, its folder of backups and the key to them, and copies made by hand."""

    def __init__(self, served: Server, url: str, folder: Path, cluster: Cluster | None) -> None:
        self.served, self.url, self.folder, self._cluster = served, url, folder, cluster
        self.engine = NAMES["postgres" if cluster else "sqlite"]
        self.key = folder / "backup.key"
        self._name = url.rpartition("/")[2].partition("?")[0]
        served.waymark("keys", "backup-key", str(self.key))

    @property
    def backups(self) -> list[Path]:
        return sorted(Path(self.served.environ["WAYMARK_BACKUPS"]).glob("*.backup"))

    def back_up(self) -> Path:
        before = set(self.backups)
        self.served.waymark("backup")
        [made] = set(self.backups) - before
        return made

    def verify(self) -> str:
        return self.served.waymark("backup", "verify", "--key", str(self.key))

    def restore(self, backup: Path) -> None:
        """On an empty machine: what was there is gone."""
        self._destroy()
        self.served.waymark("restore", str(backup), "--key", str(self.key))

    def copy_by_hand(self, name: str) -> None:
        """With the service stopped, as an operator would."""
        if self._cluster:
            self._cluster.create(f"{self._name}_{name}", template=self._name)
        else:
            shutil.copytree(self.served.data, self.folder / name)

    def put_copy_back(self, name: str) -> None:
        if self._cluster:
            self._cluster.drop(self._name)
            self._cluster.create(self._name, template=f"{self._name}_{name}")
        else:
            shutil.rmtree(self.served.data)
            shutil.copytree(self.folder / name, self.served.data)

    def forget_copies(self, *names: str) -> None:
        for name in names if self._cluster else ():
            self._cluster.drop(f"{self._name}_{name}")

    def _destroy(self) -> None:
        copies.wipe(self.url)
        shutil.rmtree(self.served.data / "attachments", ignore_errors=True)


@pytest.fixture
def house(
    server: Callable[..., Server],
    database_url: str,
    keys: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> House:
    own = shutil.copytree(keys, tmp_path / "keys")
    engine = "postgres" if database_url.startswith("postgresql") else "sqlite"
    url = database_url if engine == "postgres" else f"sqlite:///{tmp_path / 'server-0' / 'waymark.db'}"
    served = server(
        WAYMARK_DATABASE_URL=url, WAYMARK_KEYS=str(own), WAYMARK_BACKUPS=str(tmp_path / "backups")
    )
    served.waymark("demo", "--no-reports")
    cluster = request.getfixturevalue("cluster") if engine == "postgres" else None
    made = House(served, url, tmp_path, cluster)
    request.addfinalizer(lambda: made.forget_copies("early", "late"))
    return made


def wait_for(enough: Callable[[], bool], *, s_max: float = 60.0) -> None:
    end = time.monotonic() + s_max
    while not enough():
        assert time.monotonic() < end, "it did not come that far"
        time.sleep(0.05)


def sent(devices: list[Sender]) -> int:
    return sum(len(device.acknowledged) for device in devices)


def more(devices: list[Sender], count: int = 12) -> None:
    """Until so many more reports have been acknowledged."""
    before = sent(devices)
    wait_for(lambda: sent(devices) >= before + count or any(d.failure for d in devices))


async def settle(house: House, devices: list[Sender], *, fault: str, times: int) -> None:
    """Everything that was ever sealed is stored once, byte for byte, whatever was lost between."""
    for device in devices:
        device.enough.set()
    for device in devices:
        device.join(DRAINED_S_MAX)
    assert [device.failure for device in devices] == [None] * len(devices)
    assert not any(device.is_alive() for device in devices), "the queues did not drain"
    made = {row.item_id: row.sha256 for path in outboxes(house) for row in Outbox(path).items()}
    found = await stored(house.url)
    count(f"{fault}, {house.engine}", times, made, found)
    assert {row.item_id: row.sha256 for row in found} == made
    assert len(found) == len(made)


def outboxes(house: House) -> list[Path]:
    return list(house.folder.glob("outbox-*.db"))


def started(house: House, ring: KeyRing) -> list[Sender]:
    house.served.start()
    devices = list(senders(house.served, ring, house.folder))[:DEVICES]
    for device in devices:
        device.start()
    return devices


@on("postgres")
async def test_restored_from_the_oldest_and_the_newest_backup_twice(house: House, ring: KeyRing) -> None:
    devices = started(house, ring)
    made = []
    for _ in range(3):
        more(devices)
        made.append(house.back_up())
    assert "good" in house.verify()

    for backup in (made[0], made[-1], made[0], made[0]):
        more(devices, 6)
        house.served.kill()
        house.restore(backup)
        house.served.start()

    more(devices, 6)
    await settle(house, devices, fault="restored from a backup, again and again", times=4)


@on("sqlite")
async def test_copied_back_by_hand_twice_in_a_row(house: House, ring: KeyRing) -> None:
    devices = started(house, ring)
    for name in ("early", "late"):
        more(devices)
        house.served.stop()
        house.copy_by_hand(name)
        house.served.start()

    for name in ("early", "early", "late"):
        more(devices, 6)
        house.served.kill()
        house.put_copy_back(name)
        house.served.start()
        more(devices, 6)

    assert house.served.log_text.count("database_copied_back") == 3
    await settle(house, devices, fault="an old copy put back by hand", times=3)


@on("sqlite")
async def test_a_backup_and_a_restore_that_are_killed_leave_nothing_half(house: House, ring: KeyRing) -> None:
    devices = started(house, ring)
    more(devices, 40)
    whole = house.back_up()
    for _ in range(4):
        killed(house, "backup", after_s=random.uniform(0.2, 1.0))
    assert all("good" in line for line in house.verify().splitlines()[:-1])
    house.served.kill()
    house._destroy()

    for _ in range(4):
        killed(house, "restore", str(whole), "--key", str(house.key), after_s=random.uniform(0.2, 1.0))
        if (house.served.data / "restore-unfinished").exists():
            assert "restore was interrupted" in refused(house)
    if copies.is_empty(house.url) or (house.served.data / "restore-unfinished").exists():
        house.served.waymark("restore", str(whole), "--key", str(house.key))

    house.served.start()
    await settle(house, devices, fault="backup and restore killed half-way", times=8)


@on("postgres")
async def test_the_intake_log_brings_back_what_devices_have_let_go_of(
    house: House, ring: KeyRing, tmp_path: Path
) -> None:
    """Nobody sends anything again here: everything after the backup comes from the log."""
    house.served.environ["WAYMARK_INTAKE_LOG"] = str(tmp_path / "log")
    devices = started(house, ring)
    while len(await stored(house.url)) < 12:
        await asyncio.sleep(0.1)
    backup = house.back_up()
    enough = len(await stored(house.url)) + 40
    while len(await stored(house.url)) < enough:
        await asyncio.sleep(0.1)
    for device in devices:
        device.enough.set()
    for device in devices:
        device.join(DRAINED_S_MAX)
    rows = [row for path in outboxes(house) for row in Outbox(path).items()]
    let_go = {row.item_id for row in rows if row.state == "tombstone"}
    house.served.kill()

    house.restore(backup)
    without = {row.item_id for row in await stored(house.url)}
    house.served.start()
    after = [row.item_id for row in await stored(house.url)]

    lost, doubled = lost_and_doubled(let_go, after)
    fault = f"restored from a backup and the intake log, {house.engine}"
    record_fault(fault, times=1, acknowledged=len(let_go), lost=lost, doubled=doubled)
    assert len(let_go - without) >= 20, "devices have let go of what the backup does not hold"
    assert let_go <= set(after)
    assert len(after) == len(set(after))


def killed(house: House, *arguments: str, after_s: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "waymark", *arguments],
        env=house.served.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def refused(house: House) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "waymark", "serve"],
        env=house.served.environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr
