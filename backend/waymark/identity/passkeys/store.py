"""The only SQL of passkeys, and of what a person sees of their own sessions."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from waymark.identity.passkeys.records import Challenge, Passkey
from waymark.identity.records import How, Second
from waymark.kernel.db import Connection, Sql

ADD_CHALLENGE = Sql("""
    INSERT INTO passkey_challenge (token_hash, challenge, purpose, person_id, expires_at)
    VALUES (:token_hash, :challenge, :purpose, :person_id, :expires_at)
""")
# Whoever asks for it has had it: an answer counts once.
TAKE_CHALLENGE = Sql("""
    DELETE FROM passkey_challenge
    WHERE token_hash = :token_hash
    RETURNING challenge, purpose, person_id, expires_at
""")
FORGET_CHALLENGES = Sql("DELETE FROM passkey_challenge WHERE expires_at < :now")
OF_PERSON = Sql("""
    SELECT id, person_id, public_key, sign_count, name, backed_up, made_at, used_at
    FROM passkey
    WHERE person_id = :person_id AND removed_at IS NULL
    ORDER BY made_at, id
""")
PASSKEY = Sql("""
    SELECT id, person_id, public_key, sign_count, name, backed_up, made_at, used_at
    FROM passkey
    WHERE id = :id AND removed_at IS NULL
""")
ADD = Sql("""
    INSERT INTO passkey (id, person_id, public_key, sign_count, name, backed_up, made_at)
    VALUES (:id, :person_id, :public_key, :sign_count, :name, :backed_up, :made_at)
    ON CONFLICT (id) DO NOTHING
""")
# Two answers at once with one count cannot both be it.
USED = Sql("""
    UPDATE passkey
    SET sign_count = :sign_count, used_at = :now
    WHERE id = :id AND removed_at IS NULL AND (sign_count = 0 OR sign_count < :sign_count)
""")
REMOVE = Sql("""
    UPDATE passkey
    SET removed_at = :now
    WHERE id = :id AND person_id = :person_id AND removed_at IS NULL
""")
REMOVE_ALL = Sql("""
    UPDATE passkey
    SET removed_at = :now
    WHERE person_id = :person_id AND removed_at IS NULL
""")
SESSIONS = Sql("""
    SELECT token_hash, created_at, last_seen_at, how, second
    FROM session
    WHERE person_id = :person_id AND revoked_at IS NULL AND expires_at > :now
    ORDER BY last_seen_at DESC, token_hash
""")
END_OTHERS = Sql("""
    UPDATE session
    SET revoked_at = :now
    WHERE person_id = :person_id AND token_hash <> :token_hash AND revoked_at IS NULL
""")
USERNAME = Sql("SELECT username FROM person WHERE id = :id")


class SessionRow(Struct, frozen=True, kw_only=True):
    token_hash: str
    created_at: str
    last_seen_at: str
    how: How
    second: Second


def add_challenge(db: Connection, token_hash: str, new: Challenge) -> None:
    db.execute(ADD_CHALLENGE, token_hash=token_hash, **asdict(new))


def take_challenge(db: Connection, token_hash: str) -> Challenge | None:
    return db.one(TAKE_CHALLENGE, Challenge, token_hash=token_hash)


def forget_challenges(db: Connection, *, now: datetime) -> int:
    return db.execute(FORGET_CHALLENGES, now=now)


def of_person(db: Connection, person_id: str) -> list[Passkey]:
    return db.many(OF_PERSON, Passkey, person_id=person_id)


def passkey(db: Connection, id: str) -> Passkey | None:
    return db.one(PASSKEY, Passkey, id=id)


def add(db: Connection, new: Passkey) -> bool:
    """False: it is somebody's already."""
    values = asdict(new)
    del values["used_at"]
    return db.execute(ADD, **values) == 1


def used(db: Connection, id: str, *, sign_count: int, now: datetime) -> bool:
    """False: it is gone, or the same answer came twice at once."""
    return db.execute(USED, id=id, sign_count=sign_count, now=now) == 1


def remove(db: Connection, id: str, *, person_id: str, now: datetime) -> bool:
    return db.execute(REMOVE, id=id, person_id=person_id, now=now) == 1


def remove_all(db: Connection, person_id: str, *, now: datetime) -> int:
    return db.execute(REMOVE_ALL, person_id=person_id, now=now)


def sessions(db: Connection, person_id: str, *, now: datetime) -> list[SessionRow]:
    return db.many(SESSIONS, SessionRow, person_id=person_id, now=now)


def end_others(db: Connection, person_id: str, token_hash: str, *, now: datetime) -> int:
    return db.execute(END_OTHERS, person_id=person_id, token_hash=token_hash, now=now)


def username(db: Connection, person_id: str) -> str:
    return db.one(USERNAME, str, id=person_id) or ""
