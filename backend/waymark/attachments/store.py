"""The only SQL of attachments."""

from datetime import datetime
from typing import Any

from waymark.attachments.records import (
    Announced,
    Held,
    Original,
    Picture,
    Reason,
    Standing,
    Undeveloped,
    Untold,
)
from waymark.kernel.db import Connection, Sql

ANNOUNCED = Sql("""
    SELECT pos, lane, header FROM intake_item WHERE item_id = :item_id
    UNION ALL
    SELECT pos, lane, header FROM intake_conflict WHERE item_id = :item_id
    ORDER BY pos
""")
HEADER_OF = Sql("""
    SELECT i.pos, i.lane, i.header
    FROM opened_report AS r
    JOIN intake_item AS i ON i.pos = r.pos
    WHERE r.id = :report_id
""")
# Complete, it has a position of its own.
HELD = Sql("""
    SELECT a.att_id, a.item_id, COALESCE(f.pos, a.pos) AS pos, a.lane, a.size, a.sha256, a.received, a.state,
           a.reason, a.expired_at
    FROM attachment AS a
    LEFT JOIN intake_file AS f ON f.att_id = a.att_id AND f.gone_at IS NULL
    WHERE a.att_id = :att_id
""")
ADD = Sql("""
    INSERT INTO attachment (att_id, item_id, pos, lane, size, sha256, changed_at)
    VALUES (:att_id, :item_id, :pos, :lane, :size, :sha256, :now)
    ON CONFLICT (att_id) DO NOTHING
""")
ADVANCE = Sql("""
    UPDATE attachment
    SET received = :to_offset, changed_at = :now, expired_at = NULL
    WHERE att_id = :att_id AND received = :from_offset AND state = 'waiting'
""")
COMPLETE = Sql("""
    UPDATE attachment
    SET received = size, state = 'complete', changed_at = :now, completed_at = :now, tries = 0,
        expired_at = NULL
    WHERE att_id = :att_id AND received = :from_offset AND state = 'waiting'
""")
# Also of what was complete: a restored database may know of files that are gone.
SET_BACK = Sql("""
    UPDATE attachment
    SET received = :to_offset, state = 'waiting', reason = NULL, completed_at = NULL, changed_at = :now
    WHERE att_id = :att_id
""")
EXPIRE = Sql("""
    UPDATE attachment
    SET received = 0, changed_at = :now, expired_at = :now
    WHERE att_id = :att_id AND received = :received AND state = 'waiting'
""")
UNFINISHED_OF_ITEM = Sql("""
    SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) AS bytes
    FROM attachment
    WHERE item_id = :item_id AND att_id <> :att_id AND state = 'waiting'
""")
UNFINISHED_BYTES = Sql("""
    SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) AS bytes
    FROM attachment
    WHERE state = 'waiting' AND lane = :lane
""")
GIVEN_UP = Sql("""
    SELECT att_id, item_id, pos, lane, size, sha256, received, state, reason, expired_at
    FROM attachment
    WHERE state = 'waiting' AND lane = :lane AND changed_at < :before AND received > 0
    ORDER BY changed_at
    LIMIT :limit
""")
UNTOLD = Sql("""
    SELECT a.att_id, a.item_id, f.pos, a.size, a.sha256, r.feed_id
    FROM attachment AS a
    JOIN intake_file AS f ON f.att_id = a.att_id AND f.gone_at IS NULL
    JOIN opened_report AS r ON r.pos = a.pos
    WHERE a.state <> 'waiting' AND NOT a.told
    ORDER BY a.completed_at
    LIMIT :limit
""")
TELL = Sql("UPDATE attachment SET told = TRUE WHERE att_id = :att_id AND NOT told")
UNDEVELOPED = Sql("""
    SELECT a.att_id, r.id AS report_id, a.tries, r.schema_v, r.body, k.holder, k.wrapped
    FROM attachment AS a
    JOIN opened_report AS r ON r.pos = a.pos
    JOIN report_key AS k ON k.report_id = r.id AND k.holder = 'centre:' || r.centre_id
    WHERE a.state = 'complete'
    ORDER BY a.tries, a.lane, a.changed_at
    LIMIT 1
""")
TRY = Sql("""
    UPDATE attachment
    SET tries = tries + :more, changed_at = :now
    WHERE att_id = :att_id AND state = 'complete'
""")
SETTLE = Sql("""
    UPDATE attachment
    SET state = :state, reason = :reason, kind = :kind, changed_at = :now
    WHERE att_id = :att_id AND state = 'complete'
""")
KEEP_PICTURE = Sql("""
    INSERT INTO attachment_picture (att_id, report_id, media_type, size, body)
    VALUES (:att_id, :report_id, :media_type, :size, :body)
    ON CONFLICT (att_id) DO UPDATE
    SET media_type = excluded.media_type, size = excluded.size, body = excluded.body
""")
STANDINGS = Sql("""
    SELECT a.att_id, a.state, a.reason, a.received, p.media_type, p.size AS picture_size, a.kind
    FROM attachment AS a
    LEFT JOIN attachment_picture AS p ON p.att_id = a.att_id
    WHERE a.item_id = :report_id
""")
PICTURE = Sql("""
    SELECT p.att_id, p.report_id, p.media_type, p.size, p.body
    FROM attachment_picture AS p
    JOIN attachment AS a ON a.att_id = p.att_id
    WHERE p.att_id = :att_id AND p.report_id = :report_id AND a.state = 'shown'
""")

