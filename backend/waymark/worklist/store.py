"""The only SQL of the worklist. It writes nothing: where reports stand is written by triage.

Each filter has an index of its own that ends in the order of the list, so a page costs the same in a small
list and in a large one. The statements differ by the filters that are set, because an index cannot serve
"this or anything", and by how many rows are wanted: PostgreSQL keeps the plan of a statement only when it
can see that the rows are few.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from waymark.identity.records import User
from waymark.kernel.db import Connection, Sql
from waymark.triage.records import TriageReport
from waymark.triage.store import SERVICE, whole
from waymark.worklist.records import Change, Counted, Counts, Cursor, Filter, Queue

COUNT_MAX: Final = 1_000
"""Counting further would make every list slower as reports gather."""
FIRST: Final = Cursor(received_at="~", report_id="~")
"""Sorts after every time and every id."""

IN_LISTS: Final = " AND campaign_id IS NULL"
APART: Final = " AND campaign_id IS NOT NULL"
_OWN: Final = "released AND force_id = :force_id"
_NOBODYS: Final = "released AND force_id = 'unknown'"
_CENTRES: Final = "centre_id = :centre_id"
OWN: Final = _OWN + IN_LISTS
NOBODYS: Final = _NOBODYS + IN_LISTS
OFFERED: Final = "released AND offered_force_id = :force_id"
CENTRES: Final = _CENTRES + IN_LISTS
# The first of them that is set is looked up, and what it finds is sifted by the others.
CONDITIONS: Final[Mapping[str, str]] = {
    "waiting": "queue = 'waiting'",
    "acknowledged": "queue = 'acknowledged'",
    "needs_info": "queue = 'needs_info'",
    "decided": "queue = 'decided'",
    "closed": "queue = 'closed'",
    "reply_waiting": "reply_waiting",
    "overdue": "due_at <= :now",
    "with_pictures": "has_pictures",
    "area": "area = :area",
    "centre": "centre_id = :centre",
    "sharing": "sharing_choice = :sharing",
    "channel": "channel = :channel",
}
SINCE: Final = "received_at >= :received_from"
PART: Final = """
      SELECT report_id
      FROM (
        SELECT report_id
        FROM triage_report
        WHERE CONDITION AND (received_at, report_id) < (:received_at, :last_id)
        ORDER BY received_at DESC, report_id DESC
        LIMIT HOW_MANY
      ) AS PLACE
"""
PAGE: Final = """
    SELECT COLUMNS
    FROM (PARTS) AS found
    JOINED
    ORDER BY t.received_at DESC, t.report_id DESC
    LIMIT HOW_MANY
"""
COUNT: Final = """
    SELECT 'QUEUE' AS queue, COUNT(*) AS count
    FROM (SELECT 1 AS one FROM triage_report WHERE CONDITION LIMIT HOW_MANY) AS QUEUE
"""
COUNTED: Final[tuple[Queue, ...]] = (
    "waiting",
    "acknowledged",
    "needs_info",
    "reply_waiting",
    "decided",
    "closed",
)


def _counts(*places: str, more: Sequence[str]) -> Sql:
    parts = [
        COUNT.replace("CONDITION", f"{place} AND {CONDITIONS[queue]}").replace("QUEUE", queue)
        for queue in COUNTED
        for place in places
    ]
    text = "UNION ALL".join([*parts, *more])
    return Sql(text.replace("HOW_MANY", str(COUNT_MAX)))


def _counted(queue: str, *places: str) -> list[str]:
    return [COUNT.replace("CONDITION", place).replace("QUEUE", queue) for place in places]


COUNT_POLICE = _counts(
    OWN, NOBODYS, more=[*_counted("offered", OFFERED), *_counted("apart", _OWN + APART, _NOBODYS + APART)]
)
COUNT_CENTRE = _counts(CENTRES, more=_counted("apart", _CENTRES + APART))
NEWEST_POLICE = Sql("""
    SELECT MAX(received_at) AS newest
    FROM (
      SELECT MAX(received_at) AS received_at
      FROM triage_report
      WHERE released AND force_id = :force_id AND campaign_id IS NULL
      UNION ALL
      SELECT MAX(received_at) AS received_at
      FROM triage_report
      WHERE released AND force_id = 'unknown' AND campaign_id IS NULL
      UNION ALL
      SELECT MAX(received_at) AS received_at
      FROM triage_report
      WHERE released AND offered_force_id = :force_id
    ) AS places
