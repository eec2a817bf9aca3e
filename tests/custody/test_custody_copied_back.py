"""A database that was copied back by hand is noticed at the next start, on either engine."""

import shutil
from pathlib import Path

import pytest

from custody.conftest import Centre
from support.postgres import Cluster
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.custody import actions
from waymark.custody.jobs import Keeper, notice_copied
from waymark.kernel import clock, lineage
from waymark.kernel.db import Database, Engine, Sql, open_database
from waymark.kernel.settings import Settings

TOUCH = Sql("UPDATE lineage SET created_at = created_at")


class Copies:
    """Copies of the whole database, as an operator makes them by hand with the service stopped."""

    def __init__(self, url: str, folder: Path, cluster: Cluster | None) -> None:
        self.url, self._folder, self._cluster = url, folder, cluster
        self._name = url.rpartition("/")[2].partition("?")[0]

    def keep(self, name: str, *, without_wal: bool = False) -> None:
        if self._cluster:
            self._cluster.create(f"{self._name}_{name}", template=self._name)
            return
        (self._folder / name).mkdir()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            if not (without_wal and path.name.endswith(("-wal", "-shm"))):
                shutil.copy(path, self._folder / name)

    def put_back(self, name: str) -> None:
        if self._cluster:
            self._cluster.drop(self._name)
            self._cluster.create(self._name, template=f"{self._name}_{name}")
            return
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()
        for path in (self._folder / name).iterdir():
            shutil.copy(path, self._path.parent)

    def forget(self, *names: str) -> None:
        for name in names if self._cluster else ():
            self._cluster.drop(f"{self._name}_{name}")

    @property
    def _path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))


@pytest.fixture
def copied(database_url: str, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Copies:
    cluster = request.getfixturevalue("cluster") if engine == "postgres" else None
    made = Copies(database_url, tmp_path / "copies", cluster)
    (tmp_path / "copies").mkdir()
    request.addfinalizer(lambda: made.forget("early", "late"))
    return made


async def run(url: str, settings: Settings, centre: Centre | None = None, reports: int = 0) -> str:
    """One start, some work and a clean stop. Returns the lineage that it served."""
    database = await open_database(url)
    try:
        await notice_copied(database, settings.keys, now=clock.now())
        mine = Centre(database, centre.ring) if centre else None
        if mine:
            await mine.report(reports)
        current = await database.read(lineage.current)
        await Keeper(database, settings, centre.ring).keep() if centre else None
        return current.incarnation
    finally:
        await database.close()


async def test_an_older_copy_begins_a_new_lineage_each_time(
    database: Database, centre: Centre, settings: Settings, copied: Copies
) -> None:
    await database.close()
    first = await run(copied.url, settings, centre, 2)
    copied.keep("early")
    same = await run(copied.url, settings, centre, 3)
    copied.keep("late")
    copied.put_back("early")
    second = await run(copied.url, settings, centre, 3)
    copied.put_back("late")
    third = await run(copied.url, settings, centre, 1)
    copied.put_back("early")
    fourth = await run(copied.url, settings, centre)
    after = await run(copied.url, settings, centre)

    assert first == same
    assert len({first, second, third, fourth}) == 4
    assert after == fourth


async def test_the_very_same_copy_goes_on(
    database: Database, centre: Centre, settings: Settings, copied: Copies
) -> None:
    await database.close()
    first = await run(copied.url, settings, centre, 2)
    copied.keep("early")
    copied.put_back("early")

    assert await run(copied.url, settings, centre) == first


async def test_other_reports_at_the_same_positions_are_noticed(
    database: Database, centre: Centre, settings: Settings, copied: Copies
) -> None:
    """The copy went on elsewhere, and has come further than what was kept here."""
    await database.close()
    first = await run(copied.url, settings, centre, 2)
    copied.keep("early")
    await run(copied.url, settings, centre, 1)
    copied.put_back("early")
    database = await open_database(copied.url)
    await Centre(database, centre.ring).report(5)
    await database.close()

    assert await run(copied.url, settings, centre) != first


async def test_what_only_the_desk_did_is_noticed_too(
    database: Database, centre: Centre, settings: Settings, copied: Copies
) -> None:
    await database.close()
    first = await run(copied.url, settings, centre, 2)
    copied.keep("early")
    database = await open_database(copied.url)
    await database.write(
        audit.append, actor=SERVICE, action="t", subject=Subject(kind="t", id="t"), now=clock.now()
    )
    await Keeper(database, settings, centre.ring).keep()
    await database.close()
    copied.put_back("early")

    assert await run(copied.url, settings, centre) != first


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_copy_without_its_wal_is_noticed(
    database: Database, centre: Centre, settings: Settings, copied: Copies
) -> None:
    """Copied while the service ran: what was in the other file is not there."""
    await database.close()
    first = await run(copied.url, settings, centre, 2)
    database = await open_database(copied.url)
    await Centre(database, centre.ring).report(3)
    await Keeper(database, settings, centre.ring).keep()
    copied.keep("late", without_wal=True)
    await database.close()
    copied.put_back("late")
    database = await open_database(copied.url)
    found = await database.read(actions.standing)
    await database.close()
    assert found is not None
    assert found.pos == 2

    assert await run(copied.url, settings, centre) != first


async def test_a_database_that_never_served_is_left_alone(database: Database, settings: Settings) -> None:
    assert await notice_copied(database, settings.keys, now=clock.now()) is None
