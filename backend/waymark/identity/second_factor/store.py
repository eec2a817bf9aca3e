"""The only SQL of the second step, and of a password that is changed."""

from datetime import datetime

from waymark.identity.second_factor.records import Factors, Totp
from waymark.kernel.db import Connection, Sql

FACTORS = Sql("""
    SELECT (SELECT COUNT(*) FROM passkey WHERE person_id = :person_id AND removed_at IS NULL) AS passkeys,
           EXISTS (
             SELECT 1 FROM totp
             WHERE person_id = :person_id AND confirmed_at IS NOT NULL AND removed_at IS NULL
           ) AS totp,
           (SELECT salt FROM recovery_set WHERE person_id = :person_id) AS recovery_salt,
           (SELECT COUNT(*) FROM recovery_code WHERE person_id = :person_id AND used_at IS NULL)
             AS recovery_left
""")
ADD_TOTP = Sql("""
    INSERT INTO totp (id, person_id, wrapped_key, sealed, made_at, last_step)
    VALUES (:id, :person_id, :wrapped_key, :sealed, :made_at, :last_step)
""")
TOTP = Sql("""
    SELECT id, person_id, wrapped_key, sealed, made_at, last_step
    FROM totp
    WHERE person_id = :person_id AND confirmed_at IS NOT NULL AND removed_at IS NULL
""")
WAITING_TOTP = Sql("""
    SELECT id, person_id, wrapped_key, sealed, made_at, last_step
    FROM totp
    WHERE person_id = :person_id AND confirmed_at IS NULL AND made_at > :since
    ORDER BY made_at DESC, id DESC
    LIMIT 1
""")
FORGET_WAITING = Sql("DELETE FROM totp WHERE person_id = :person_id AND confirmed_at IS NULL")
CONFIRM_TOTP = Sql("""
    UPDATE totp
    SET confirmed_at = :now, last_step = :step
    WHERE id = :id AND confirmed_at IS NULL
""")
# Two answers at once with one code cannot both be it.
USE_STEP = Sql("""
    UPDATE totp
    SET last_step = :step
    WHERE id = :id AND removed_at IS NULL AND last_step < :step
""")
REMOVE_TOTP = Sql("""
    UPDATE totp
    SET removed_at = :now, wrapped_key = :nothing, sealed = :nothing
    WHERE person_id = :person_id AND confirmed_at IS NOT NULL AND removed_at IS NULL
""")
KEEP_SET = Sql("""
    INSERT INTO recovery_set (person_id, salt, made_at)
    VALUES (:person_id, :salt, :made_at)
    ON CONFLICT (person_id) DO UPDATE SET salt = excluded.salt, made_at = excluded.made_at
""")
FORGET_CODES = Sql("DELETE FROM recovery_code WHERE person_id = :person_id")
ADD_CODE = Sql("INSERT INTO recovery_code (person_id, digest) VALUES (:person_id, :digest)")
USE_CODE = Sql("""
    UPDATE recovery_code
    SET used_at = :now
    WHERE person_id = :person_id AND digest = :digest AND used_at IS NULL
""")
SET_PASSWORD = Sql("UPDATE person SET password_hash = :password_hash WHERE id = :person_id")


def factors(db: Connection, person_id: str) -> Factors:
    found = db.one(FACTORS, Factors, person_id=person_id)
    if found is None:
        raise AssertionError("a row of counts is always there")
    return found


def add_totp(db: Connection, new: Totp) -> None:
    """In place of any other that waits to be confirmed."""
    db.execute(FORGET_WAITING, person_id=new.person_id)
    db.execute(
        ADD_TOTP,
        id=new.id,
        person_id=new.person_id,
        wrapped_key=new.wrapped_key,
        sealed=new.sealed,
        made_at=new.made_at,
        last_step=new.last_step,
    )


def totp(db: Connection, person_id: str) -> Totp | None:
    return db.one(TOTP, Totp, person_id=person_id)


def waiting_totp(db: Connection, person_id: str, *, since: datetime) -> Totp | None:
    return db.one(WAITING_TOTP, Totp, person_id=person_id, since=since)


def confirm_totp(db: Connection, id: str, *, step: int, now: datetime) -> bool:
    return db.execute(CONFIRM_TOTP, id=id, step=step, now=now) == 1


def use_step(db: Connection, id: str, step: int) -> bool:
    """False: it has been used, or a later one has."""
    return db.execute(USE_STEP, id=id, step=step) == 1


def remove_totp(db: Connection, person_id: str, *, now: datetime) -> bool:
    """The secret goes with it. False: there was none."""
    return db.execute(REMOVE_TOTP, person_id=person_id, nothing=b"", now=now) == 1


def keep_codes(
    db: Connection, person_id: str, salt: bytes, digests: tuple[bytes, ...], *, now: datetime
) -> None:
    """In place of all before."""
    db.execute(KEEP_SET, person_id=person_id, salt=salt, made_at=now)
    db.execute(FORGET_CODES, person_id=person_id)
    for digest in digests:
        db.execute(ADD_CODE, person_id=person_id, digest=digest)


def use_code(db: Connection, person_id: str, digest: bytes, *, now: datetime) -> bool:
    return db.execute(USE_CODE, person_id=person_id, digest=digest, now=now) == 1


def forget_codes(db: Connection, person_id: str) -> None:
    db.execute(FORGET_CODES, person_id=person_id)


def set_password(db: Connection, person_id: str, password_hash: str) -> None:
    db.execute(SET_PASSWORD, person_id=person_id, password_hash=password_hash)