""")
NEWEST_CENTRE = Sql("""
    SELECT MAX(received_at) AS newest
    FROM triage_report
    WHERE centre_id = :centre_id AND campaign_id IS NULL
""")
CHANGES = Sql("SELECT scope, number FROM triage_change")


@cache
def page_statement(police: bool, names: frozenset[str], limit: int) -> Sql:
    """The list under the filters of these names: keys of CONDITIONS, `received_from`, `offered`, `apart`."""
    if "apart" in names:
        places = [_OWN + APART, _NOBODYS + APART] if police else [_CENTRES + APART]
    elif not police:
        places = ["FALSE"] if "offered" in names else [CENTRES]
    elif "offered" in names:
        places = [OFFERED]
    else:
        # What another force offers lies in its own queues, and here in all and in `offered`.
        places = [OWN, NOBODYS] if not names.isdisjoint(COUNTED) else [OWN, NOBODYS, OFFERED]
    conditions = [text for name, text in CONDITIONS.items() if name in names]
    since = [SINCE] if "received_from" in names else []
    # SQLite knows nothing of how many rows an index will find: a plus keeps it from trying the others.
    sifted = [text if n == 0 else f"+{text}" for n, text in enumerate(conditions)]
    return whole(
        _page(places, [*sifted, *since], limit), postgres=_page(places, [*conditions, *since], limit)
    )


def _page(places: list[str], conditions: list[str], limit: int) -> str:
    parts = [
        PART.replace("CONDITION", " AND ".join([place, *conditions])).replace("PLACE", f"place_{n}")
        for n, place in enumerate(places)
    ]
    return PAGE.replace("PARTS", "UNION ALL".join(parts)).replace("HOW_MANY", str(limit))


POLICE_ALL = page_statement(True, frozenset(), 26)
CENTRE_ALL = page_statement(False, frozenset(), 26)


def page(
    db: Connection, user: User, wanted: Filter, *, after: Cursor | None, limit: int, now: str
) -> list[TriageReport]:
    """What the user's force or centre may see, newest first."""
    names = frozenset(_names(wanted))
    before = Cursor(received_at=wanted.received_before, report_id="") if wanted.received_before else FIRST
    start = after or before
    return db.many(
        page_statement(user.force_id is not None, names, limit),
        TriageReport,
        received_at=start.received_at,
        last_id=start.report_id,
        reader=user.force_id or SERVICE,
        **_values(user, wanted, names, now=now),
    )


def counts(db: Connection, *, force_id: str | None, centre_id: str | None) -> Counts:
    if force_id is not None:
        rows = db.many(COUNT_POLICE, Counted, force_id=force_id)
    else:
        rows = db.many(COUNT_CENTRE, Counted, centre_id=centre_id)
    total: dict[str, int] = {}
    for row in rows:
        total[row.queue] = min(COUNT_MAX, total.get(row.queue, 0) + row.count)
    return Counts(**total)


def newest(db: Connection, *, force_id: str | None, centre_id: str | None) -> str | None:
    """When the newest report that may be seen was received."""
    if force_id is not None:
        return db.one(NEWEST_POLICE, str | None, force_id=force_id)  # type: ignore[arg-type]
    return db.one(NEWEST_CENTRE, str | None, centre_id=centre_id)  # type: ignore[arg-type]


def changes(db: Connection) -> dict[str, int]:
    """Every force and centre that anything has ever changed for: as many rows as there are of them."""
    return {change.scope: change.number for change in db.many(CHANGES, Change)}


def _names(wanted: Filter) -> list[str]:
    set_ = ("area", "centre", "sharing", "channel", "received_from", "with_pictures", "overdue")
    queue = [] if wanted.queue == "all" else [wanted.queue]
    return [*queue, *(name for name in set_ if getattr(wanted, name))]


def _values(user: User, wanted: Filter, names: frozenset[str], *, now: str) -> dict[str, Any]:
    """Exactly the values that the statement names."""
    known = {"area", "centre", "sharing", "channel", "received_from"} & names
    values: dict[str, Any] = {name: getattr(wanted, name) for name in known}
    if user.force_id is not None:
        values["force_id"] = user.force_id
    else:
        values["centre_id"] = user.centre_id
    if "overdue" in names:
        values["now"] = now
    return values
