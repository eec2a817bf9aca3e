"""Verbs of custody, each one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from waymark.audit import store as audit
from waymark.custody import store
from waymark.custody.records import Backup, Gap, Looked, Mark
from waymark.custody.rules import floor_of, gaps, known_at
from waymark.custody.standing import Standing
from waymark.kernel import lineage
from waymark.kernel.db import Connection
from waymark_sync.intake_rules import missing
from waymark_sync.protocol import ManifestRequest


def look_for(db: Connection, asked: ManifestRequest, length: Callable[[str], int]) -> Looked:
    """Floor and items in one view, so that what is held now is what the floor speaks of.

    length: bytes of a file on the disk, 0 where there is none. A database that was restored may know of files
    that are gone, and those are missing.
    """
    current = lineage.current(db)
    found = store.held(db, [one.id for one in asked.retained])
    held = [one.known for one in found if not one.size or length(one.item_id) >= one.size]
    return Looked(
        incarnation=current.incarnation,
        restore_floor=current.restore_floor,
        missing=missing(asked.retained, held),
    )


def standing(db: Connection) -> Standing | None:
    """How far this database has come. None: it has never served."""
    current = lineage.begun(db)
    if current is None:
        return None
    placed, entry = store.placed(db, store.last_pos(db)), audit.last(db)
    return Standing(
        incarnation=current.incarnation,
        pos=placed.pos if placed else 0,
        sha256=placed.sha256.hex() if placed else "",
        audit_pos=entry.pos if entry else 0,
        audit_hash=entry.hash.hex() if entry else "",
    )


def fallen_behind(db: Connection, before: Standing) -> str | None:
    """Why this database cannot be the one of which `before` was kept: it is an older copy, or another's."""
    if before.superseded:
        return "superseded"
    placed = store.placed(db, before.pos)
    if before.pos and (placed is None or placed.sha256.hex() != before.sha256):
        return "items_missing"
    entries = audit.after(db, before.audit_pos - 1, limit=1) if before.audit_pos else []
    if before.audit_pos and (not entries or entries[0].hash.hex() != before.audit_hash):
        return "audit_entries_missing"
    return None


def gaps_of_centre(
    db: Connection, centre_id: str, queued: Mapping[tuple[str, str], int], *, now: datetime
) -> dict[str, tuple[Gap, ...]]:
    """By device. queued: what each said last that it still holds, by device and epoch."""
    marks: dict[str, list[Mark]] = defaultdict(list)
    for mark in store.marks(db, centre_id):
        marks[mark.device_id].append(mark)
    reached: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in store.reached(db, centre_id):
        reached[one.device_id][one.epoch].append(one.seq)
    return {
        device_id: gaps(
            said,
            reached[device_id],
            {epoch: count for (owner, epoch), count in queued.items() if owner == device_id},
            now=now,
        )
        for device_id, said in marks.items()
    }


def backup_floor(db: Connection, backups: Sequence[Backup]) -> int:
    """Up to which position every backup that may be restored holds what stands here."""
    positions = {point.pos for backup in backups for point in backup.manifest.checkpoints}
    return floor_of(backups, known_at(store.history(db), positions)) if positions else 0


def move_floor(db: Connection, incarnation: str, floor: int) -> None:
    """Not for a lineage that has ended meanwhile."""
    current = lineage.current(db)
    if current.incarnation == incarnation:
        lineage.move_floor(db, current, floor)
