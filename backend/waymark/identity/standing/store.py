"""The only SQL of standing: what somebody is, and what the trail said of that last."""

from datetime import datetime

from waymark.identity.standing.records import KIND, MembershipRow, PersonRow, WayRow
from waymark.kernel.db import Connection, Sql

PEOPLE = Sql("SELECT id FROM person ORDER BY id")
PERSON = Sql("SELECT username, password_hash FROM person WHERE id = :person_id")
PERSON_ID = Sql("SELECT id FROM person WHERE username = :username")
MEMBERSHIPS = Sql("""
    SELECT id, role, force_id, centre_id, agency_id, valid_from, valid_to
    FROM membership
    WHERE person_id = :person_id
""")
WAYS = Sql("""
    SELECT 'passkey' AS kind, id, public_key AS content
    FROM passkey
    WHERE person_id = :person_id AND removed_at IS NULL
    UNION ALL
    SELECT 'totp' AS kind, id, sealed AS content
    FROM totp
    WHERE person_id = :person_id AND confirmed_at IS NOT NULL AND removed_at IS NULL
""")
# By the trail's index of subjects: one row, however long the trail is.
NOTED = Sql("""
    SELECT detail
    FROM audit_entry
    WHERE subject_kind = :kind AND subject_id = :person_id
    ORDER BY pos DESC
    LIMIT 1
""")
# A session goes on under new tokens and keeps the time of its login: of each login there is one at most.
NOT_LOGGED_IN = Sql("""
    SELECT s.person_id
    FROM session AS s
    WHERE s.revoked_at IS NULL AND s.expires_at > :now
    GROUP BY s.person_id, s.created_at
    HAVING COUNT(*) > (
      SELECT COUNT(*)
      FROM audit_entry AS e
      WHERE e.subject_kind = 'person' AND e.subject_id = s.person_id
        AND e.action = 'login' AND e.at = s.created_at
    )
""")
ANY_NOTED = Sql("SELECT pos FROM audit_entry WHERE subject_kind = :kind LIMIT 1")


def people(db: Connection) -> list[str]:
    return db.many(PEOPLE, str)


def person(db: Connection, person_id: str) -> PersonRow | None:
    return db.one(PERSON, PersonRow, person_id=person_id)


def person_id(db: Connection, username: str) -> str | None:
    return db.one(PERSON_ID, str, username=username)


def memberships(db: Connection, person_id: str) -> list[MembershipRow]:
    """Engines sort text differently, so none of them does."""
    return sorted(db.many(MEMBERSHIPS, MembershipRow, person_id=person_id), key=lambda row: row.id)


def ways(db: Connection, person_id: str) -> list[WayRow]:
    return sorted(db.many(WAYS, WayRow, person_id=person_id), key=lambda row: (row.kind, row.id))


def noted(db: Connection, person_id: str) -> str | None:
    """The last entry's detail."""
    return db.one(NOTED, str, kind=KIND, person_id=person_id)


def not_logged_in(db: Connection, *, now: datetime) -> set[str]:
    """Whose sessions are more than the logins that the trail has."""
    return set(db.many(NOT_LOGGED_IN, str, now=now))


def any_noted(db: Connection) -> bool:
    return db.one(ANY_NOTED, int, kind=KIND) is not None
