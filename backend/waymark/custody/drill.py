"""Open a backup, put it into a scratch place, and look whether everything is there: the same for a test and
for the real thing, which only then is put in place.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from waymark.audit import actions as audit
from waymark.audit import store as audit_store
from waymark.custody import archive, signing, store
from waymark.custody.archive import DATABASE, FILES, MANIFEST
from waymark.custody.backups import card_of, private_file, write_attestation
from waymark.custody.records import Attestation, Card, Manifest, Refused
from waymark.custody.rules import checkpoints
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, DatabaseFault, copies
from waymark.kernel.keys import KeyRing, load_keys
from waymark.kernel.settings import Settings

SCRATCH: Final = ".restoring-"


class Unpacked(Struct, frozen=True, kw_only=True):
    """A backup whose bytes are whole and ours. Whether they make a service is looked at next."""

    manifest: Manifest
    database: Path
    files: dict[str, str]
    """SHA-256 of each, by its id."""
    digest: str
    """SHA-256 of the backup itself."""


def verify(settings: Settings, backup: Path, private: BackupPrivate, *, now: datetime) -> Attestation:
    """Test-restore it, and write beside it what was found. Raises Refused for what is no backup of ours."""
    ring = load_keys(settings.keys)
    card = card_of(backup, ring)
    if card is None:
        raise Refused(f"{backup} has no card of this service beside it")
    with scratch_folder(settings.data) as folder:
        try:
            faults = _faults_of(settings, backup, private, ring, folder)
        except (Refused, DatabaseFault) as fault:
            faults = [str(fault)]
    said = Attestation(id=card.manifest.id, file_sha256=card.file_sha256, at=stamp(now), faults=tuple(faults))
    write_attestation(backup, signing.attested_by(said, private))
    return said


def unpack(backup: Path, private: BackupPrivate, ring: KeyRing, into: Path, *, keep_files: bool) -> Unpacked:
    """The database into `into`, and the files too if they are to stay. Raises Refused."""
    manifest: Manifest | None = None
    files: dict[str, str] = {}
    with backup.open("rb") as file:
        for member in archive.read(file, private=private.seal):
            if member.name == MANIFEST:
                manifest = signing.believed(b"".join(member.chunks), ring, Manifest)
            elif member.name == DATABASE:
                _keep(into / DATABASE, member.chunks)
            else:
                att_id = member.name.removeprefix(FILES)
                place = into / "files" / att_id[:2] / att_id if keep_files else None
                files[att_id] = _keep(place, member.chunks)
    if manifest is None or not (into / DATABASE).is_file():
        raise Refused("this backup is not whole: take another one")
    with backup.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Unpacked(manifest=manifest, database=into / DATABASE, files=files, digest=digest)


def described(unpacked: Unpacked, card: Card) -> bool:
    """Whether this is the very backup that the card is of."""
    return (unpacked.manifest, unpacked.digest) == (card.manifest, card.file_sha256)


def faults_in(url: str, unpacked: Unpacked) -> list[str]:
    """What is wrong with a database that was put back from a backup, as sentences."""
    found = copies.damage(url)
    if found:
        return found
    with copies.reading(url) as db:
        return list(_missing(db, unpacked))


def _faults_of(
    settings: Settings, backup: Path, private: BackupPrivate, ring: KeyRing, folder: Path
) -> list[str]:
    unpacked = unpack(backup, private, ring, folder, keep_files=False)
    card = card_of(backup, ring)
    if card is None or not described(unpacked, card):
        return ["the backup is not the one that its card describes"]
    if unpacked.manifest.engine != _engine(settings.database_url):
        return [f"it is of {unpacked.manifest.engine}: verify it where such a database is set"]
    with copies.scratch(settings.database_url, folder) as url:
        copies.put_back(url, unpacked.database)
        return faults_in(url, unpacked)


def _missing(db: Connection, unpacked: Unpacked) -> Iterator[str]:
    manifest, counts = unpacked.manifest, store.counts(db)
    for name in counts.__struct_fields__:
        if getattr(counts, name) != getattr(manifest, name):
            yield f"{name}: {getattr(counts, name)} instead of {getattr(manifest, name)}"
    for row in store.sealed(db):
        if not row.header and not row.sealed:
            continue  # erased: its place and its hash are all that is left
        if hashlib.sha256(row.header + row.sealed).digest() != row.sha256:
            yield f"the item at {row.pos} is not what was sent"
    whole = {row.att_id for row in store.files(db) if unpacked.files.get(row.att_id) == row.sha256.hex()}
    if checkpoints(store.history(db), whole=whole) != manifest.checkpoints:
        yield "the history is not the one that was backed up"
    if broken := audit.verify(db):
        yield f"the audit trail does not hold from {broken.pos} on"
    last = audit_store.last(db)
    if (last.hash.hex() if last else "") != manifest.audit_head:
        yield "the audit trail ends elsewhere"


def _keep(place: Path | None, chunks: Iterator[bytes]) -> str:
    """SHA-256 of what came, in hexadecimal."""
    running = hashlib.sha256()
    if place is None:
        for chunk in chunks:
            running.update(chunk)
        return running.hexdigest()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(place, "xb", opener=private_file) as out:
        for chunk in chunks:
            running.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return running.hexdigest()


def _engine(url: str) -> str:
    return "sqlite" if copies.sqlite_path(url) else "postgres"


@contextmanager
def scratch_folder(data: Path) -> Iterator[Path]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=data) as folder:
        yield Path(folder)
