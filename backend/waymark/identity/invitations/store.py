"""The only SQL of invitations, and of who belongs to a place."""

from datetime import datetime

from msgspec.structs import asdict

from waymark.identity.invitations.records import Colleague, Invitation, Offer, Place, Waiting
from waymark.kernel.db import Connection, Sql

ADD = Sql("""
    INSERT INTO invitation
      (id, token_hash, name, role, force_id, centre_id, agency_id, made_by, made_at, expires_at)
    VALUES (:id, :token_hash, :name, :role, :force_id, :centre_id, :agency_id, :made_by, :made_at,
       :expires_at)
""")
OPEN = Sql("""
    SELECT id, name, role, force_id, centre_id, agency_id, made_by, made_at, expires_at
    FROM invitation
    WHERE token_hash = :token_hash AND used_at IS NULL AND ended_at IS NULL AND expires_at > :now
""")
OFFER = Sql("""
    SELECT i.name, i.role, COALESCE(f.name, c.name, a.name, '') AS organisation,
           COALESCE(p.name, '') AS invited_by, i.expires_at
    FROM invitation AS i
    LEFT JOIN force AS f ON f.id = i.force_id
    LEFT JOIN centre AS c ON c.id = i.centre_id
    LEFT JOIN agency AS a ON a.id = i.agency_id
    LEFT JOIN person AS p ON p.id = i.made_by
    WHERE i.token_hash = :token_hash AND i.used_at IS NULL AND i.ended_at IS NULL AND i.expires_at > :now
""")
USE = Sql("""
    UPDATE invitation
    SET used_at = :now, person_id = :person_id
    WHERE id = :id AND used_at IS NULL AND ended_at IS NULL AND expires_at > :now
""")
CANCEL = Sql("""
    UPDATE invitation
    SET ended_at = :now
    WHERE id = :id AND used_at IS NULL AND ended_at IS NULL
""")
ADD_PERSON = Sql("""
    INSERT INTO person (id, username, name, password_hash)
    VALUES (:id, :username, :name, :password_hash)
    ON CONFLICT (username) DO NOTHING
""")
ADD_MEMBERSHIP = Sql("""
    INSERT INTO membership (id, person_id, role, force_id, centre_id, agency_id, valid_from)
    VALUES (:id, :person_id, :role, :force_id, :centre_id, :agency_id, :now)
""")
ORGANISATION = Sql("""
    SELECT name FROM force WHERE id = :force_id
    UNION ALL
    SELECT name FROM centre WHERE id = :centre_id
    UNION ALL
    SELECT name FROM agency WHERE id = :agency_id
""")
COLLEAGUES = Sql("""
    SELECT p.id, p.username, p.name, m.role, m.valid_from AS since, m.valid_to AS until,
           (SELECT SUBSTR(MAX(s.created_at), 1, 10) FROM session AS s WHERE s.person_id = p.id)
             AS last_login_on,
           (SELECT COUNT(*) FROM passkey AS k WHERE k.person_id = p.id AND k.removed_at IS NULL) AS passkeys,
           EXISTS (
             SELECT 1 FROM totp AS t
             WHERE t.person_id = p.id AND t.confirmed_at IS NOT NULL AND t.removed_at IS NULL
           ) AS totp
    FROM membership AS m
    JOIN person AS p ON p.id = m.person_id
    WHERE (m.valid_to IS NULL OR m.valid_to > :now)
      AND (m.centre_id = :centre_id OR m.force_id = :force_id OR m.agency_id = :agency_id)
    ORDER BY p.name, p.id
""")
WAITING = Sql("""
    SELECT id, name, role, made_at, expires_at
    FROM invitation
    WHERE used_at IS NULL AND ended_at IS NULL AND expires_at > :now
      AND (centre_id = :centre_id OR force_id = :force_id OR agency_id = :agency_id)
    ORDER BY made_at, id
""")


def add(db: Connection, invitation: Invitation, *, token_hash: str) -> None:
    db.execute(ADD, token_hash=token_hash, **asdict(invitation))


def opened(db: Connection, token_hash: str, *, now: datetime) -> Invitation | None:
    return db.one(OPEN, Invitation, token_hash=token_hash, now=now)


def offer(db: Connection, token_hash: str, *, now: datetime) -> Offer | None:
    return db.one(OFFER, Offer, token_hash=token_hash, now=now)


def use(db: Connection, id: str, *, person_id: str, now: datetime) -> bool:
    """False: somebody was quicker, or it was taken back."""
    return db.execute(USE, id=id, person_id=person_id, now=now) == 1


def cancel(db: Connection, id: str, *, now: datetime) -> bool:
    return db.execute(CANCEL, id=id, now=now) == 1


def add_person(db: Connection, *, id: str, username: str, name: str, password_hash: str) -> bool:
    """False: somebody has this user name."""
    values = {"id": id, "username": username, "name": name, "password_hash": password_hash}
    return db.execute(ADD_PERSON, **values) == 1


def add_membership(db: Connection, *, id: str, person_id: str, place: Place, now: datetime) -> None:
    db.execute(ADD_MEMBERSHIP, id=id, person_id=person_id, now=now, **asdict(place))


def organisation(db: Connection, place: Place) -> str | None:
    return db.one(ORGANISATION, str, **_of(place))


def colleagues(db: Connection, place: Place, *, now: datetime) -> list[Colleague]:
    return db.many(COLLEAGUES, Colleague, now=now, **_of(place))


def waiting(db: Connection, place: Place, *, now: datetime) -> list[Waiting]:
    return db.many(WAITING, Waiting, now=now, **_of(place))


def _of(place: Place) -> dict[str, str | None]:
    return {"force_id": place.force_id, "centre_id": place.centre_id, "agency_id": place.agency_id}
