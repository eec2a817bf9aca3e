"""The only SQL of identity."""

from datetime import datetime

from waymark.identity.records import (
    Attempts,
    Credentials,
    DemoPerson,
    Session,
)
from waymark.kernel.db import Connection, Sql
from waymark.kernel.ids import new_id

CREDENTIALS = Sql("""
    SELECT id AS person_id, password_hash
    FROM person
    WHERE username = :username
""")
ADD_SESSION = Sql("""
    INSERT INTO session
      (token_hash, person_id, created_at, last_seen_at, expires_at, how, second, verified_at, shared)
    VALUES (:token_hash, :person_id, :now, :now, :expires_at, :how, :second, :now, :shared)
""")
# Of several memberships the one that has begun last; of none that has begun, the one that will be.
SESSION = Sql("""
    SELECT s.token_hash, s.created_at, s.last_seen_at, s.expires_at, s.revoked_at,
           s.how, s.second, s.verified_at, s.shared, s.locked_at, p.id, p.name, m.role,
           m.force_id, f.name AS force_name, m.centre_id, c.name AS centre_name,
           m.agency_id, a.name AS agency_name, m.valid_from AS member_from, m.valid_to AS member_until,
           COALESCE(f.valid_to, c.valid_to, a.valid_to) AS organisation_until
    FROM session AS s
    JOIN person AS p ON p.id = s.person_id
    JOIN membership AS m ON m.id = (
      SELECT n.id
      FROM membership AS n
      WHERE n.person_id = p.id
      ORDER BY (n.valid_from <= :now) DESC, n.valid_from DESC, n.id DESC
      LIMIT 1
    )
    LEFT JOIN force AS f ON f.id = m.force_id
    LEFT JOIN centre AS c ON c.id = m.centre_id
    LEFT JOIN agency AS a ON a.id = m.agency_id
    WHERE s.token_hash = :token_hash
""")
# The same session under a new token, open if it was locked: nothing is added to how long it lasts.
GO_ON = Sql("""
    INSERT INTO session
      (token_hash, person_id, created_at, last_seen_at, expires_at, how, second, verified_at, shared)
    SELECT :new_hash, person_id, created_at, :now, expires_at,
           COALESCE(CAST(:how AS TEXT), how), COALESCE(CAST(:second AS TEXT), second), :now, shared
    FROM session
    WHERE token_hash = :token_hash AND revoked_at IS NULL
""")
# Never brings a session back that has been ended or locked meanwhile.
SAW_SESSION = Sql("""
    UPDATE session
    SET last_seen_at = :now
    WHERE token_hash = :token_hash AND revoked_at IS NULL AND locked_at IS NULL
""")
LOCK_SESSION = Sql("""
    UPDATE session
    SET locked_at = :now
    WHERE token_hash = :token_hash AND revoked_at IS NULL AND locked_at IS NULL
""")
END_SESSION = Sql("""
    UPDATE session
    SET revoked_at = :now
    WHERE token_hash = :token_hash AND revoked_at IS NULL
""")
ENDED_SINCE = Sql("SELECT token_hash FROM session WHERE revoked_at > :since OR locked_at > :since")
FORGET_SESSIONS = Sql("DELETE FROM session WHERE expires_at < :before")
COUNT_ATTEMPT = Sql("""
    INSERT INTO throttle (bucket, since, failure_count)
    VALUES (:bucket, :now, 1)
    ON CONFLICT (bucket) DO UPDATE
    SET failure_count = CASE WHEN throttle.since <= :window_start THEN 1 ELSE throttle.failure_count + 1 END,
        since = CASE WHEN throttle.since <= :window_start THEN excluded.since ELSE throttle.since END
    RETURNING since, failure_count
""")
UNCOUNT_ATTEMPT = Sql("""
    UPDATE throttle
    SET failure_count = failure_count - 1
    WHERE bucket = :bucket AND failure_count > 0
""")
FORGET_ATTEMPTS = Sql("DELETE FROM throttle WHERE bucket = :bucket")
FORGET_OLD_ATTEMPTS = Sql("DELETE FROM throttle WHERE since < :before")
KEEP_FORCE = Sql("""
    INSERT INTO force (id, name)
    VALUES (:id, :name)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name
""")
KEEP_CENTRE = Sql("""
    INSERT INTO centre (id, name, force_id)
    VALUES (:id, :name, :force_id)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, force_id = excluded.force_id
""")
ORGANISATION_AT = Sql("""
    SELECT COALESCE(f.name, c.name, a.name) AS name
    FROM membership AS m
    LEFT JOIN force AS f ON f.id = m.force_id
    LEFT JOIN centre AS c ON c.id = m.centre_id
    LEFT JOIN agency AS a ON a.id = m.agency_id
    WHERE m.person_id = :person_id AND m.valid_from <= :at
    ORDER BY m.valid_from DESC, m.id DESC
    LIMIT 1
""")
CENTRE_NAME = Sql("SELECT name FROM centre WHERE id = :id")
FORCE_NAME = Sql("SELECT name FROM force WHERE id = :id")
KEEP_AGENCY = Sql("""
    INSERT INTO agency (id, name)
    VALUES (:id, :name)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name
""")
MERGE_FORCE = Sql("""
    UPDATE force
    SET valid_to = :at, successor_id = :successor_id
    WHERE id = :id AND valid_to IS NULL
""")
FOLLOWED_BY = Sql("""
    SELECT successor_id
    FROM force
    WHERE id = :id AND successor_id IS NOT NULL AND valid_to <= :now
""")
KEEP_PERSON = Sql("""
    INSERT INTO person (id, username, name, password_hash)
    VALUES (:id, :username, :name, :password_hash)
    ON CONFLICT (username) DO UPDATE
    SET name = excluded.name,
        password_hash = excluded.password_hash
    RETURNING id
""")
KEEP_MEMBERSHIP = Sql("""
    INSERT INTO membership (id, person_id, role, force_id, centre_id, agency_id, valid_from)
    VALUES (:id, :person_id, :role, :force_id, :centre_id, :agency_id, '')
    ON CONFLICT (person_id) WHERE valid_to IS NULL DO UPDATE
    SET role = excluded.role,
        force_id = excluded.force_id,
        centre_id = excluded.centre_id,
        agency_id = excluded.agency_id
""")
END_MEMBERSHIP = Sql("""
    UPDATE membership
    SET valid_to = :at
    WHERE person_id = :person_id AND valid_to IS NULL AND valid_from < :at
""")
END_SESSIONS = Sql("""
    UPDATE session
    SET revoked_at = :now
    WHERE person_id = :person_id AND revoked_at IS NULL
""")


