"""A service that has centres, keys of its own, and a folder for its backups."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.desk import seed
from support.files import Client
from support.postgres import Cluster
from support.reports import Device, Report, push_of
from waymark.intake import actions as intake
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.backup_keys import BackupPrivate, create_backup_key, load_private
from waymark.kernel.db import Database, Engine
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.codec import PushFrame


@pytest.fixture
async def service(client: Client, database: Database) -> Client:
    await seed(database, client.app.state.pack)
    client.app.state.pictures.stop()
    return client


@pytest.fixture
def settings(settings: Settings, keys: Path, tmp_path: Path) -> Settings:
    """With keys that no other test writes to."""
    own = shutil.copytree(keys, tmp_path / "keys")
    return replace(settings, keys=own, backups=tmp_path / "backups")


@pytest.fixture
def private(settings: Settings, tmp_path: Path) -> BackupPrivate:
    create_backup_key(settings.keys, tmp_path / "backup.key")
    return load_private(tmp_path / "backup.key")


class Centre:
    """Seals reports and stores them as a push does, without the wire."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self.database, self.ring = database, ring
        self.sent: list[Report] = []

    async def report(self, count: int = 1) -> list[Report]:
        made = [Device().report(self.ring) for _ in range(count)]
        await self.send(*made)
        self.sent += made
        return made

    async def send(self, *reports: Report) -> list[tuple[str, int]]:
        pushes = [
            read_push(PushFrame(request=push_of(report), items=(report.envelope,))) for report in reports
        ]
        committed = await self.database.write(intake.commit_pushes, pushes, now=clock.now())
        return [(each.standings[0].verdict, each.standings[0].pos) for each in committed]


@pytest.fixture
async def centre(database: Database, ring: KeyRing) -> AsyncIterator[Centre]:
    await database.write(intake.ensure_lineage, now=clock.now())
    yield Centre(database, ring)


@pytest.fixture
def elsewhere(settings: Settings, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """The same service on an empty machine."""
    data = tmp_path / "elsewhere"
    url = f"sqlite:///{data / 'waymark.db'}"
    if engine == "postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        name = f"restored_{tmp_path.name[-20:].replace('-', '_').lower()}"
        url = cluster.create(name)
        request.addfinalizer(lambda: cluster.drop(name))
    return replace(settings, data=data, database_url=url)
