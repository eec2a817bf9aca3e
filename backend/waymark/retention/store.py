"""The SQL of retention: who asked for what to be erased, and all that it concerns."""

from msgspec.structs import asdict

from waymark.intake.erasing.store import Tombstone
from waymark.kernel.db import Connection, Sql
from waymark.retention.records import Request

REQUEST = Sql("""
    SELECT report_id, version, asked_by, asked_at, ground
    FROM erasure_request
    WHERE report_id = :report_id
""")
ASK = Sql("""
    INSERT INTO erasure_request (report_id, version, asked_by, asked_at, ground)
    VALUES (:report_id, :version, :asked_by, :asked_at, :ground)
    ON CONFLICT (report_id) DO UPDATE
    SET version = excluded.version, asked_by = excluded.asked_by, asked_at = excluded.asked_at,
        ground = excluded.ground
""")
DROP_REQUEST = Sql("DELETE FROM erasure_request WHERE report_id = :report_id")
# The report, what was added to it, what is kept beside either as a conflict, and their files.
TOMBSTONES = Sql("""
    SELECT item_id AS id, sha256, 'item' AS kind FROM intake_item WHERE item_id = :report_id
    UNION
    SELECT item_id AS id, sha256, 'item' AS kind FROM intake_item
    WHERE item_id IN (SELECT id FROM opened_message WHERE report_id = :report_id)
    UNION
    SELECT item_id AS id, sha256, 'item' AS kind FROM intake_conflict WHERE item_id = :report_id
    UNION
    SELECT item_id AS id, sha256, 'item' AS kind FROM intake_conflict
    WHERE item_id IN (SELECT id FROM opened_message WHERE report_id = :report_id)
    UNION
    SELECT att_id AS id, sha256, 'file' AS kind FROM attachment WHERE item_id = :report_id
    ORDER BY id, sha256
""")
# A feed that carries this report alone. A tablet's carries many, and is read by nobody but that tablet.
OWN_FEEDS = Sql("""
    SELECT f.feed_id
    FROM mailbox_feed AS f
    JOIN opened_report AS r ON r.feed_id = f.feed_id
    WHERE r.id = :report_id AND f.kind = 'visitor'
      AND NOT EXISTS (SELECT 1 FROM opened_report AS o WHERE o.feed_id = f.feed_id AND o.id <> r.id)
    UNION
    SELECT f.feed_id
    FROM mailbox_feed AS f
    JOIN return_way AS w ON w.feed_id = f.feed_id
    WHERE w.item_id = :report_id AND f.kind = 'return'
""")


def request(db: Connection, report_id: str) -> Request | None:
    return db.one(REQUEST, Request, report_id=report_id)


def ask(db: Connection, asked: Request) -> None:
    db.execute(ASK, **asdict(asked))


def drop_request(db: Connection, report_id: str) -> None:
    db.execute(DROP_REQUEST, report_id=report_id)


def tombstones(db: Connection, report_id: str) -> list[Tombstone]:
    return db.many(TOMBSTONES, Tombstone, report_id=report_id)


def own_feeds(db: Connection, report_id: str) -> list[str]:
    return db.many(OWN_FEEDS, str, report_id=report_id)
