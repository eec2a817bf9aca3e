"""A service with one report of every sharing choice in every place, and everybody at the desk."""

import shutil
from pathlib import Path
from typing import Final, get_args
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct

from support.apart import apart
from support.desk import PEOPLE, Desk, seed
from support.postgres import Cluster
from support.reports import HARBOUR, QUAY, Device, push_of
from waymark.app import create_app
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database, Engine, open_database
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.report import SharingChoice

ORIGIN: Final = "https://waymark.test"
CHOICES: Final[tuple[SharingChoice, ...]] = get_args(SharingChoice)
PLACES: Final = {
    "northshire": ("QX1 1AA", HARBOUR),
    "southmere": ("ZZ1 1AA", QUAY),
    "nowhere": ("SW1A 1AA", HARBOUR),
}
"""Postcode and centre. The last is in no pack, so its force is unknown."""

Key = tuple[SharingChoice, str]
REPORTS: Final[dict[Key, str]] = {(choice, place): str(uuid4()) for choice in CHOICES for place in PLACES}
"""Ids by sharing choice and place."""


class World(Struct, kw_only=True):
    client: AsyncTestClient[Litestar]
    database: Database
    desks: dict[str, Desk]
    reports: dict[Key, str]

    def keys(self, ids: list[str]) -> set[Key]:
        return {key for key, report_id in self.reports.items() if report_id in ids}


@pytest.fixture
def templates(request: pytest.FixtureRequest) -> dict[Engine, str]:
    """A test that asks for the world gets a copy of one that was made once."""
    of = "world" if "world" in request.fixturenames else "migrated"
    return {"sqlite": f"{of}_sqlite", "postgres": f"{of}_postgres"}


@pytest.fixture(scope="session")
def world_sqlite(
    migrated_sqlite: Path, keys: Path, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    data = tmp_path_factory.mktemp("world")
    path = Path(shutil.copy(migrated_sqlite, data / "waymark.db"))
    apart(_make(_settings(f"sqlite:///{path}", data, keys, pages)))
    return path


@pytest.fixture(scope="session")
def world_postgres(
    cluster: Cluster,
    migrated_postgres: str,
    keys: Path,
    pages: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    url = cluster.create("world", template=migrated_postgres)
    apart(_make(_settings(url, tmp_path_factory.mktemp("world"), keys, pages)))
    return "world"


def _settings(url: str, data: Path, keys: Path, pages: Path) -> Settings:
    return Settings(
        profile="test",
        origin=ORIGIN,
        data=data,
        database_url=url,
        keys=keys,
        pwa=pages,
        second_factor="offered",
    )


async def _make(settings: Settings) -> None:
    """One report of every sharing choice in every place, opened and looked through; nobody has logged in."""
    async with AsyncTestClient(app=create_app(settings), base_url=settings.origin) as client:
        state, database = client.app.state, await open_database(settings.database_url)
        await seed(database, state.pack)
        for (choice, place), item_id in REPORTS.items():
            postcode, centre_id = PLACES[place]
            report = Device().report(
                state.ring,
                item_id=item_id,
                sharing_choice=choice,
                postcode=postcode,
                body={"centre_id": centre_id},
            )
            answer = await client.post(
                "/sync/v1/push",
                content=encode(push_of(report), MSGPACK),
                headers={"Content-Type": MSGPACK},
            )
            assert answer.status_code == 200
        await open_waiting(Opener(database, state.ring, state.vault, state.pack))
        while await Screener(database, state.vault).step():
            pass
        await database.close()


@pytest.fixture
async def world(client: AsyncTestClient[Litestar], settings: Settings, database: Database) -> World:
    # The application has its own event loop, so tests look at its database through a connection of theirs.
    desks = {name: await Desk(client, settings.origin).enter(database, name) for name in PEOPLE}
    return World(client=client, database=database, desks=desks, reports=dict(REPORTS))
