"""Verbs of custody, each one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from waymark.audit import actions as audit_trail
from waymark.audit import store as audit
from waymark.audit.records import Actor, Subject
from waymark.custody import store
from waymark.custody.records import Backup, Explained, Gap, Looked, Mark
from waymark.custody.rules import explained, floor_of, gaps, holes, known_at
from waymark.custody.standing import Standing
from waymark.identity import actions as identity
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
        revoked=identity.revoked_among(db, [asked.device_id]).get(asked.device_id),
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
    for mark in store.ends(db, centre_id):
        marks[mark.device_id].append(mark)
    come: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for run in store.runs(db, centre_id):
        come[run.device_id][run.epoch].append((run.first_seq, run.last_seq))
    told: dict[str, list[Explained]] = defaultdict(list)
    for one in store.explained(db, centre_id):
        told[one.device_id].append(one)
    return {
        device_id: explained(
            gaps(
                _with_those_around(db, device_id, said, come[device_id]),
                come[device_id],
                {epoch: count for (owner, epoch), count in queued.items() if owner == device_id},
                now=now,
            ),
            told[device_id],
        )
        for device_id, said in marks.items()
    }


def _with_those_around(
    db: Connection, device_id: str, ends: Sequence[Mark], come: Mapping[str, Sequence[tuple[int, int]]]
) -> list[Mark]:
    """Of all that a device has said only what a hole is dated with."""
    found = list(ends)
    for epoch in {mark.epoch for mark in ends}:
        upto = max(mark.max_seq for mark in ends if mark.epoch == epoch)
        for first, last in holes(come.get(epoch, ()), upto=upto):
            found += store.marks_around(db, device_id, epoch, first=first, last=last)
    return found


def explain_gap(db: Connection, centre_id: str, found: Explained, *, actor: Actor) -> bool:
    """False: there is no such tablet at this centre, or it has not come so far.

    What has yet to be made cannot be explained: what is lost of it later would pass for known.
    """
    device = identity.device(db, found.device_id)
    if device is None or device.centre_id != centre_id:
        return False
    if not store.has_reached(db, found.device_id, found.epoch, seq=found.last_seq):
        return False
    store.explain(db, found)
    detail = {"why": found.why, "first": found.first_seq, "last": found.last_seq}
    subject = Subject(kind="device", id=found.device_id)
    audit_trail.append(
        db,
        actor=actor,
        action="device.gap_explained",
        subject=subject,
        detail=detail,
        now=datetime.fromisoformat(found.at),
    )
    return True


def backup_floor(db: Connection, backups: Sequence[Backup]) -> int:
    """Up to which position every backup that may be restored holds what stands here."""
    positions = {point.pos for backup in backups for point in backup.manifest.checkpoints}
    return floor_of(backups, known_at(store.history(db), positions)) if positions else 0


def move_floor(db: Connection, incarnation: str, floor: int) -> None:
    """Not for a lineage that has ended meanwhile."""
    current = lineage.current(db)
    if current.incarnation == incarnation:
        lineage.move_floor(db, current, floor)
