"""The only SQL of triage."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from waymark.agencies.store import OPENED, RELEASED
from waymark.intake.records import OpenedReport
from waymark.kernel.db import Connection, Sql
from waymark.triage.records import Event, TriageReport

SERVICE: Final = ""
"""As the reader: what the service does by itself, it does with the centre's keys."""
COLUMNS: Final = f"""
    t.report_id, t.state, t.queue, t.force_id, t.centre_id, c.name AS centre_name, t.sharing_choice, t.area,
    t.received_at, t.channel, t.has_pictures, r.feed_id, r.schema_v, r.note, t.acknowledged_at,
    t.acknowledged_by, t.due_at, t.due_for, t.asked_at, t.reply_waiting, t.decided, t.offered_force_id,
    t.offered_at, t.version, r.body, r.person, k.holder, k.wrapped, t.released, t.campaign_id,
    t.hold_side, t.erasure_by,
    {RELEASED} AS released_groups,
    {OPENED} AS opened_groups
"""
JOINED: Final = """
    JOIN triage_report AS t ON t.report_id = found.report_id
    JOIN opened_report AS r ON r.id = t.report_id
    LEFT JOIN report_key AS k ON k.report_id = t.report_id AND k.holder = CASE
      WHEN :reader = '' THEN 'centre:' || t.centre_id
      WHEN t.force_id = 'unknown' THEN 'force:unknown'
      ELSE 'force:' || :reader
    END
    JOIN centre AS c ON c.id = t.centre_id
"""
ERASE = (
    Sql("DELETE FROM triage_event WHERE report_id = :report_id"),
    Sql("DELETE FROM triage_report WHERE report_id = :report_id"),
)


def whole(text: str, *, postgres: str | None = None) -> Sql:
    """What finds `report_id`s, made to bring the reports: COLUMNS and JOINED stand for that.

    `:reader` is the force that reads, with the keys that it was given; '' for a centre and for the service.
    """
    return Sql(_joined(text), postgres=_joined(postgres) if postgres else None)


def _joined(text: str) -> str:
    return text.replace("COLUMNS", COLUMNS).replace("JOINED", JOINED)


REPORT = whole("""
    SELECT COLUMNS
    FROM (SELECT report_id FROM triage_report WHERE report_id = :report_id) AS found
    JOINED
""")
SILENT = whole("""
    SELECT COLUMNS
    FROM (
      SELECT report_id
      FROM triage_report
      WHERE asked_at < :before
      ORDER BY asked_at
      LIMIT :limit
    ) AS found
    JOINED
""")
OFFERS = whole("""
    SELECT COLUMNS
    FROM (
      SELECT report_id
      FROM triage_report
      WHERE offered_force_id IS NOT NULL AND offered_at < :before
      LIMIT :limit
    ) AS found
    JOINED
""")
# Those of a force that has been merged into another.
ORPHANS = whole("""
    SELECT COLUMNS
    FROM (
      SELECT o.report_id
      FROM force AS f
      JOIN triage_report AS o ON o.force_id = f.id AND o.released AND o.campaign_id IS NULL
      WHERE f.successor_id IS NOT NULL AND f.valid_to <= :now
      UNION ALL
      SELECT o.report_id
      FROM force AS f
      JOIN triage_report AS o ON o.force_id = f.id AND o.released AND o.campaign_id IS NOT NULL
      WHERE f.successor_id IS NOT NULL AND f.valid_to <= :now
      LIMIT :limit
    ) AS found
    JOINED
""")
ACCESS_ASKED = whole("""
    SELECT COLUMNS
    FROM (SELECT report_id FROM access_question ORDER BY asked_at LIMIT :limit) AS found
    JOINED
""")
ASK_ACCESS = Sql("""
    INSERT INTO access_question (report_id, asked_at)
    VALUES (:report_id, :at)
    ON CONFLICT (report_id) DO NOTHING
""")
ACCESS_TOLD = Sql("DELETE FROM access_question WHERE report_id = :report_id")
LAST_SCREENED = Sql("SELECT COALESCE(MAX(number), 0) AS number FROM triage_report")
LAST_MESSAGE = Sql("SELECT COALESCE(MAX(message_number), 0) AS number FROM triage_event")
ADD_REPORT = Sql("""
    INSERT INTO triage_report
      (report_id, number, state, released, force_id, centre_id, received_at, area, sharing_choice, channel,
       has_pictures, due_at, due_for, campaign_id)
    VALUES
      (:report_id, :number, :state, :released, :force_id, :centre_id, :received_at, :area, :sharing_choice,
       :channel, :has_pictures, :due_at, :due_for, :campaign_id)
""")
# The version is compared, so that of two who act at once one is told.
MOVE = Sql("""
    UPDATE triage_report
    SET state = :state, queue = :queue, force_id = :force_id, acknowledged_at = :acknowledged_at,
        acknowledged_by = :acknowledged_by, due_at = :due_at, due_for = :due_for, asked_at = :asked_at,
        reply_waiting = :reply_waiting, decided = :decided, offered_force_id = :offered_force_id,
        offered_at = :offered_at, released = :released, hold_side = :hold_side, erasure_by = :erasure_by,
        version = :version
    WHERE report_id = :report_id AND version = :version - 1
""")
LAY_BACK = Sql("UPDATE triage_report SET campaign_id = NULL WHERE report_id = :report_id")
EVENTS = Sql("""
    SELECT id, report_id, number, at, who, side, action, code, told, text, detail, message_number
    FROM triage_event
    WHERE report_id = :report_id
    ORDER BY number
""")
ADD_EVENT = Sql("""
    INSERT INTO triage_event
      (id, report_id, number, at, who, side, action, code, told, text, detail, message_number)
    SELECT :id, :report_id, COALESCE(MAX(number), 0) + 1, :at, :who, :side, :action, :code, :told, :text,
           :detail, :message_number
    FROM triage_event
    WHERE report_id = :report_id
""")
CHANGED = Sql("""
    INSERT INTO triage_change (scope, number)
    VALUES (:scope, 1)
    ON CONFLICT (scope) DO UPDATE SET number = triage_change.number + 1
""")


