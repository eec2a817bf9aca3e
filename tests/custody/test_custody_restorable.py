"""Which backup may be put in place: one that devices still wait for, and the very one that was tested."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from custody.conftest import Centre
from custody.steps import back_up, floor, restore, verify
from waymark.custody import backups, restoring
from waymark.custody.records import Refused
from waymark.custody.standing import let_go_of_older, restorable_from
from waymark.intake import actions as intake
from waymark.kernel import clock
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.settings import Settings

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@ONE_ENGINE
async def test_rotation_keeps_what_policy_says_and_the_newest_good_one(
    centre: Centre, settings: Settings, private: BackupPrivate
) -> None:
    settings = replace(settings, backup_keep=2, backup_keep_days=10)
    start = clock.now() - timedelta(days=40)
    await centre.report()
    good = await back_up(settings, now=start)
    await verify(settings, good, private)
    made = [await back_up(settings, now=start + timedelta(days=days)) for days in (1, 2, 33, 34, 35)]

    left = {path.name for path in settings.backups.glob("*.backup")}

    assert left == {good.name, made[-1].name, made[-2].name}


@ONE_ENGINE
async def test_one_that_policy_does_not_allow_any_more_is_not_restored(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    await centre.report()
    backup = await back_up(settings, now=clock.now() - timedelta(days=31))

    with pytest.raises(Refused, match="older than 30 days"):
        await restore(elsewhere, backup, private)

    await asyncio.to_thread(restoring.restore, elsewhere, backup, private, now=clock.now(), however_old=True)


def _carried(backup: Path, to: Path) -> Path:
    """Off the machine, with its card."""
    to.mkdir(exist_ok=True)
    for end in (backups.BACKUP, backups.CARD):
        shutil.copy(backup.with_suffix(end), to)
    return to / backup.name


async def test_a_copy_that_was_rotated_out_does_not_pass_for_one_that_counts(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    """Devices let go of what the newer one holds. It is young enough, and lies in a cupboard."""
    settings = replace(settings, backup_keep=1)
    await centre.report()
    old = await back_up(settings, now=clock.now() - timedelta(hours=2))
    copy = _carried(old, tmp_path / "cupboard")
    await verify(settings, old, private)
    assert await floor(centre.database, settings, centre.ring) == 1
    await centre.report()
    new = await back_up(settings)
    await verify(settings, new, private)
    assert backups.rotate(settings, now=clock.now()) == [old.stem]
    assert await floor(centre.database, settings, centre.ring) == 2

    with pytest.raises(Refused, match="may have let go of reports"):
        await restore(elsewhere, copy, private)

    await asyncio.to_thread(restoring.restore, elsewhere, copy, private, now=clock.now(), however_old=True)


@ONE_ENGINE
async def test_while_nothing_was_let_go_of_any_copy_may_be_restored(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    settings = replace(settings, backup_keep=1)
    await centre.report()
    copy = _carried(await back_up(settings, now=clock.now() - timedelta(hours=2)), tmp_path / "cupboard")
    await centre.report()
    await back_up(settings)
    assert await floor(centre.database, settings, centre.ring) == 0, "the newer one was never tested"

    await restore(elsewhere, copy, private)


@ONE_ENGINE
async def test_the_newest_good_one_is_restored_whatever_its_age(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    """It is the one that devices were told of."""
    await centre.report()
    good = await back_up(settings, now=clock.now() - timedelta(days=40))
    await verify(settings, good, private)
    assert await floor(centre.database, settings, centre.ring) == 1

    await restore(elsewhere, good, private)


@ONE_ENGINE
async def test_what_one_lineage_let_go_of_holds_for_the_backups_of_those_before(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    await centre.report()
    old = await back_up(settings, now=clock.now() - timedelta(hours=2))
    copy = _carried(old, tmp_path / "cupboard")
    await centre.database.write(intake.begin_lineage, now=clock.now())
    await centre.report()
    old.unlink()
    await verify(settings, await back_up(settings), private)
    assert await floor(centre.database, settings, centre.ring) == 2

    with pytest.raises(Refused, match="may have let go of reports"):
        await restore(elsewhere, copy, private)


@ONE_ENGINE
async def test_a_backup_under_the_card_of_another_is_not_restored(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    await centre.report()
    first = await back_up(settings, now=clock.now() - timedelta(hours=2))
    await centre.report()
    second = await back_up(settings)
    shutil.copy(first.with_suffix(backups.CARD), second.with_suffix(backups.CARD))

    with pytest.raises(Refused, match="not the one that the card"):
        await restore(elsewhere, second, private)

    second.with_suffix(backups.CARD).unlink()
    await restore(elsewhere, second, private)


def test_many_at_once_agree_on_the_newest(tmp_path: Path) -> None:
    """A service's own keeper and a command beside it write the same file."""
    times = [f"2026-03-01T{hour:02}:{minute:02}:00.000Z" for hour in range(8) for minute in range(3)]
    shuffled = Random(7).sample(times, len(times))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda at: let_go_of_older(tmp_path, ["one"], at), shuffled))

    assert restorable_from(tmp_path, "one") == max(times)
    assert [path.name for path in (tmp_path / "lineage").iterdir()] == ["one.restorable"]
