"""The folder of backups: make one beside the running service, list them, let the old ones go.

    waymark-20260102T030405Z-1f2e3d4c.backup      sealed to the backup key
    waymark-20260102T030405Z-1f2e3d4c.card        what it holds, signed by the service
    waymark-20260102T030405Z-1f2e3d4c.tested      what a test-restore found, signed by the backup key

A backup that was being made when the machine stopped is a hidden `.part`, and the next one removes it.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from waymark.attachments.shelf import Shelf
from waymark.audit import store as audit
from waymark.custody import archive, signing, store
from waymark.custody.archive import DATABASE, FILES, MANIFEST, READ_BYTES, Member
from waymark.custody.records import Attestation, Backup, Card, Manifest, Policy, Refused, Tested
from waymark.custody.rules import allowed, checkpoints
from waymark.custody.store import FileRow
from waymark.kernel import lineage
from waymark.kernel.backup_keys import BackupPublic, load_public
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, copies
from waymark.kernel.ids import new_id
from waymark.kernel.keys import KeyRing, KeysRefused, load_keys, sync_folder, write_durably
from waymark.kernel.settings import Settings

BACKUP: Final = ".backup"
CARD: Final = ".card"
TESTED: Final = ".tested"
PART: Final = ".part"
SCRATCH: Final = ".backup-"
"""Begins the name of the folder for the database's copy: beside the data, where that is readable anyway."""


def policy_of(settings: Settings) -> Policy:
    return Policy(keep=settings.backup_keep, keep_days=settings.backup_keep_days)


def make(settings: Settings, *, now: datetime) -> Backup:
    """Returns once it is on the disk as a whole. Raises Refused, KeysRefused, DatabaseFault."""
    public, ring = load_public(settings.keys), load_keys(settings.keys)
    with _alone(settings.backups):
        _clear(settings)
        backup_id = new_id()
        name = f"waymark-{stamp(now)[:19].replace('-', '').replace(':', '')}Z-{backup_id[:8]}"
        part = settings.backups / f".{name}{PART}"
        making = _Making(settings, ring, backup_id=backup_id, now=now)
        with open(part, "xb", opener=private_file) as out:
            size, digest = archive.write(out, making.members(), backup_id=backup_id, public=public.seal)
            out.flush()
            os.fsync(out.fileno())
        card = Card(manifest=making.manifest, file_bytes=size, file_sha256=digest)
        # The card first: what may be restored is always counted.
        write_durably(settings.backups / f"{name}{CARD}", signing.signed_by_service(card, ring))
        part.rename(settings.backups / f"{name}{BACKUP}")
        sync_folder(settings.backups)
        rotate(settings, now=now)
    return Backup(name=name, card=card, tested="not yet")


def listed(settings: Settings, ring: KeyRing) -> list[Backup]:
    """Every backup in the folder, oldest first. A card that is not ours is as none."""
    if not settings.backups.is_dir():
        return []
    public = _public(settings.keys)
    found = []
    for path in sorted(settings.backups.glob(f"*{BACKUP}")):
        if card := card_of(path, ring):
            found.append(Backup(name=path.stem, card=card, tested=_tested(path, card, public)))
    return found


def card_of(path: Path, ring: KeyRing) -> Card | None:
    try:
        return signing.believed(signing.read_signed(path.with_suffix(CARD)), ring, Card)
    except Refused:
        return None


def rotate(settings: Settings, *, now: datetime) -> list[str]:
    """Let go of what policy does not keep. Returns the names."""
    every = listed(settings, load_keys(settings.keys))
    kept = {backup.name for backup in allowed(every, policy_of(settings), now=now)}
    gone = [backup.name for backup in every if backup.name not in kept]
    for name in gone:
        # The backup first: a card alone does no harm.
        for end in (BACKUP, TESTED, CARD):
            (settings.backups / f"{name}{end}").unlink(missing_ok=True)
    if gone:
        sync_folder(settings.backups)
    return gone


