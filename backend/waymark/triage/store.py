"""The only SQL of triage."""

from datetime import datetime
from typing import Final

from waymark.intake.records import OpenedReport
from waymark.kernel.db import Connection, Sql
from waymark.triage.records import Counts, Cursor, Event, Queue, State, TriageReport

COUNT_MAX: Final = 1_000
"""Counting further would make every list slower as reports gather."""
FIRST: Final = Cursor(received_at="~", report_id="~")
"""Sorts after every time and every id."""

COLUMNS: Final = """
    t.report_id, t.state, t.force_id, t.centre_id, c.name AS centre_name, r.sharing_choice, r.area,
    t.received_at, r.channel, r.feed_id, r.schema_v, r.note, t.acknowledged_at, t.version, r.body, k.wrapped
"""
JOINED: Final = """
    JOIN triage_report AS t ON t.report_id = found.report_id
    JOIN opened_report AS r ON r.id = t.report_id
    JOIN report_key AS k ON k.report_id = t.report_id
    JOIN centre AS c ON c.id = t.centre_id
"""
BY_FORCE: Final = """
    SELECT COLUMNS
    FROM (
      SELECT report_id
      FROM (
        SELECT report_id
        FROM triage_report
        WHERE released AND force_id = :force_id AND (received_at, report_id) < (:received_at, :last_id) FILTER
        ORDER BY received_at DESC, report_id DESC
        LIMIT :limit
      ) AS own
      UNION ALL
      SELECT report_id
      FROM (
        SELECT report_id
        FROM triage_report
        WHERE released AND force_id = 'unknown' AND (received_at, report_id) < (:received_at, :last_id) FILTER
        ORDER BY received_at DESC, report_id DESC
        LIMIT :limit
      ) AS nobodys
    ) AS found
    JOINED
    ORDER BY t.received_at DESC, t.report_id DESC
    LIMIT :limit
"""
BY_CENTRE: Final = """
    SELECT COLUMNS
    FROM (
      SELECT report_id
      FROM triage_report
      WHERE centre_id = :centre_id AND (received_at, report_id) < (:received_at, :last_id) FILTER
      ORDER BY received_at DESC, report_id DESC
      LIMIT :limit
    ) AS found
    JOINED
    ORDER BY t.received_at DESC, t.report_id DESC
"""
BY_ID: Final = """
    SELECT COLUMNS
    FROM (SELECT report_id FROM triage_report WHERE report_id = :report_id) AS found
    JOINED
"""


def _list(text: str, condition: str) -> Sql:
    return Sql(text.replace("COLUMNS", COLUMNS).replace("JOINED", JOINED).replace("FILTER", condition))


POLICE_ALL = _list(BY_FORCE, "")
POLICE_WAITING = _list(BY_FORCE, "AND acknowledged_at IS NULL")
POLICE_ACKNOWLEDGED = _list(BY_FORCE, "AND acknowledged_at IS NOT NULL")
CENTRE_ALL = _list(BY_CENTRE, "")
CENTRE_WAITING = _list(BY_CENTRE, "AND acknowledged_at IS NULL")
CENTRE_ACKNOWLEDGED = _list(BY_CENTRE, "AND acknowledged_at IS NOT NULL")
POLICE: Final = {"all": POLICE_ALL, "waiting": POLICE_WAITING, "acknowledged": POLICE_ACKNOWLEDGED}
CENTRE: Final = {"all": CENTRE_ALL, "waiting": CENTRE_WAITING, "acknowledged": CENTRE_ACKNOWLEDGED}

