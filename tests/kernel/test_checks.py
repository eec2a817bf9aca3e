"""Start-up checks: each unsafe state is refused, with what to do."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from waymark.kernel import checks
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings


def test_sound_installation_has_no_fault(settings: Settings) -> None:
    assert list(checks.of_disk(settings)) == []


def test_an_unfinished_restore_is_named(settings: Settings) -> None:
    (settings.data / checks.RESTORE_UNFINISHED).touch()

    (fault,) = checks.of_disk(settings)

    assert "waymark restore" in fault


def test_an_intake_log_is_writable_private_and_on_another_disk(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "open").mkdir(mode=0o755)
    good = replace(settings, intake_log=tmp_path / "log")

    assert list(checks.of_disk(good)) == []
    assert "mount it" in next(checks.of_disk(replace(settings, intake_log=tmp_path / "file")))
    assert "chmod 700" in next(checks.of_disk(replace(settings, intake_log=tmp_path / "open")))
    assert "another one" in next(checks.of_disk(replace(good, profile="production")))


async def test_sound_database_has_no_fault(database: Database) -> None:
    assert await checks.of_database(database) == []


async def test_unmigrated_database_names_the_command(blank: Database) -> None:
    (fault,) = await checks.of_database(blank)

    assert "waymark migrate" in fault


class Reporting:
    """A database that answers and is set wrongly."""

    def __init__(self, real: Database, facts: Mapping[str, str]) -> None:
        self.engine = real.engine
        self.read, self.write, self.close = real.read, real.write, real.close
        self._facts = facts

    async def facts(self) -> Mapping[str, str]:
        return self._facts


@pytest.mark.parametrize(
    ("engine", "wrong"),
    [
        ("sqlite", {"synchronous": "1"}),
        ("sqlite", {"synchronous": "0"}),
        ("sqlite", {"journal_mode": "delete"}),
        ("sqlite", {"secure_delete": "0"}),
        ("sqlite", {"foreign_keys": "0"}),
        ("postgres", {"fsync": "off"}),
        ("postgres", {"synchronous_commit": "off"}),
        ("postgres", {"synchronous_commit": "local"}),
        ("postgres", {"full_page_writes": "off"}),
        ("postgres", {"server_encoding": "SQL_ASCII"}),
    ],
    indirect=["engine"],
)
async def test_database_that_may_lose_a_report_is_refused(database: Database, wrong: dict[str, str]) -> None:
    facts = {**await database.facts(), **wrong}
    (name,) = wrong

    (fault,) = await checks.of_database(Reporting(database, facts))

    assert f"{name}={wrong[name]}" in fault
    assert "set it to" in fault


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")

    (fault,) = checks.of_data_folder(in_the_way / "data")

    assert "WAYMARK_DATA" in fault


def test_data_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    (fault,) = checks.of_data_folder(tmp_path)

    assert f"chmod 700 {tmp_path}" in fault


def test_missing_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert list(checks.of_data_folder(tmp_path / "new")) == []
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("missing", ["index.html", "desk.html", "sw.js"])
def test_missing_pages_name_the_command(pages: Path, ring: KeyRing, tmp_path: Path, missing: str) -> None:
    folder = shutil.copytree(pages, tmp_path / "pages")
    (folder / missing).unlink()

    (fault,) = checks.of_pages(folder, ring)

    assert "make build" in fault


@pytest.mark.parametrize("build", ['{"version": "1", "root": "00"}', "{}", "not json", None])
def test_pages_built_for_other_keys_are_refused(
    pages: Path, ring: KeyRing, tmp_path: Path, build: str | None
) -> None:
    folder = shutil.copytree(pages, tmp_path / "pages")
    (folder / "build.json").unlink()
    if build is not None:
        (folder / "build.json").write_text(build)

    (fault,) = checks.of_pages(folder, ring)

    assert "other keys" in fault
