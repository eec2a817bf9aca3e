"""The only SQL of the audit trail: add and read, nothing else."""

from waymark.audit.records import Entry
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
