"""The only SQL of the audit trail: add and read, nothing else."""

from waymark.audit.records import Entry, KeptCheckpoint, Look
from waymark.kernel.db import Connection, Sql

LAST_ENTRY = Sql("""
    SELECT pos, at, actor_id, actor_role, action, subject_kind, subject_id, detail, prev_hash, hash
    FROM audit_entry
    ORDER BY pos DESC
    LIMIT 1
""")
ADD_ENTRY = Sql("""
    INSERT INTO audit_entry
      (pos, at, actor_id, actor_role, action, subject_kind, subject_id, detail, prev_hash, hash)
    VALUES
      (:pos, :at, :actor_id, :actor_role, :action, :subject_kind, :subject_id, :detail, :prev_hash, :hash)
""")
ENTRIES_AFTER = Sql("""
    SELECT pos, at, actor_id, actor_role, action, subject_kind, subject_id, detail, prev_hash, hash
    FROM audit_entry
    WHERE pos > :after
    ORDER BY pos
    LIMIT :limit
""")
ENTRIES_ABOUT = Sql("""
    SELECT pos, at, actor_id, actor_role, action, subject_kind, subject_id, detail, prev_hash, hash
    FROM audit_entry
    WHERE subject_kind = :kind AND subject_id = :id
    ORDER BY pos
""")
LOOKS = Sql("""
    SELECT actor_id, actor_role AS role, at
    FROM audit_entry
    WHERE subject_kind = 'report' AND subject_id = :report_id
      AND action IN ('report.viewed', 'picture.viewed', 'original.taken', 'report.unmasked')
    ORDER BY pos DESC
    LIMIT :limit
""")
LAST_CHECKPOINT = Sql("""
    SELECT pos, made_at, signed
    FROM audit_checkpoint
    ORDER BY pos DESC
    LIMIT 1
""")
ADD_CHECKPOINT = Sql("""
    INSERT INTO audit_checkpoint (pos, made_at, signed)
    VALUES (:pos, :made_at, :signed)
""")
CHECKPOINTS_AFTER = Sql("""
    SELECT pos, made_at, signed
    FROM audit_checkpoint
    WHERE pos > :after
    ORDER BY pos
    LIMIT :limit
""")


def last(db: Connection) -> Entry | None:
    return db.one(LAST_ENTRY, Entry)


def add(db: Connection, entry: Entry) -> None:
    db.execute(
        ADD_ENTRY,
        pos=entry.pos,
        at=entry.at,
        actor_id=entry.actor_id,
        actor_role=entry.actor_role,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        detail=entry.detail,
        prev_hash=entry.prev_hash,
        hash=entry.hash,
    )


def after(db: Connection, pos: int, *, limit: int) -> list[Entry]:
    return db.many(ENTRIES_AFTER, Entry, after=pos, limit=limit)


def about(db: Connection, *, kind: str, id: str) -> list[Entry]:
    return db.many(ENTRIES_ABOUT, Entry, kind=kind, id=id)


def looks(db: Connection, report_id: str, *, limit: int) -> list[Look]:
    """The latest first."""
    return db.many(LOOKS, Look, report_id=report_id, limit=limit)


def last_checkpoint(db: Connection) -> KeptCheckpoint | None:
    return db.one(LAST_CHECKPOINT, KeptCheckpoint)


def add_checkpoint(db: Connection, kept: KeptCheckpoint) -> None:
    db.execute(ADD_CHECKPOINT, pos=kept.pos, made_at=kept.made_at, signed=kept.signed)


def checkpoints_after(db: Connection, pos: int, *, limit: int) -> list[KeptCheckpoint]:
    return db.many(CHECKPOINTS_AFTER, KeptCheckpoint, after=pos, limit=limit)
