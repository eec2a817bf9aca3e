"""Health: alive is not ready; ready means that a report could be taken now."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from waymark.app import create_app
from waymark.kernel.db import Sql
from waymark.kernel.settings import Settings, SettingsRefused
from waymark.kernel.web import health

ALL_WELL = {
    "database": "ok",
    "keys": "ok",
    "opener": "ok",
    "disk": "ok",
    "migrations": "ok",
    "ballast": "off",
    "people": "ok",
}


async def test_ready_on_both_engines(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, ALL_WELL)
    assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_broken_database_is_not_ready_and_still_alive(client: AsyncTestClient[Litestar]) -> None:
    await client.app.state.database.write(lambda db: db.execute(Sql("DROP TABLE migration")))

    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["database"] == "failing"
    assert answer.json()["migrations"] == "pending"
    assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_lost_keys_are_not_ready(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "own-keys"
    shutil.copytree(settings.keys, folder)
    own = replace(settings, keys=folder)
    async with AsyncTestClient(app=create_app(own), base_url=own.origin) as client:
        (folder / "challenge.key").chmod(0o644)

        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["keys"]) == (503, "failing")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_nearly_full_disk_is_not_ready(
    client: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(health.DISK_FREE_BYTES_MIN - 1))

    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["disk"]) == (503, "low")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_asking_often_does_not_write_often(
    client: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    real = client.app.state.database.write

    async def counted(work: Any, *args: Any, **more: Any) -> Any:
        if work.__module__.startswith("waymark.kernel."):  # jobs write when they like
            written.append(work)
        return await real(work, *args, **more)

    monkeypatch.setattr(client.app.state.database, "write", counted)
    for _ in range(20):
        await client.get("/health/ready")

    assert len(written) == 2  # one for the database, one for the migrations


async def test_unmigrated_database_refuses_to_start(blank_url: str, settings: Settings) -> None:
    unmigrated = replace(settings, database_url=blank_url)

    with pytest.RaisesGroup(pytest.RaisesExc(SettingsRefused, match="waymark migrate")):
        async with create_app(unmigrated).lifespan():
            pass
