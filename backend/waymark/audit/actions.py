"""Add to the audit trail, in the transaction of what is audited; sign what it is; check that it holds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from waymark.audit import store
from waymark.audit.records import (
    GENESIS,
    Actor,
    Break,
    Checkpoint,
    Entry,
    Examined,
    KeptCheckpoint,
    Look,
    Subject,
)
from waymark.audit.rules import Examiner, checkpoint_due, detail_text, entry_hash, first_break
from waymark.kernel import lineage, signed
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing

PAGE: Final = 1_000  # entries held in memory while the chain is checked
LOOKS_MAX: Final = 500  # of one report: what is older than these is in the trail alone
LABEL: Final = b"waymark-audit/1/"

Detail = Mapping[str, str | int | bool | list[str]]


def append(
    db: Connection,
    *,
    actor: Actor,
    action: str,
    subject: Subject,
    detail: Detail | None = None,
    now: datetime,
) -> Entry:
    """Add one entry. Undone with the caller's transaction, so nothing is done unaudited or audited undone."""
    db.serialise("audit")
    before = store.last(db)
    entry = Entry(
        pos=before.pos + 1 if before else 1,
        at=stamp(now),
        actor_id=actor.id,
        actor_role=actor.role,
        action=action,
        subject_kind=subject.kind,
        subject_id=subject.id,
        detail=detail_text(detail or {}),
        prev_hash=before.hash if before else GENESIS,
        hash=b"",
    )
    entry = replace(entry, hash=entry_hash(entry))
    store.add(db, entry)
    return entry


def verify(db: Connection) -> Break | None:
    """Walk the whole chain. None: it holds."""
    pos, head = 0, GENESIS
    while page := store.after(db, pos, limit=PAGE):
        found = first_break(page, after=pos, head=head)
        if found:
            return found
        pos, head = page[-1].pos, page[-1].hash
    return None


def examine(db: Connection, told: Iterable[Checkpoint]) -> Examined:
    """Walk the whole chain beside checkpoints whose signatures hold."""
    examiner, pos = Examiner(told), 0
    while page := store.after(db, pos, limit=PAGE):
        examiner.take(page)
        pos = page[-1].pos
    return examiner.examined()


def checkpoint(
    db: Connection, ring: KeyRing, *, now: datetime, due_only: bool = False
) -> KeptCheckpoint | None:
    """Sign what the trail is now. None: nothing was added since the last one; too little, for `due_only`."""
    db.serialise("audit")
    head, last = store.last(db), store.last_checkpoint(db)
    if head is None or (last is not None and last.pos == head.pos):
        return None
    if due_only and not checkpoint_due(last, head, now=now):
        return None
    told = Checkpoint(
        incarnation=lineage.current(db).incarnation, pos=head.pos, hash=head.hash.hex(), at=stamp(now)
    )
    kept = KeptCheckpoint(pos=told.pos, made_at=told.at, signed=signed.by_service(LABEL, told, ring))
    store.add_checkpoint(db, kept)
    return kept


def last_checkpoint(db: Connection) -> KeptCheckpoint | None:
    return store.last_checkpoint(db)


def due(db: Connection, *, now: datetime) -> bool:
    return checkpoint_due(store.last_checkpoint(db), store.last(db), now=now)


def believed(raw: bytes, ring: KeyRing) -> Checkpoint:
    """Raises NotSigned."""
    return signed.of_service(LABEL, raw, ring, Checkpoint)


def checkpoints(db: Connection) -> Iterable[KeptCheckpoint]:
    """All of them, oldest first, a page at a time."""
    pos = 0
    while page := store.checkpoints_after(db, pos, limit=PAGE):
        yield from page
        pos = page[-1].pos


def about(db: Connection, *, kind: str, id: str) -> list[Entry]:
    """All that was done to one thing, oldest first."""
    return store.about(db, kind=kind, id=id)


def looks(db: Connection, report_id: str) -> list[Look]:
    """Who has opened a report, the latest first."""
    return store.looks(db, report_id, limit=LOOKS_MAX)
