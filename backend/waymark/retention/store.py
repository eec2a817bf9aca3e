"""The SQL of retention: who asked for what to be erased, and all that it concerns."""

from datetime import datetime

from msgspec.structs import asdict

from waymark.intake.erasing.store import Tombstone
from waymark.kernel.db import Connection, Sql
from waymark.retention.records import Case, Closed, Request, Review

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


ADD_HOLD = Sql("""
    INSERT INTO legal_hold (id, report_id, side, reason, placed_by, placed_at)
    VALUES (:id, :report_id, :side, :reason, :placed_by, :now)
""")
LIFT_HOLD = Sql("""
    UPDATE legal_hold
    SET lifted_by = :lifted_by, lifted_at = :now
    WHERE report_id = :report_id AND side = :side AND lifted_at IS NULL
""")
# Of what is closed and has no row. What was closed twice counts from the last time.
NEWLY_CLOSED = Sql("""
    SELECT t.report_id, t.centre_id, t.sharing_choice,
           COALESCE((
             SELECT MAX(e.at) FROM triage_event AS e WHERE e.report_id = t.report_id AND e.action = 'closed'
           ), t.received_at) AS closed_at
    FROM triage_report AS t
    LEFT JOIN retention_case AS c ON c.report_id = t.report_id
    WHERE t.queue = 'closed' AND c.report_id IS NULL
    ORDER BY t.report_id
    LIMIT :limit
""")
OPEN_AGAIN = Sql("""
    DELETE FROM retention_case
    WHERE report_id IN (
      SELECT c.report_id
      FROM retention_case AS c
      JOIN triage_report AS t ON t.report_id = c.report_id
      WHERE t.queue <> 'closed'
    )
""")
ADD_CASE = Sql("""
    INSERT INTO retention_case (report_id, centre_id, closed_at, review_at)
    VALUES (:report_id, :centre_id, :closed_at, :review_at)
    ON CONFLICT (report_id) DO NOTHING
""")
KEEP = Sql("""
    UPDATE retention_case
    SET review_at = :review_at, kept_for = :kept_for, kept_by = :kept_by, kept_at = :now
    WHERE report_id = :report_id
""")
REVIEWS = Sql("""
    SELECT c.report_id, t.sharing_choice, c.closed_at, c.review_at, c.kept_for, t.hold_side, t.erasure_by
    FROM retention_case AS c
    JOIN triage_report AS t ON t.report_id = c.report_id
    WHERE c.centre_id = :centre_id AND c.review_at <= :now AND t.queue = 'closed'
    ORDER BY c.review_at, c.report_id
    LIMIT :limit
""")
CASE_FIELDS = """
    SELECT c.report_id, t.queue, c.review_at, t.version, t.acknowledged_at, t.reply_waiting, t.hold_side,
           t.erasure_by,
           EXISTS (SELECT 1 FROM attachment AS a WHERE a.item_id = c.report_id AND a.state = 'waiting')
             AS files_coming,
           EXISTS (
             SELECT 1 FROM report_release AS g
             WHERE g.report_id = c.report_id AND g.basis = 'override' AND g.valid_to IS NULL
           ) AS opened
    FROM retention_case AS c
    JOIN triage_report AS t ON t.report_id = c.report_id
"""
CASE = Sql(f"{CASE_FIELDS} WHERE c.report_id = :report_id")
# A report that stays for another reason than its time is passed over, so that it holds up no other.
DISPOSABLE = Sql(f"""
    {CASE_FIELDS}
    WHERE c.review_at <= :before AND t.queue = 'closed' AND t.acknowledged_at IS NOT NULL
      AND NOT t.reply_waiting AND t.hold_side IS NULL AND t.erasure_by IS NULL AND c.report_id > :after
    ORDER BY c.report_id
    LIMIT :limit
""")
FORGET = (
    Sql("DELETE FROM legal_hold WHERE report_id = :report_id"),
    Sql("DELETE FROM retention_case WHERE report_id = :report_id"),
)


def add_hold(
    db: Connection, *, id: str, report_id: str, side: str, reason: str, placed_by: str, now: datetime
) -> None:
    values = {"id": id, "report_id": report_id, "side": side, "reason": reason, "placed_by": placed_by}
    db.execute(ADD_HOLD, now=now, **values)


def lift_hold(db: Connection, report_id: str, *, side: str, lifted_by: str, now: datetime) -> bool:
    """False: this side has put none on it."""
    return db.execute(LIFT_HOLD, report_id=report_id, side=side, lifted_by=lifted_by, now=now) == 1


def newly_closed(db: Connection, *, limit: int) -> list[Closed]:
    return db.many(NEWLY_CLOSED, Closed, limit=limit)


def open_again(db: Connection) -> int:
    """What is open again is not reviewed. Returns how many."""
    return db.execute(OPEN_AGAIN)


def add_case(db: Connection, closed: Closed, *, review_at: datetime) -> None:
    values = {"report_id": closed.report_id, "centre_id": closed.centre_id, "closed_at": closed.closed_at}
    db.execute(ADD_CASE, review_at=review_at, **values)


def keep(
    db: Connection, report_id: str, *, kept_for: str, kept_by: str, review_at: datetime, now: datetime
) -> bool:
    values = {"report_id": report_id, "kept_for": kept_for, "kept_by": kept_by}
    return db.execute(KEEP, review_at=review_at, now=now, **values) == 1


def reviews(db: Connection, centre_id: str, *, limit: int, now: datetime) -> list[Review]:
    return db.many(REVIEWS, Review, centre_id=centre_id, limit=limit, now=now)


def case(db: Connection, report_id: str) -> Case | None:
    return db.one(CASE, Case, report_id=report_id)


def disposable(db: Connection, *, before: datetime, after: str, limit: int) -> list[Case]:
    return db.many(DISPOSABLE, Case, before=before, after=after, limit=limit)


def forget(db: Connection, report_id: str) -> None:
    for statement in FORGET:
        db.execute(statement, report_id=report_id)


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
