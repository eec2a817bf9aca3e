"""Add to the audit trail, in the transaction of what is audited; check that it holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from waymark.audit import store
from waymark.audit.records import GENESIS, Actor, Break, Entry, Subject
from waymark.audit.rules import detail_text, entry_hash, first_break
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection

PAGE: Final = 1_000  # entries held in memory while the chain is checked

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
