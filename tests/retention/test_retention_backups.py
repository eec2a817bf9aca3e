"""A month after an erasure no backup that is left opens the report; that there was one is still on record."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from custody.steps import back_up
from dialogue.conftest import Service
from retention.test_retention_erasure import ONE_ENGINE, Retention
from support.reports import CANARY, Report
from waymark.audit import actions as audit
from waymark.custody import drill
from waymark.intake import store as intake
from waymark.intake.report_keys import open_keys, open_report
from waymark.kernel import clock
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.db import Connection, Sql, copies
from waymark.kernel.settings import BACKUP_KEEP_DAYS, Settings
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark_sync.intake_rules import read_header

BEFORE: Final = 3
DAYS: Final = 31
DAY: Final = timedelta(days=1)
SEALED: Final = Sql("SELECT header, sealed FROM intake_item WHERE item_id = :id")


class Sealed(msgspec.Struct, frozen=True):
    header: bytes
    sealed: bytes


class Thief:
    """Has every backup, the backup key, and every key of the service."""

    def __init__(self, settings: Settings, service: Service, private: BackupPrivate) -> None:
        self._settings, self._private = settings, private
        self._ring, self._vault = service.state.ring, service.state.vault

    def opens(self, report: Report) -> list[str]:
        """Backups in which it can be read, in either of the ways that it lies there."""
        return [path.name for path in self.backups() if any(self._ways(path, report))]

    def skeletons(self, report: Report) -> dict[str, list[str]]:
        """What the audit trail in each backup says of it; a trail that does not hold says nothing."""
        return {path.name: self._skeleton(path, report) for path in self.backups()}

    def backups(self) -> list[Path]:
        return sorted(self._settings.backups.glob("*.backup"))

    def _ways(self, backup: Path, report: Report) -> Iterator[bool]:
        with tempfile.TemporaryDirectory() as folder:
            unpacked = drill.unpack(backup, self._private, self._ring, Path(folder), keep_files=False)
            with copies.reading(f"sqlite:///{unpacked.database}") as db:
                yield _as_it_came(db, self._vault, report.item_id)
                yield _as_it_is_read(db, self._vault, report.item_id)

    def _skeleton(self, backup: Path, report: Report) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            unpacked = drill.unpack(backup, self._private, self._ring, Path(folder), keep_files=False)
            with copies.reading(f"sqlite:///{unpacked.database}") as db:
                assert audit.verify(db) is None
                return [entry.action for entry in audit.about(db, kind="report", id=report.item_id)]


def _as_it_came(db: Connection, vault: Vault, report_id: str) -> bool:
    row = db.one(SEALED, Sealed, id=report_id)
    header = read_header(row.header) if row else None
    if row is None or header is None:
        return False
    try:
        return CANARY.encode() in vault.open_item(header.kid, row.header, row.sealed)
    except CannotDecrypt:
        return False


def _as_it_is_read(db: Connection, vault: Vault, report_id: str) -> bool:
    found = intake.opened(db, report_id)
    if found is None:
        return False
    try:
        return CANARY in str(open_report(open_keys(vault, found.lock), found.lock))
    except CannotDecrypt:
        return False


@ONE_ENGINE
async def test_no_backup_opens_it_once_those_from_before_are_rotated_out(
    service: Service, settings: Settings, private: BackupPrivate
) -> None:
    # One a day, and as many of them as the days that they are kept: only their age makes them go.
    settings, today = replace(settings, backup_keep=BEFORE + DAYS + 1), clock.now()
    retention, thief = Retention(service), Thief(settings, service, private)
    report = await retention.closed(await service.report(sharing_choice="U1"))
    other = await service.report(sharing_choice="U1")
    for days in range(BEFORE, 0, -1):
        await back_up(settings, now=today - days * DAY)
    before = [path.name for path in thief.backups()]
    assert (len(before), thief.opens(report)) == (BEFORE, before)

    await retention.erased(report)
    left = {}
    for days in range(DAYS + 1):
        await back_up(settings, now=today + days * DAY)
        left[days] = {path.name for path in thief.backups()} & set(before)

    assert left[BACKUP_KEEP_DAYS - BEFORE] == set(before), "so many days they may still be restored"
    assert left[BACKUP_KEEP_DAYS] == set()
    remaining = [path.name for path in thief.backups()]
    assert len(remaining) >= BACKUP_KEEP_DAYS
    assert thief.opens(report) == []
    assert thief.opens(other) == remaining
    said = thief.skeletons(report)
    assert list(said) == remaining
    for actions in said.values():
        assert "erasure.asked" in actions, "who asked stays on record"
        assert actions[-1] == "report.erased"
