"""The SQL that empties what has come, and knows it when it comes again: ids, hashes and positions stay."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import asdict

from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Sql

LOOKUP: Final = 64
ERASED = Sql(
    """
    SELECT id, sha256
    FROM intake_erased
    WHERE id IN (LISTED)
    """.replace("LISTED", ", ".join(f":id_{n}" for n in range(LOOKUP)))
)
KNOWN = Sql("SELECT COUNT(*) AS count FROM intake_erased WHERE id = :id AND sha256 = :sha256")
BURY = Sql("""
    INSERT INTO intake_erased (id, sha256, kind, report_id, erased_at, ground)
    VALUES (:id, :sha256, :kind, :report_id, :erased_at, :ground)
    ON CONFLICT (id, sha256) DO UPDATE SET swept_at = NULL
""")
# The position and the hash stay, so that history, backups and the log still agree. A visitor's device is
# known by its key alone, so it is no longer said which one it was.
EMPTY_ITEM = Sql("""
    UPDATE intake_item
    SET header = :nothing, sealed = :nothing, sig = :nothing, state = 'opened', reason = NULL,
        device_id = CASE WHEN lane = 'visitor' THEN item_id ELSE device_id END
    WHERE item_id = :id AND sha256 = :sha256
""")
EMPTY_CONFLICT = Sql("""
    UPDATE intake_conflict
    SET header = :nothing, sealed = :nothing, sig = :nothing,
        device_id = CASE WHEN lane = 'visitor' THEN item_id ELSE device_id END
    WHERE item_id = :id AND sha256 = :sha256
""")
STANDS = Sql("SELECT COUNT(*) AS count FROM intake_item WHERE item_id = :id")
# For a copy that is older than what was erased: it shall not come in as new.
STAND_IN = Sql("""
    INSERT INTO intake_item
      (pos, item_id, device_id, epoch, seq, sha256, header, sealed, sig, received_at, lane, state)
    VALUES (:pos, :id, :id, '', 0, :sha256, :nothing, :nothing, :nothing, :erased_at, 'visitor', 'opened')
""")
FILES_GONE = Sql("""
    UPDATE intake_file SET gone_at = :now
    WHERE gone_at IS NULL AND item_id = :report_id
""")
# Keys first; then what they opened.
DESTROY: Final = (
    Sql("DELETE FROM report_key WHERE report_id = :report_id"),
    Sql("DELETE FROM report_index WHERE report_id = :report_id"),
    Sql("DELETE FROM report_index_due WHERE report_id = :report_id"),
    Sql("DELETE FROM opened_message WHERE report_id = :report_id"),
    Sql("DELETE FROM opened_report WHERE id = :report_id"),
)
UNSWEPT = Sql("""
    SELECT id, sha256, kind
    FROM intake_erased
    WHERE swept_at IS NULL
    ORDER BY erased_at, id
    LIMIT :limit
""")
SWEPT = Sql("""
    UPDATE intake_erased SET swept_at = :now
    WHERE id = :id AND sha256 = :sha256 AND swept_at IS NULL
""")


class Tombstone(Struct, frozen=True, kw_only=True):
    """What is kept of one thing that had come."""

    id: str
    sha256: bytes
    kind: Literal["item", "file"]


class ErasedId(Struct, frozen=True, kw_only=True):
    id: str
    sha256: bytes


def erased_among(db: Connection, item_ids: Iterable[str]) -> set[tuple[str, bytes]]:
    """Of these, by id and hash, what a person had erased."""
    ids, found = list(item_ids), set[tuple[str, bytes]]()
    for start in range(0, len(ids), LOOKUP):
        some = _padded(ids[start : start + LOOKUP])
        found |= {(one.id, one.sha256) for one in db.many(ERASED, ErasedId, **some)}
    return found


def buried(db: Connection, tombs: Iterable[Tombstone]) -> bool:
    """Is all of it known to be erased here?"""
    return all(db.one(KNOWN, int, id=one.id, sha256=one.sha256) for one in tombs)


def bury(
    db: Connection, tombs: Iterable[Tombstone], *, report_id: str, at: str, ground: str, next_pos: int
) -> None:
    """Put id and hash in the place of what had come. next_pos: for what never came here."""
    for one in tombs:
        db.execute(BURY, report_id=report_id, erased_at=at, ground=ground, **asdict(one))
        if one.kind == "file":
            continue
        place = {"id": one.id, "sha256": one.sha256, "nothing": b""}
        db.execute(EMPTY_ITEM, **place)
        db.execute(EMPTY_CONFLICT, **place)
        if not db.one(STANDS, int, id=one.id):
            db.execute(STAND_IN, pos=next_pos, erased_at=at, **place)
            next_pos += 1


def destroy(db: Connection, report_id: str, *, now: datetime) -> None:
    """What was opened of it. Whatever refers to that has gone before."""
    db.execute(FILES_GONE, report_id=report_id, now=stamp(now))
    for statement in DESTROY:
        db.execute(statement, report_id=report_id)


def unswept(db: Connection, *, limit: int) -> list[Tombstone]:
    return db.many(UNSWEPT, Tombstone, limit=limit)


def swept(db: Connection, tombs: Iterable[Tombstone], *, now: datetime) -> None:
    for one in tombs:
        db.execute(SWEPT, id=one.id, sha256=one.sha256, now=now)


def _padded(ids: Sequence[str]) -> dict[str, str]:
    return {f"id_{n}": ids[n] if n < len(ids) else ids[0] for n in range(LOOKUP)}