ORIGINAL = Sql("""
    SELECT a.att_id, r.id AS report_id, a.tries, r.schema_v, r.body, k.holder, k.wrapped, a.kind, a.size
    FROM attachment AS a
    JOIN opened_report AS r ON r.pos = a.pos
    JOIN report_key AS k ON k.report_id = r.id AND k.holder = :holder
    WHERE a.att_id = :att_id AND r.id = :report_id AND a.kind IS NOT NULL AND a.state IN ('shown', 'unshown')
""")
ERASE = (
    Sql("DELETE FROM attachment_picture WHERE report_id = :report_id"),
    Sql("DELETE FROM attachment WHERE item_id = :report_id"),
)


def announced(db: Connection, item_id: str) -> list[Announced]:
    """The stored item first, then what is kept beside it as conflicts."""
    return db.many(ANNOUNCED, Announced, item_id=item_id)


def header_of(db: Connection, report_id: str) -> Announced | None:
    return db.one(HEADER_OF, Announced, report_id=report_id)


def held(db: Connection, att_id: str) -> Held | None:
    return db.one(HELD, Held, att_id=att_id)


def add(db: Connection, new: Held, *, now: datetime) -> None:
    """Does nothing when it is there."""
    db.execute(
        ADD,
        att_id=new.att_id,
        item_id=new.item_id,
        pos=new.pos,
        lane=new.lane,
        size=new.size,
        sha256=new.sha256,
        now=now,
    )


def advance(db: Connection, known: Held, to_offset: int, *, now: datetime) -> bool:
    """False: somebody else has moved it meanwhile."""
    found = {"att_id": known.att_id, "from_offset": known.received, "now": now}
    if to_offset == known.size:
        return db.execute(COMPLETE, **found) == 1
    return db.execute(ADVANCE, to_offset=to_offset, **found) == 1


def set_back(db: Connection, att_id: str, to_offset: int, *, now: datetime) -> None:
    db.execute(SET_BACK, att_id=att_id, to_offset=to_offset, now=now)


def expire(db: Connection, known: Held, *, now: datetime) -> None:
    """Does nothing when it has gone on meanwhile."""
    db.execute(EXPIRE, att_id=known.att_id, received=known.received, now=now)


def unfinished_of_others(db: Connection, known: Held) -> int:
    """Bytes of its report's other files that have not come in full."""
    return db.one(UNFINISHED_OF_ITEM, int, item_id=known.item_id, att_id=known.att_id) or 0


def unfinished_bytes(db: Connection, lane: str) -> int:
    return db.one(UNFINISHED_BYTES, int, lane=lane) or 0


def given_up(db: Connection, lane: str, *, before: datetime, limit: int) -> list[Held]:
    return db.many(GIVEN_UP, Held, lane=lane, before=before, limit=limit)


def untold(db: Connection, *, limit: int) -> list[Untold]:
    return db.many(UNTOLD, Untold, limit=limit)


def tell(db: Connection, att_id: str) -> bool:
    """False: somebody else has told it meanwhile."""
    return db.execute(TELL, att_id=att_id) == 1


def undeveloped(db: Connection) -> Undeveloped | None:
    """Tried least, so that one that cannot be made holds up no other; of those, centres' before visitors'.

    Anybody can send a thousand files that take ten seconds each. A tablet is known.
    """
    return db.one(UNDEVELOPED, Undeveloped)


def note_try(db: Connection, att_id: str, *, more: int, now: datetime) -> None:
    """It goes to the end of the line, too."""
    db.execute(TRY, att_id=att_id, more=more, now=now)


def settle(
    db: Connection, att_id: str, *, state: str, reason: Reason | None, kind: str | None, now: datetime
) -> bool:
    """False: somebody else has settled it meanwhile."""
    return db.execute(SETTLE, att_id=att_id, state=state, reason=reason, kind=kind, now=now) == 1


def keep_picture(db: Connection, picture: Picture) -> None:
    values: dict[str, Any] = {name: getattr(picture, name) for name in picture.__struct_fields__}
    db.execute(KEEP_PICTURE, **values)


def standings(db: Connection, report_id: str) -> list[Standing]:
    return db.many(STANDINGS, Standing, report_id=report_id)


def picture(db: Connection, report_id: str, att_id: str) -> Picture | None:
    return db.one(PICTURE, Picture, report_id=report_id, att_id=att_id)


def original(db: Connection, report_id: str, att_id: str, *, holder: str) -> Original | None:
    """holder: whose keys of the report whoever asks reads with."""
    return db.one(ORIGINAL, Original, report_id=report_id, att_id=att_id, holder=holder)


def erase(db: Connection, report_id: str) -> None:
    """Pictures, and what is known of the files. Their bytes lie elsewhere."""
    for statement in ERASE:
        db.execute(statement, report_id=report_id)