def report(db: Connection, report_id: str, *, reader: str = SERVICE) -> TriageReport | None:
    """reader: a force, for the keys that it was given."""
    return db.one(REPORT, TriageReport, report_id=report_id, reader=reader)


def silent(db: Connection, *, before: datetime, limit: int) -> list[TriageReport]:
    """Asked something before then, and not answered."""
    return db.many(SILENT, TriageReport, before=before, limit=limit, reader=SERVICE)


def offers(db: Connection, *, before: datetime, limit: int) -> list[TriageReport]:
    """Offered before then, and not answered for."""
    return db.many(OFFERS, TriageReport, before=before, limit=limit, reader=SERVICE)


def orphans(db: Connection, *, now: datetime, limit: int) -> list[TriageReport]:
    """In the lists of a force that has ended."""
    return db.many(ORPHANS, TriageReport, now=now, limit=limit, reader=SERVICE)


def access_asked(db: Connection, *, limit: int) -> list[TriageReport]:
    return db.many(ACCESS_ASKED, TriageReport, limit=limit, reader=SERVICE)


def ask_access(db: Connection, report_id: str, *, at: str) -> None:
    """Who asks twice before the answer is answered once."""
    db.execute(ASK_ACCESS, report_id=report_id, at=at)


def access_told(db: Connection, report_id: str) -> None:
    db.execute(ACCESS_TOLD, report_id=report_id)


def last_screened(db: Connection) -> int:
    return db.one(LAST_SCREENED, int) or 0


def last_message(db: Connection) -> int:
    return db.one(LAST_MESSAGE, int) or 0


def add_report(
    db: Connection,
    opened: OpenedReport,
    *,
    state: str,
    released: bool,
    has_pictures: bool,
    due_at: str | None,
    due_for: str | None,
    campaign_id: str | None = None,
) -> None:
    db.execute(
        ADD_REPORT,
        report_id=opened.id,
        number=opened.number,
        state=state,
        released=released,
        force_id=opened.force_id,
        centre_id=opened.centre_id,
        received_at=opened.received_at,
        area=opened.area,
        sharing_choice=opened.sharing_choice,
        channel=opened.channel,
        has_pictures=has_pictures,
        due_at=due_at,
        due_for=due_for,
        campaign_id=campaign_id,
    )


def move(db: Connection, after: TriageReport) -> bool:
    """False: somebody was quicker."""
    touched = db.execute(
        MOVE,
        report_id=after.report_id,
        state=after.state,
        queue=after.queue,
        force_id=after.force_id,
        acknowledged_at=after.acknowledged_at,
        acknowledged_by=after.acknowledged_by,
        due_at=after.due_at,
        due_for=after.due_for,
        asked_at=after.asked_at,
        reply_waiting=after.reply_waiting,
        decided=after.decided,
        offered_force_id=after.offered_force_id,
        offered_at=after.offered_at,
        released=after.released,
        hold_side=after.hold_side,
        erasure_by=after.erasure_by,
        version=after.version,
    )
    return touched == 1


def lay_back(db: Connection, report_id: str) -> None:
    db.execute(LAY_BACK, report_id=report_id)


def events(db: Connection, report_id: str) -> list[Event]:
    return db.many(EVENTS, Event, report_id=report_id)


def add_event(db: Connection, event: Event) -> None:
    """Its number is given here: the next of its report."""
    db.execute(
        ADD_EVENT,
        id=event.id,
        report_id=event.report_id,
        at=event.at,
        who=event.who,
        side=event.side,
        action=event.action,
        code=event.code,
        told=event.told,
        text=event.text,
        detail=event.detail,
        message_number=event.message_number,
    )


def changed(db: Connection, scopes: Iterable[str]) -> None:
    """In one order, so that two who change the same wait for each other and never both."""
    for scope in sorted(scopes):
        db.execute(CHANGED, scope=scope)


def erase(db: Connection, report_id: str) -> None:
    """Where it stood, and what was said and noted. The audit trail says what was done."""
    for statement in ERASE:
        db.execute(statement, report_id=report_id)