COUNT_POLICE = Sql("""
    SELECT
      (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM triage_report
        WHERE released AND force_id IN (:force_id, 'unknown') AND acknowledged_at IS NULL
        LIMIT :most
      ) AS w) AS waiting,
      (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM triage_report
        WHERE released AND force_id IN (:force_id, 'unknown') AND acknowledged_at IS NOT NULL
        LIMIT :most
      ) AS a) AS acknowledged
""")
COUNT_CENTRE = Sql("""
    SELECT
      (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM triage_report
        WHERE centre_id = :centre_id AND acknowledged_at IS NULL
        LIMIT :most
      ) AS w) AS waiting,
      (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM triage_report
        WHERE centre_id = :centre_id AND acknowledged_at IS NOT NULL
        LIMIT :most
      ) AS a) AS acknowledged
""")
REPORT = _list(BY_ID, "")
LAST_SCREENED = Sql("SELECT COALESCE(MAX(number), 0) AS number FROM triage_report")
ADD_REPORT = Sql("""
    INSERT INTO triage_report (report_id, number, state, released, force_id, centre_id, received_at)
    VALUES (:report_id, :number, :state, :released, :force_id, :centre_id, :received_at)
""")
ACKNOWLEDGE = Sql("""
    UPDATE triage_report
    SET state = :state, acknowledged_at = :at, acknowledged_by = :by, version = version + 1
    WHERE report_id = :report_id AND acknowledged_at IS NULL AND version = :version
""")
TAKE = Sql("""
    UPDATE triage_report
    SET force_id = :force_id, version = version + 1
    WHERE report_id = :report_id AND force_id = 'unknown' AND version = :version
""")
EVENTS = Sql("""
    SELECT id, report_id, number, at, who, action, text
    FROM triage_event
    WHERE report_id = :report_id
    ORDER BY number
""")
ADD_EVENT = Sql("""
    INSERT INTO triage_event (id, report_id, number, at, who, action, text)
    SELECT :id, :report_id, COALESCE(MAX(number), 0) + 1, :at, :who, :action, :text
    FROM triage_event
    WHERE report_id = :report_id
""")


def police_page(
    db: Connection, force_id: str, *, queue: Queue, after: Cursor | None, limit: int
) -> list[TriageReport]:
    """Released reports of this force and of nobody's, newest first."""
    start = after or FIRST
    return db.many(
        POLICE[queue],
        TriageReport,
        force_id=force_id,
        received_at=start.received_at,
        last_id=start.report_id,
        limit=limit,
    )


def centre_page(
    db: Connection, centre_id: str, *, queue: Queue, after: Cursor | None, limit: int
) -> list[TriageReport]:
    start = after or FIRST
    return db.many(
        CENTRE[queue],
        TriageReport,
        centre_id=centre_id,
        received_at=start.received_at,
        last_id=start.report_id,
        limit=limit,
    )


def police_counts(db: Connection, force_id: str) -> Counts | None:
    return db.one(COUNT_POLICE, Counts, force_id=force_id, most=COUNT_MAX)


def centre_counts(db: Connection, centre_id: str) -> Counts | None:
    return db.one(COUNT_CENTRE, Counts, centre_id=centre_id, most=COUNT_MAX)


def report(db: Connection, report_id: str) -> TriageReport | None:
    return db.one(REPORT, TriageReport, report_id=report_id)


def last_screened(db: Connection) -> int:
    return db.one(LAST_SCREENED, int) or 0


def add_report(db: Connection, opened: OpenedReport, *, state: State, released: bool) -> None:
    db.execute(
        ADD_REPORT,
        report_id=opened.id,
        number=opened.number,
        state=state,
        released=released,
        force_id=opened.force_id,
        centre_id=opened.centre_id,
        received_at=opened.received_at,
    )


def acknowledge(db: Connection, report: TriageReport, *, state: State, by: str, at: datetime) -> bool:
    """False: somebody was quicker."""
    touched = db.execute(
        ACKNOWLEDGE, report_id=report.report_id, state=state, at=at, by=by, version=report.version
    )
    return touched == 1


def take(db: Connection, report: TriageReport, force_id: str) -> bool:
    """False: somebody was quicker."""
    return db.execute(TAKE, report_id=report.report_id, force_id=force_id, version=report.version) == 1


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
        action=event.action,
        text=event.text,
    )
