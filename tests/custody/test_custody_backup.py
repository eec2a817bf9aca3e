"""A backup is whole or it is none: made beside a running service, sealed, tested, put back."""

import json
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from custody.conftest import Centre
from custody.steps import back_up, floor, restore, verify
from support.files import Client, noise, prepared, push, report_with, upload
from support.reports import CANARY
from waymark.custody import backups, signing, store
from waymark.custody.records import Attestation, Refused
from waymark.kernel import lineage
from waymark.kernel.backup_keys import BackupPrivate, create_backup_key, load_private
from waymark.kernel.db import Sql, open_database
from waymark.kernel.keys import create_keys
from waymark.kernel.settings import Settings

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
ITEMS = Sql("SELECT item_id FROM intake_item ORDER BY pos")


async def items(url: str) -> list[str]:
    database = await open_database(url)
    try:
        return await database.read(lambda db: db.many(ITEMS, str))
    finally:
        await database.close()


async def test_what_was_backed_up_comes_back(
    service: Client, centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    file = prepared(noise(300_000))
    with_file = report_with(centre.ring, file)
    await push(service, with_file)
    await upload(service, with_file, file)
    await centre.report(3)
    before = await centre.database.read(lineage.current)
    backup = await back_up(settings)

    assert await verify(settings, backup, private) == ()
    done = await restore(elsewhere, backup, private)

    assert await items(elsewhere.database_url) == await items(settings.database_url)
    assert (done.manifest.pos, done.manifest.files, done.manifest.items) == (5, 1, 4)
    assert done.incarnation != before.incarnation
    att_id = file.attachment.att_id
    assert (elsewhere.data / "attachments" / att_id[:2] / att_id).read_bytes() == file.sealed
    assert not (elsewhere.data / "restore-unfinished").exists()
    assert not list(elsewhere.data.glob(".*"))


async def test_restored_twice_it_is_two_lineages(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    await centre.report(2)
    backup = await back_up(settings)
    first = await restore(elsewhere, backup, private)
    other = replace(elsewhere, data=elsewhere.data / "again")
    if elsewhere.database_url.startswith("sqlite"):
        other = replace(other, database_url=f"sqlite:///{other.data / 'waymark.db'}")
    else:
        backups.copies.wipe(elsewhere.database_url)

    second = await restore(other, backup, private)

    assert first.incarnation != second.incarnation


async def test_it_can_be_read_by_nobody_without_the_key(
    centre: Centre, settings: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    [report] = await centre.report()
    backup = await back_up(settings)
    create_backup_key(settings.keys.parent, tmp_path / "other.key")

    raw = backup.read_bytes()
    faults = await verify(settings, backup, load_private(tmp_path / "other.key"))

    assert CANARY.encode() not in raw
    assert report.item_id.encode() not in raw
    assert report.envelope.sealed not in raw
    assert "sealed to another key" in faults[0]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in settings.backups.iterdir()}
    assert modes == {0o600}


@ONE_ENGINE
@pytest.mark.parametrize("where", [3, 20, 60, 200, 5_000, -5])
async def test_a_changed_byte_is_found(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate, where: int
) -> None:
    await centre.report()
    backup = await back_up(settings)
    raw = bytearray(backup.read_bytes())
    raw[where] ^= 1
    backup.write_bytes(raw)

    assert await verify(settings, backup, private) != ()
    with pytest.raises(Refused):
        await restore(elsewhere, backup, private)
    assert not (elsewhere.data / "waymark.db").exists()
    assert not (elsewhere.data / "restore-unfinished").exists()


@ONE_ENGINE
@pytest.mark.parametrize("left", [0, 10, 146, 1_000, -16, -1, -262_160])
async def test_a_cut_is_found(
    centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate, left: int
) -> None:
    await centre.report(4)
    backup = await back_up(settings)
    backup.write_bytes(backup.read_bytes()[:left])

    assert await verify(settings, backup, private) != ()
    with pytest.raises(Refused):
        await restore(elsewhere, backup, private)


async def test_nothing_is_overwritten(centre: Centre, settings: Settings, private: BackupPrivate) -> None:
    await centre.report()
    backup = await back_up(settings)

    with pytest.raises(Refused, match="nothing is overwritten"):
        await restore(settings, backup, private)

    assert await items(settings.database_url) == [centre.sent[0].item_id]


async def test_the_floor_is_what_every_tested_backup_holds(
    centre: Centre, settings: Settings, private: BackupPrivate
) -> None:
    await centre.report(3)
    first = await back_up(settings)
    untested = await floor(centre.database, settings, centre.ring)
    await verify(settings, first, private)
    tested = await floor(centre.database, settings, centre.ring)
    await centre.report(4)
    second = await back_up(settings)
    await verify(settings, second, private)
    both = await floor(centre.database, settings, centre.ring)
    first.unlink()

    newest = await floor(centre.database, settings, centre.ring)

    assert (untested, tested, both, newest) == (0, 3, 3, 7)


async def test_a_backup_of_another_branch_holds_only_what_is_common(
    centre: Centre, settings: Settings, private: BackupPrivate
) -> None:
    """As after a copy that was put back by hand: the same positions, other reports."""
    await centre.report(3)
    first = await back_up(settings)
    await centre.report(2)
    second = await back_up(settings)
    for backup in (first, second):
        await verify(settings, backup, private)
    assert await floor(centre.database, settings, centre.ring) == 3

    await centre.database.write(lambda db: db.execute(Sql("DELETE FROM intake_item WHERE pos > 2")))
    await centre.report(6)

    assert await floor(centre.database, settings, centre.ring) == 3 - 3


async def test_a_file_whose_bytes_are_not_there_ends_what_a_backup_holds(
    service: Client, centre: Centre, settings: Settings, elsewhere: Settings, private: BackupPrivate
) -> None:
    file = prepared(noise(50_000))
    report = report_with(centre.ring, file)
    await push(service, report)
    await upload(service, report, file)
    await centre.report(2)
    att_id = file.attachment.att_id
    (settings.data / "attachments" / att_id[:2] / att_id).write_bytes(b"x" * 50_016)
    backup = await back_up(settings)

    assert await verify(settings, backup, private) == ()
    assert await floor(centre.database, settings, centre.ring) == 1
    await restore(elsewhere, backup, private)
    assert not (elsewhere.data / "attachments" / att_id[:2] / att_id).exists()


async def test_a_file_that_comes_while_a_backup_is_made_is_in_it(
    service: Client,
    centre: Centre,
    settings: Settings,
    private: BackupPrivate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = prepared(noise(20_000))
    report = report_with(centre.ring, file)
    await push(service, report)
    await upload(service, report, file)
    seen = store.files
    answers = iter([lambda db: iter(())])
    monkeypatch.setattr(backups.store, "files", lambda db: next(answers, seen)(db))

    backup = await back_up(settings)

    assert await verify(settings, backup, private) == ()
    assert await floor(centre.database, settings, centre.ring) == 2


async def test_what_another_service_or_key_says_of_a_backup_is_as_nothing(
    centre: Centre, settings: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    await centre.report(2)
    backup = await back_up(settings)
    create_backup_key(settings.keys.parent, tmp_path / "other.key")
    card = backups.card_of(backup, centre.ring)
    assert card is not None
    said = Attestation(id=card.manifest.id, file_sha256=card.file_sha256, at=card.manifest.made_at)
    forged = signing.attested_by(said, load_private(tmp_path / "other.key"))
    backup.with_suffix(".tested").write_bytes(forged)
    untested = await floor(centre.database, settings, centre.ring)
    await verify(settings, backup, private)
    stranger = create_keys(tmp_path / "stranger", issued_at=1)
    backup.with_suffix(".card").write_bytes(signing.signed_by_service(card, stranger))

    strange = backups.listed(settings, centre.ring)
    true = json.loads(signing.signed_by_service(card, centre.ring))
    more = replace(card, manifest=replace(card.manifest, pos=9))
    payload = json.loads(signing.signed_by_service(more, centre.ring))["payload"]
    backup.with_suffix(".card").write_text(json.dumps({**true, "payload": payload}))

    assert untested == 0
    assert strange == backups.listed(settings, centre.ring) == []


async def test_one_that_failed_its_test_counts_no_more(
    centre: Centre, settings: Settings, private: BackupPrivate
) -> None:
    await centre.report(2)
    damaged = await back_up(settings)
    await centre.report(3)
    good = await back_up(settings)
    raw = bytearray(damaged.read_bytes())
    raw[5_000] ^= 1
    damaged.write_bytes(raw)
    await verify(settings, good, private)
    before = await floor(centre.database, settings, centre.ring)

    await verify(settings, damaged, private)

    assert (before, await floor(centre.database, settings, centre.ring)) == (2, 5)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE intake_item SET sealed = header WHERE pos = 2", "the item at 2"),
        ("UPDATE intake_item SET sha256 = sig WHERE pos = 2", "the item at 2"),
    ],
)
async def test_what_was_damaged_before_it_was_backed_up_is_found(
    centre: Centre, settings: Settings, private: BackupPrivate, damage: str, fault: str
) -> None:
    await centre.report(3)
    await centre.database.write(lambda db: db.execute(Sql(damage)))

    faults = await verify(settings, await back_up(settings), private)

    assert len(faults) == 1
    assert fault in faults[0]


async def test_only_who_holds_the_key_can_say_that_it_was_tested(
    centre: Centre, settings: Settings, private: BackupPrivate, tmp_path: Path
) -> None:
    await centre.report(2)
    backup = await back_up(settings)
    await verify(settings, backup, private)
    said = backup.with_suffix(".tested").read_bytes()
    await centre.report(2)
    other = await back_up(settings)
    backup.unlink()
    other.with_suffix(".tested").write_bytes(said)

    assert await floor(centre.database, settings, centre.ring) == 0


async def test_what_an_interrupted_backup_has_left_is_removed(
    centre: Centre, settings: Settings, private: BackupPrivate
) -> None:
    await centre.report()
    settings.backups.mkdir(mode=0o700)
    (settings.backups / ".waymark-20260102T030405Z-1f2e3d4c.part").write_bytes(b"half")
    (settings.data / ".backup-abc").mkdir()

    backup = await back_up(settings)

    assert {path.suffix for path in settings.backups.iterdir()} == {".backup", ".card", ""}
    assert not list(settings.data.glob(".backup-*"))
    assert await verify(settings, backup, private) == ()
