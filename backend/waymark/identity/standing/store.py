"""The only SQL of standing: what somebody is, and what the trail said of that last."""

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


def any_noted(db: Connection) -> bool:
    return db.one(ANY_NOTED, int, kind=KIND) is not None
