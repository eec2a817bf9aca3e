"""SQL of one-time codes and of the tablets that were enrolled with them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from waymark.identity.records import Device, EarlierKey, EnrolmentCode, Revoked, RevokeScope
from waymark.kernel.db import Connection, Sql

LOOKUP: Final = 64
"""Ids asked for in one statement. One text, so that it is prepared once."""
ADD_CODE = Sql("""
    INSERT INTO enrolment_code (code_hash, centre_id, label, made_by, expires_at)
    VALUES (:code_hash, :centre_id, :label, :made_by, :expires_at)
""")
CODE = Sql("""
    SELECT e.code_hash, e.centre_id, c.name AS centre_name, e.label, e.made_by, e.expires_at, e.used_at
    FROM enrolment_code AS e
    JOIN centre AS c ON c.id = e.centre_id
    WHERE e.code_hash = :code_hash
""")
USE_CODE = Sql("""
    UPDATE enrolment_code
    SET used_at = :now
    WHERE code_hash = :code_hash AND used_at IS NULL
""")
ADD_DEVICE = Sql("""
    INSERT INTO device (id, centre_id, label, sign_key, seal_key, enrolled_at)
    VALUES (:id, :centre_id, :label, :sign_key, :seal_key, :enrolled_at)
""")
DEVICE = Sql("""
    SELECT id, centre_id, label, sign_key, seal_key, enrolled_at, revoked_at, revoke_scope, revoke_nonce,
           order_told_at, held_when_revoked, keys_since, keys_asked_at, keys_doubted_at
    FROM device
    WHERE id = :id
""")
DEVICES_OF_CENTRE = Sql("""
    SELECT id, centre_id, label, sign_key, seal_key, enrolled_at, revoked_at, revoke_scope, revoke_nonce,
           order_told_at, held_when_revoked, keys_since, keys_asked_at, keys_doubted_at
    FROM device
    WHERE centre_id = :centre_id
    ORDER BY enrolled_at, id
""")
REVOKE_DEVICE = Sql("""
    UPDATE device
    SET revoked_at = :now, revoke_scope = :scope, revoke_nonce = :nonce, held_when_revoked = :held
    WHERE id = :id AND revoked_at IS NULL
""")
TOLD_ORDER = Sql("""
    UPDATE device
    SET order_told_at = :now
    WHERE id = :id AND revoked_at IS NOT NULL AND order_told_at IS NULL
""")
EARLIER_KEYS = Sql("""
    SELECT sign_key, epoch, seq
    FROM device_key
    WHERE device_id = :device_id
    ORDER BY replaced_at
""")
GIVE_UP_KEY = Sql("""
    INSERT INTO device_key (device_id, sign_key, epoch, seq, replaced_at)
    VALUES (:device_id, :sign_key, :epoch, :seq, :at)
""")
TAKE_KEYS = Sql("""
    UPDATE device
    SET sign_key = :sign_key, seal_key = :seal_key, keys_since = :at, keys_asked_at = NULL
    WHERE id = :id
""")
DOUBT_KEYS = Sql("UPDATE device SET keys_doubted_at = :at WHERE id = :id AND keys_doubted_at IS NULL")
ASK_FOR_KEYS = Sql("UPDATE device SET keys_asked_at = :at WHERE id = :id AND revoked_at IS NULL")
REVOKED = Sql(
    """
    SELECT id AS device_id, revoke_scope AS scope, revoke_nonce AS nonce, revoked_at AS at
    FROM device
    WHERE id IN (LISTED) AND revoke_nonce IS NOT NULL
    """.replace("LISTED", ", ".join(f":id_{n}" for n in range(LOOKUP)))
)
IN_SERVICE = Sql(
    """
    SELECT id, keys_asked_at IS NOT NULL OR COALESCE(keys_since, enrolled_at) < :before AS asked
    FROM device
    WHERE id IN (LISTED) AND revoked_at IS NULL
    """.replace("LISTED", ", ".join(f":id_{n}" for n in range(LOOKUP)))
)


class InService(Struct, frozen=True, kw_only=True):
    """asked: for new keys."""

    id: str
    asked: bool


def add_code(
    db: Connection, *, code_hash: str, centre_id: str, label: str, made_by: str, expires_at: datetime
) -> None:
    db.execute(
        ADD_CODE,
        code_hash=code_hash,
        centre_id=centre_id,
        label=label,
        made_by=made_by,
        expires_at=expires_at,
    )


def code(db: Connection, code_hash: str) -> EnrolmentCode | None:
    return db.one(CODE, EnrolmentCode, code_hash=code_hash)


def use_code(db: Connection, code_hash: str, *, now: datetime) -> bool:
    """False: somebody was quicker."""
    return db.execute(USE_CODE, code_hash=code_hash, now=now) == 1


def add_device(db: Connection, device: Device) -> None:
    db.execute(
        ADD_DEVICE,
        id=device.id,
        centre_id=device.centre_id,
        label=device.label,
        sign_key=device.sign_key,
        seal_key=device.seal_key,
        enrolled_at=device.enrolled_at,
    )


def device(db: Connection, device_id: str) -> Device | None:
    return db.one(DEVICE, Device, id=device_id)


def devices_of_centre(db: Connection, centre_id: str) -> list[Device]:
    return db.many(DEVICES_OF_CENTRE, Device, centre_id=centre_id)


def revoke_device(
    db: Connection, device_id: str, *, scope: RevokeScope, nonce: str, held: int | None, now: datetime
) -> bool:
    return db.execute(REVOKE_DEVICE, id=device_id, scope=scope, nonce=nonce, held=held, now=now) == 1


def told_order(db: Connection, device_id: str, *, now: datetime) -> bool:
    return db.execute(TOLD_ORDER, id=device_id, now=now) == 1


def revoked_among(db: Connection, device_ids: Iterable[str]) -> list[Revoked]:
    return [one for ids in _some(device_ids) for one in db.many(REVOKED, Revoked, **ids)]


def in_service_among(db: Connection, device_ids: Iterable[str], *, before: str) -> list[InService]:
    """before: keys that are of then are to be replaced."""
    return [one for ids in _some(device_ids) for one in db.many(IN_SERVICE, InService, before=before, **ids)]


def _some(device_ids: Iterable[str]) -> Iterator[dict[str, str]]:
    """LOOKUP at a time; the first of them fills what is left."""
    ids = list(device_ids)
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        yield {f"id_{n}": one for n, one in enumerate([*some, *[some[0]] * (LOOKUP - len(some))])}


def earlier_keys(db: Connection, device_id: str) -> list[EarlierKey]:
    """Oldest first."""
    return db.many(EARLIER_KEYS, EarlierKey, device_id=device_id)


def give_up_key(db: Connection, device_id: str, key: EarlierKey, *, at: str) -> None:
    db.execute(GIVE_UP_KEY, device_id=device_id, sign_key=key.sign_key, epoch=key.epoch, seq=key.seq, at=at)


def take_keys(db: Connection, device_id: str, *, sign_key: bytes, seal_key: bytes, at: str) -> None:
    db.execute(TAKE_KEYS, id=device_id, sign_key=sign_key, seal_key=seal_key, at=at)


def doubt_keys(db: Connection, device_id: str, *, at: str) -> bool:
    return db.execute(DOUBT_KEYS, id=device_id, at=at) == 1


def ask_for_keys(db: Connection, device_id: str, *, at: str) -> bool:
    return db.execute(ASK_FOR_KEYS, id=device_id, at=at) == 1