def credentials(db: Connection, username: str) -> Credentials | None:
    return db.one(CREDENTIALS, Credentials, username=username)


def add_session(
    db: Connection,
    *,
    token_hash: str,
    person_id: str,
    how: str,
    second: str,
    shared: bool,
    now: datetime,
    expires_at: datetime,
) -> None:
    db.execute(
        ADD_SESSION,
        token_hash=token_hash,
        person_id=person_id,
        how=how,
        second=second,
        shared=shared,
        now=now,
        expires_at=expires_at,
    )


def go_on(
    db: Connection, *, token_hash: str, new_hash: str, how: str | None, second: str | None, now: datetime
) -> bool:
    """how, second: None leaves what it was. False: it has ended meanwhile."""
    return db.execute(GO_ON, token_hash=token_hash, new_hash=new_hash, how=how, second=second, now=now) == 1


def session(db: Connection, token_hash: str, *, now: datetime) -> Session | None:
    """None also for somebody who has never been anything here."""
    return db.one(SESSION, Session, token_hash=token_hash, now=now)


def saw_session(db: Connection, token_hash: str, *, now: datetime) -> None:
    db.execute(SAW_SESSION, token_hash=token_hash, now=now)


def lock_session(db: Connection, token_hash: str, *, now: datetime) -> bool:
    """False: it is locked or over already."""
    return db.execute(LOCK_SESSION, token_hash=token_hash, now=now) == 1


def end_session(db: Connection, token_hash: str, *, now: datetime) -> bool:
    return db.execute(END_SESSION, token_hash=token_hash, now=now) == 1


def ended_since(db: Connection, since: datetime) -> list[str]:
    return db.many(ENDED_SINCE, str, since=since)


def count_attempt(db: Connection, bucket: str, *, now: datetime, window_start: datetime) -> Attempts:
    attempts = db.one(COUNT_ATTEMPT, Attempts, bucket=bucket, now=now, window_start=window_start)
    if attempts is None:
        raise AssertionError("an upsert returns its row")
    return attempts


def uncount_attempt(db: Connection, bucket: str) -> None:
    db.execute(UNCOUNT_ATTEMPT, bucket=bucket)


def forget_attempts(db: Connection, bucket: str) -> None:
    db.execute(FORGET_ATTEMPTS, bucket=bucket)


def forget_old(db: Connection, *, sessions_before: datetime, attempts_before: datetime) -> int:
    return db.execute(FORGET_SESSIONS, before=sessions_before) + db.execute(
        FORGET_OLD_ATTEMPTS, before=attempts_before
    )


def keep_force(db: Connection, *, id: str, name: str) -> None:
    db.execute(KEEP_FORCE, id=id, name=name)


def keep_centre(db: Connection, *, id: str, name: str, force_id: str) -> None:
    db.execute(KEEP_CENTRE, id=id, name=name, force_id=force_id)


def centre_name(db: Connection, centre_id: str) -> str | None:
    return db.one(CENTRE_NAME, str, id=centre_id)


def force_name(db: Connection, force_id: str) -> str | None:
    return db.one(FORCE_NAME, str, id=force_id)


def organisation_at(db: Connection, person_id: str, *, at: str) -> str | None:
    return db.one(ORGANISATION_AT, str, person_id=person_id, at=at)


def keep_agency(db: Connection, *, id: str, name: str) -> None:
    db.execute(KEEP_AGENCY, id=id, name=name)


def merge_force(db: Connection, force_id: str, *, successor_id: str, at: datetime) -> bool:
    """False: there is no such force, or it has ended already."""
    return db.execute(MERGE_FORCE, id=force_id, successor_id=successor_id, at=at) == 1


def followed_by(db: Connection, force_id: str, *, now: datetime) -> str | None:
    return db.one(FOLLOWED_BY, str, id=force_id, now=now)


def keep_person(db: Connection, person_id: str, person: DemoPerson) -> None:
    """With the membership that goes on: what it was before is not remembered."""
    kept = db.one(
        KEEP_PERSON,
        str,
        id=person_id,
        username=person.username,
        name=person.name,
        password_hash=person.password_hash,
    )
    db.execute(
        KEEP_MEMBERSHIP,
        id=new_id(),
        person_id=kept,
        role=person.role,
        force_id=person.force_id,
        centre_id=person.centre_id,
        agency_id=person.agency_id,
    )


def end_membership(db: Connection, person_id: str, *, at: datetime) -> bool:
    """False: it had ended before."""
    return db.execute(END_MEMBERSHIP, person_id=person_id, at=at) == 1


def end_sessions(db: Connection, person_id: str, *, now: datetime) -> int:
    return db.execute(END_SESSIONS, person_id=person_id, now=now)
