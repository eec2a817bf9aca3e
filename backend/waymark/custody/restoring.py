"""Put a backup in place, where nothing is yet. It goes on as a new lineage: devices offer everything again.

While it runs, and after it was cut short, a mark lies in the data folder: the service does not start, and the
next attempt begins by taking away what this one has left.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from waymark.custody import standing, store
from waymark.custody.backups import card_of, policy_of, private_file
from waymark.custody.drill import SCRATCH, Unpacked, described, faults_in, scratch_folder, unpack
from waymark.custody.records import Card, Manifest, Refused
from waymark.intake import actions as intake
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.checks import RESTORE_UNFINISHED
from waymark.kernel.clock import stamp
from waymark.kernel.db import DatabaseFault, copies, open_database
from waymark.kernel.keys import load_keys, sync_folder
from waymark.kernel.lineage import Lineage
from waymark.kernel.settings import Settings


class Restored(Struct, frozen=True, kw_only=True):
    manifest: Manifest
    incarnation: str
    """The new one."""


def restore(
    settings: Settings, backup: Path, private: BackupPrivate, *, now: datetime, however_old: bool = False
) -> Restored:
    """Raises Refused, KeysRefused, DatabaseFault; then nothing is there, as before."""
    ring = load_keys(settings.keys)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = settings.data / "attachments"
    with _marked(settings, files), scratch_folder(settings.data) as scratch:
        unpacked = unpack(backup, private, ring, scratch, keep_files=True)
        _check_card(card_of(backup, ring), unpacked)
        _check_policy(unpacked.manifest, settings, now=now, however_old=however_old)
        # Whoever still has the old lineage from here on has a copy of something older.
        standing.supersede(settings.keys, unpacked.manifest.incarnation)
        if (scratch / "files").is_dir():
            if files.is_dir():
                files.rmdir()
            (scratch / "files").rename(files)
            sync_folder(settings.data)
        begun = _put_in_place(settings.database_url, unpacked, now=now)
        _drop_altered(settings.database_url, unpacked, files)
    return Restored(manifest=unpacked.manifest, incarnation=begun.incarnation)


def _put_in_place(url: str, unpacked: Unpacked, *, now: datetime) -> Lineage:
    """Looked through and given its new lineage before anything can serve it, where the engine allows."""
    staged = url if copies.sqlite_path(url) is None else f"sqlite:///{unpacked.database}"
    if staged == url:
        copies.put_back(url, unpacked.database)
    if faults := faults_in(staged, unpacked):
        raise Refused("this backup cannot be restored: " + "; ".join(faults))
    begun = asyncio.run(_begin(staged, now))
    if staged != url:
        copies.put_back(url, unpacked.database)
    return begun


def _drop_altered(url: str, unpacked: Unpacked, files: Path) -> None:
    """What had been damaged before it was backed up. Where there is nothing, the device is asked again."""
    with copies.reading(url) as db:
        for row in store.files(db):
            if unpacked.files.get(row.att_id) != row.sha256.hex():
                (files / row.att_id[:2] / row.att_id).unlink(missing_ok=True)


async def _begin(url: str, now: datetime) -> Lineage:
    database = await open_database(url)
    try:
        return await database.write(intake.begin_lineage, now=now)
    finally:
        await database.close()


def _check_policy(manifest: Manifest, settings: Settings, *, now: datetime, however_old: bool) -> None:
    engine = "sqlite" if copies.sqlite_path(settings.database_url) else "postgres"
    if manifest.engine != engine:
        raise Refused(f"this backup is of {manifest.engine}: set WAYMARK_DATABASE_URL to such a database")
    if however_old:
        return
    counted = standing.restorable_from(settings.keys, manifest.incarnation)
    if counted is not None and manifest.made_at < counted:
        raise Refused(
            f"devices were told that the oldest backup is of {counted}, and may have let go of reports that "
            f"this one of {manifest.made_at} does not hold: take a newer one, or say --however-old"
        )
    oldest = stamp(now - timedelta(days=policy_of(settings).keep_days))
    if counted is None and manifest.made_at < oldest:
        raise Refused(
            f"this backup is older than {settings.backup_keep_days} days, so devices may have let go of "
            "reports that it does not hold: take a newer one, or say --however-old"
        )


def _check_card(card: Card | None, unpacked: Unpacked) -> None:
    """The floor went by the card. A backup that was carried here without it is looked at by itself."""
    if card is not None and not described(unpacked, card):
        raise Refused(
            "this backup is not the one that the card beside it describes: take another one, "
            "or put the right card beside it"
        )


@contextmanager
def _marked(settings: Settings, files: Path) -> Iterator[None]:
    mark = settings.data / RESTORE_UNFINISHED
    again = mark.exists()
    if not again:
        _check_empty(settings, files)
    with open(mark, "ab", opener=private_file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("another restore is running") from None
        os.fsync(lock.fileno())
        sync_folder(settings.data)
        if again:
            _take_away(settings, files)
        try:
            yield
        except (Refused, DatabaseFault):
            _take_away(settings, files)
            mark.unlink()
            raise
        mark.unlink()
        sync_folder(settings.data)


def _check_empty(settings: Settings, files: Path) -> None:
    if not copies.is_empty(settings.database_url):
        raise Refused(
            "there is a database already, and nothing is overwritten: move it away, or name another"
        )
    if files.is_dir() and any(files.iterdir()):
        raise Refused(f"there are files in {files} already, and nothing is overwritten: move them away")


def _take_away(settings: Settings, files: Path) -> None:
    """What an attempt has left. Before the first one nothing was there."""
    copies.wipe(settings.database_url)
    shutil.rmtree(files, ignore_errors=True)
    for folder in settings.data.glob(f"{SCRATCH}*"):
        shutil.rmtree(folder, ignore_errors=True)
