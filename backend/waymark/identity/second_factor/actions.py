"""Verbs of the second step: set an app up, make codes on paper, use one, change the password."""

from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import Actor, Subject
from waymark.identity import store as identity
from waymark.identity.passkeys import actions as passkeys
from waymark.identity.records import User
from waymark.identity.second_factor import store
from waymark.identity.second_factor.records import Factors, Totp
from waymark.identity.second_factor.rules import CONFIRM_WITHIN, step_of
from waymark.identity.standing import actions as standing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault, decrypt, encrypt


def factors(db: Connection, person_id: str) -> Factors:
    return store.factors(db, person_id)


def begin_totp(db: Connection, vault: Vault, user: User, secret: str, *, now: datetime) -> None:
    """It proves nothing until the app has shown that it has the secret.

    Raises Problem not_now: there is an app already.
    """
    if store.totp(db, user.id) is not None:
        raise problem("not_now")
    totp_id, (key, wrapped) = new_id(), vault.new_key()
    sealed = encrypt(key, secret.encode(), aad=_place(totp_id))
    store.add_totp(
        db,
        Totp(
            id=totp_id,
            person_id=user.id,
            wrapped_key=wrapped,
            sealed=sealed,
            made_at=stamp(now),
            last_step=0,
        ),
    )


def confirm_totp(db: Connection, vault: Vault, user: User, typed: str, *, now: datetime) -> None:
    """Raises Problem code_wrong, also where nothing waits to be confirmed."""
    waiting = store.waiting_totp(db, user.id, since=now - CONFIRM_WITHIN)
    step = None if waiting is None else step_of(_secret(vault, waiting), typed, after=0, now=now)
    with standing.changing(db, user.id, now=now):
        if waiting is None or step is None or not store.confirm_totp(db, waiting.id, step=step, now=now):
            raise problem("code_wrong")
    _note(db, user.actor, "totp.added", user.id, now=now)


def remove_totp(db: Connection, user: User, *, required: bool, now: datetime) -> None:
    """Raises Problem not_found; last_factor where nothing would be left beside the password."""
    with standing.changing(db, user.id, now=now):
        if not store.remove_totp(db, user.id, now=now):
            raise problem("not_found")
    keep_some(db, user, required=required)
    _note(db, user.actor, "totp.removed", user.id, now=now)


def keep_some(db: Connection, user: User, *, required: bool) -> None:
    """After one is gone. Codes on paper without anything that they stand in for are none.

    Raises Problem last_factor, which undoes it.
    """
    if store.factors(db, user.id).any:
        return
    if required:
        raise problem("last_factor")
    store.forget_codes(db, user.id)


def keep_recovery(
    db: Connection, user: User, salt: bytes, digests: tuple[bytes, ...], *, now: datetime
) -> None:
    """In place of all before. Raises Problem not_now where there is nothing that they could stand in for."""
    if not store.factors(db, user.id).any:
        raise problem("not_now")
    store.keep_codes(db, user.id, salt, digests, now=now)
    _note(db, user.actor, "recovery_codes.made", user.id, now=now)


def use_totp(db: Connection, vault: Vault, person_id: str, typed: str, *, now: datetime) -> bool:
    """False: not this person's now, or used before."""
    found = store.totp(db, person_id)
    if found is None:
        return False
    step = step_of(_secret(vault, found), typed, after=found.last_step, now=now)
    return step is not None and store.use_step(db, found.id, step)


def use_recovery(db: Connection, person_id: str, digest: bytes, *, actor: Actor, now: datetime) -> bool:
    """Once. False: none of this person's, or used before."""
    if not store.use_code(db, person_id, digest, now=now):
        return False
    _note(db, actor, "recovery_code.used", person_id, now=now)
    return True


def set_password(db: Connection, user: User, password_hash: str, *, now: datetime) -> None:
    with standing.changing(db, user.id, now=now):
        store.set_password(db, user.id, password_hash)
    _note(db, user.actor, "password.changed", user.id, now=now)


def rehash(db: Connection, person_id: str, password_hash: str, *, now: datetime) -> None:
    """The same password, as it is hashed today."""
    with standing.changing(db, person_id, now=now):
        store.set_password(db, person_id, password_hash)


def forget_factors(db: Connection, username: str, *, actor: Actor, now: datetime) -> bool:
    """Somebody has lost all that they had beside the password. Their sessions end.

    False: nobody has this name.
    """
    known = identity.credentials(db, username)
    if known is None:
        return False
    with standing.changing(db, known.person_id, now=now):
        store.remove_totp(db, known.person_id, now=now)
        store.forget_codes(db, known.person_id)
        passkeys.remove_all(db, known.person_id, now=now)
    identity.end_sessions(db, known.person_id, now=now)
    _note(db, actor, "factors.forgotten", known.person_id, now=now)
    return True


def _note(db: Connection, actor: Actor, action: str, person_id: str, *, now: datetime) -> None:
    audit.append(db, actor=actor, action=action, subject=Subject(kind="person", id=person_id), now=now)


def _secret(vault: Vault, totp: Totp) -> str:
    return decrypt(vault.unwrap(totp.wrapped_key), totp.sealed, aad=_place(totp.id)).decode()


def _place(totp_id: str) -> bytes:
    return f"totp|{totp_id}|secret".encode()
