"""The only SQL of releases. What ends says when, and by which change; it goes with its report alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from waymark.agencies.records import Change, FieldGroup, Grant
from waymark.kernel.db import Connection, Sql

GOES_ON: Final = """
    (SELECT string_agg(g.field_group, ' ')
     FROM report_release AS g
     WHERE g.report_id = t.report_id AND g.valid_to IS NULL AND g.basis = 'BASIS')
"""
RELEASED: Final = GOES_ON.replace("BASIS", "choice")
OPENED: Final = GOES_ON.replace("BASIS", "override")
"""Columns of a statement that has a report as `t`: names of groups with a space between, or NULL."""

# An override that was ended is narrowed like a choice: what it ended tells which of both it was.
CHANGES = Sql("""
    SELECT c.version, c.at, c.actor_id, c.actor_role, c.ground, c.told,
           CASE WHEN c.basis = 'narrowed' AND EXISTS (
             SELECT 1
             FROM report_release AS g
             WHERE g.report_id = c.report_id AND g.until_version = c.version AND g.basis = 'override'
           ) THEN 'override_ended' ELSE c.basis END AS basis
    FROM release_change AS c
    WHERE c.report_id = :report_id
    ORDER BY c.version
""")
GRANTS = Sql("""
    SELECT field_group, basis, from_version, valid_from, until_version, valid_to
    FROM report_release
    WHERE report_id = :report_id
    ORDER BY from_version, field_group
""")
ADD_CHANGE = Sql("""
    INSERT INTO release_change (report_id, version, basis, at, actor_id, actor_role, ground, told)
    VALUES (:report_id, :version, :basis, :at, :actor_id, :actor_role, :ground, :told)
""")
ADD_GROUP = Sql("""
    INSERT INTO report_release (report_id, from_version, field_group, basis, valid_from)
    VALUES (:report_id, :version, :field_group, :basis, :at)
""")
END_GROUP = Sql("""
    UPDATE report_release
    SET until_version = :version, valid_to = :at
    WHERE report_id = :report_id AND field_group = :field_group AND basis = :basis AND valid_to IS NULL
""")
ERASE = (
    Sql("DELETE FROM report_release WHERE report_id = :report_id"),
    Sql("DELETE FROM release_change WHERE report_id = :report_id"),
)


def changes(db: Connection, report_id: str) -> list[Change]:
    return db.many(CHANGES, Change, report_id=report_id)


def grants(db: Connection, report_id: str) -> list[Grant]:
    return db.many(GRANTS, Grant, report_id=report_id)


def add_change(db: Connection, report_id: str, change: Change) -> None:
    db.execute(
        ADD_CHANGE,
        report_id=report_id,
        version=change.version,
        basis=change.basis,
        at=change.at,
        actor_id=change.actor_id,
        actor_role=change.actor_role,
        ground=change.ground,
        told=change.told,
    )


def add_groups(
    db: Connection, report_id: str, groups: Iterable[FieldGroup], *, basis: str, version: int, at: str
) -> None:
    rows = [
        {"report_id": report_id, "version": version, "field_group": group, "basis": basis, "at": at}
        for group in sorted(groups)
    ]
    db.execute_many(ADD_GROUP, rows)


def end_groups(
    db: Connection, report_id: str, groups: Iterable[FieldGroup], *, basis: str, version: int, at: datetime
) -> None:
    for group in sorted(groups):
        db.execute(END_GROUP, report_id=report_id, field_group=group, basis=basis, version=version, at=at)


def erase(db: Connection, report_id: str) -> None:
    for statement in ERASE:
        db.execute(statement, report_id=report_id)
