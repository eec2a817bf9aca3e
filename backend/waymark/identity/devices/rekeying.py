"""New keys of a tablet: when it is asked for them, what it brings, and what its old ones still prove."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Actor, Subject
from waymark.identity.devices import store
from waymark.identity.records import Device, EarlierKey
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark_sync.rekeying import Rekey, Rekeyed, rekey_text, rekeyed_text, steps_from
from waymark_sync.seal import point, signature_valid

KEYS_LAST: Final = timedelta(days=90)


def step_valid(device_id: str, step: Rekey) -> bool:
    """Did whoever held the old key, and holds the new one, make it? Are its keys points of the curve?"""
    try:
        point(step.seal_key)
    except ValueError:
        return False
    text = rekey_text(device_id, step)
    return signature_valid(step.old_sign_key, text, step.old_sig) and signature_valid(
        step.sign_key, text, step.new_sig
    )


def way_to(
    device_id: str, steps: Sequence[Rekey], key: bytes, earlier: Iterable[EarlierKey]
) -> tuple[Rekey, ...] | None:
    """The steps from `key` that count: none where it is the last already. None: they lead nowhere.

    A key that was given up never comes back.
    """
    way = steps_from(steps, key)
    given_up = {one.sign_key for one in earlier}
    if way is None or any(step.sign_key in given_up or not step_valid(device_id, step) for step in way):
        return None
    return way


def take_keys(db: Connection, device_id: str, steps: Sequence[Rekey], *, now: datetime) -> bytes | None:
    """The key that counts from now on, if it is the one that these steps lead to. Again is like once.

    None: not a tablet in service, or the steps lead nowhere. Where they begin at keys that it has given up,
    two devices say that they are it: a person is told.
    """
    db.serialise(f"device {device_id}")
    device = store.device(db, device_id)
    if device is None or device.revoked_at is not None or not steps:
        return None
    earlier = store.earlier_keys(db, device_id)
    way = way_to(device_id, steps, device.sign_key, earlier)
    if way is None:
        _doubt(db, device, steps, earlier, now=now)
        return None
    for step in way:
        store.give_up_key(
            db,
            device_id,
            EarlierKey(sign_key=step.old_sign_key, epoch=step.epoch, seq=step.seq),
            at=stamp(now),
        )
    if way:
        last = way[-1]
        store.take_keys(db, device_id, sign_key=last.sign_key, seal_key=last.seal_key, at=stamp(now))
        subject = Subject(kind="device", id=device_id)
        audit.append(db, actor=SERVICE, action="device.rekeyed", subject=subject, now=now)
    return steps[-1].sign_key


def _doubt(
    db: Connection, device: Device, steps: Sequence[Rekey], earlier: Sequence[EarlierKey], *, now: datetime
) -> None:
    """Once: who asks may ask often. A stranger's steps, which name no key that it ever had, are nothing."""
    given_up = {one.sign_key for one in earlier}
    shown = [step for step in steps if step.old_sign_key in given_up and step_valid(device.id, step)]
    known = any(step.sign_key == device.sign_key or step.sign_key in given_up for step in steps)
    if not shown or known:
        return
    doubt(db, device.id, now=now)


def doubt(db: Connection, device_id: str, *, now: datetime) -> None:
    """Keys that it had given up were used as if they were its own."""
    if store.doubt_keys(db, device_id, at=stamp(now)):
        subject = Subject(kind="device", id=device_id)
        audit.append(db, actor=SERVICE, action="device.keys_doubted", subject=subject, now=now)


def ask_for_keys(db: Connection, device_id: str, *, actor: Actor, now: datetime) -> bool:
    """It brings new ones with its next push but one. False: it is not in service."""
    if not store.ask_for_keys(db, device_id, at=stamp(now)):
        return False
    subject = Subject(kind="device", id=device_id)
    audit.append(db, actor=actor, action="device.keys_asked", subject=subject, now=now)
    return True


def in_service_among(db: Connection, device_ids: Iterable[str], *, now: datetime) -> dict[str, bool]:
    """Enrolled, and not taken out; and is each to take new keys, by its age or because somebody asked?"""
    found = store.in_service_among(db, device_ids, before=stamp(now - KEYS_LAST))
    return {one.id: bool(one.asked) for one in found}


def earlier_keys(db: Connection, device_id: str) -> tuple[EarlierKey, ...]:
    """That it has given up, oldest first."""
    return tuple(store.earlier_keys(db, device_id))


def sign_keys(db: Connection, device_id: str) -> tuple[bytes, ...]:
    """Its own and those that it has given up. None for whoever is no tablet."""
    device = store.device(db, device_id)
    if device is None:
        return ()
    return (device.sign_key, *(one.sign_key for one in earlier_keys(db, device_id)))


def rekeyed_word(device_id: str, sign_key: bytes, ring: KeyRing, *, at: int) -> Rekeyed:
    """What it is told, signed: it then lets go of its old key. at: milliseconds."""
    blank = Rekeyed(device_id=device_id, sign_key=sign_key, at=at, kid="", sig=bytes(64))
    kid, sig = ring.sign(rekeyed_text(blank))
    return replace(blank, kid=kid, sig=sig)