class _Making:
    """What goes into one backup, in order; afterwards `manifest` says what it was."""

    def __init__(self, settings: Settings, ring: KeyRing, *, backup_id: str, now: datetime) -> None:
        self._url, self._data = settings.database_url, settings.data
        self._shelf = Shelf(settings.data / "attachments")
        self._ring = ring
        self._id, self._now = backup_id, now
        self._taken: set[str] = set()
        self._whole: dict[str, int] = {}
        """Those whose bytes are what their reports name."""
        self.manifest: Manifest

    def members(self) -> Iterator[Member]:
        """Files, the database, then the files that had come meanwhile: it names none that is not there."""
        with copies.reading(self._url) as db:
            before = list(store.files(db))
        for row in before:
            yield from self._file(row)
        with (
            tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self._data) as scratch,
            copies.snapshot(self._url, Path(scratch)) as (db, path),
        ):
            yield archive.from_path(DATABASE, path)
            for row in store.files(db):
                if row.att_id not in self._taken:
                    yield from self._file(row)
            self.manifest = self._described(db, path)
        said = signing.signed_by_service(self.manifest, self._ring)
        yield Member(MANIFEST, len(said), iter([said]))

    def _file(self, row: FileRow) -> Iterator[Member]:
        try:
            content = self._shelf.read(row.att_id)
            first = next(content, b"")
        except FileNotFoundError:
            return
        self._taken.add(row.att_id)
        yield Member(f"{FILES}{row.att_id}", row.size, self._checked(row, first, content))

    def _checked(self, row: FileRow, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        """Exactly as long as announced. Only what has the right hash counts as held."""
        running, left, chunk = hashlib.sha256(), row.size, first
        while chunk and left:
            chunk = chunk[:left]
            running.update(chunk)
            left -= len(chunk)
            yield chunk
            chunk = next(rest, b"")
        while left:
            yield bytes(min(left, READ_BYTES))
            left -= min(left, READ_BYTES)
        if running.digest() == row.sha256:
            self._whole[row.att_id] = row.size

    def _described(self, db: Connection, path: Path) -> Manifest:
        current, counts, last = lineage.current(db), store.counts(db), audit.last(db)
        points = checkpoints(store.history(db), whole=self._whole)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Manifest(
            id=self._id,
            made_at=stamp(self._now),
            engine=db.engine,
            incarnation=current.incarnation,
            pos=points[-1].pos if points else 0,
            checkpoints=points,
            items=counts.items,
            conflicts=counts.conflicts,
            opened=counts.opened,
            report_keys=counts.report_keys,
            audit_entries=counts.audit_entries,
            audit_head=last.hash.hex() if last else "",
            files=len(self._whole),
            file_bytes=sum(self._whole.values()),
            database_bytes=path.stat().st_size,
            database_sha256=digest,
        )


def write_attestation(path: Path, said: bytes) -> None:
    """In place of an earlier one."""
    draft = path.with_name(f".{path.stem}{TESTED}{PART}")
    draft.unlink(missing_ok=True)
    write_durably(draft, said)
    draft.rename(path.with_suffix(TESTED))
    sync_folder(path.parent)


def _tested(path: Path, card: Card, public: BackupPublic | None) -> Tested:
    try:
        if public is None:
            return "not yet"
        said: Attestation = signing.attested(signing.read_signed(path.with_suffix(TESTED)), public)
    except Refused:
        return "not yet"
    if (said.id, said.file_sha256) != (card.manifest.id, card.file_sha256):
        return "not yet"
    return "failed" if said.faults else "good"


def _public(keys: Path) -> BackupPublic | None:
    try:
        return load_public(keys)
    except KeysRefused:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / ".lock", "ab", opener=private_file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("another backup is being made; wait until it has ended") from None
        yield


def _clear(settings: Settings) -> None:
    """What a backup that was interrupted has left: nobody else is making one."""
    for part in settings.backups.glob(f".*{PART}"):
        part.unlink()
    for folder in settings.data.glob(f"{SCRATCH}*"):
        shutil.rmtree(folder)


def private_file(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
