"""Verbs of passkeys: begin and settle a challenge, add and remove a passkey, end other sessions."""

from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity import rules as identity
from waymark.identity.passkeys import store
from waymark.identity.passkeys.records import Account, Challenge, Passkey, PasskeyLine, Purpose, SessionLine
from waymark.identity.passkeys.rules import CHALLENGE_LIFE, PASSKEYS_MAX, token_hash
from waymark.identity.records import User
from waymark.identity.second_factor import store as second_factor
from waymark.identity.standing import actions as standing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem


def begin(
    db: Connection, token: str, challenge: bytes, purpose: Purpose, *, user: User | None, now: datetime
) -> list[Passkey]:
    """Remember what was asked of this browser. Returns the person's passkeys; none where nobody is known."""
    kept = Challenge(
        challenge=challenge,
        purpose=purpose,
        person_id=user.id if user else None,
        expires_at=stamp(now + CHALLENGE_LIFE),
    )
    store.add_challenge(db, token_hash(token), kept)
    return store.of_person(db, user.id) if user else []


def tidy(db: Connection, *, now: datetime) -> int:
    """Not at each `begin`: strangers begin as they like, and nobody shall wait for what they left."""
    return store.forget_challenges(db, now=now)


def take(
    db: Connection, token: str | None, purpose: Purpose, *, user: User | None, now: datetime
) -> bytes | None:
    """The challenge, once. None: it was for another purpose or person, is too old, or has been answered."""
    found = store.take_challenge(db, token_hash(token)) if token else None
    if found is None or found.purpose != purpose or found.expires_at <= stamp(now):
        return None
    return found.challenge if found.person_id == (user.id if user else None) else None


def known(db: Connection, id: str) -> Passkey | None:
    return store.passkey(db, id)


def used(db: Connection, passkey: Passkey, *, sign_count: int, now: datetime) -> None:
    """Raises Problem login_failed."""
    if not store.used(db, passkey.id, sign_count=sign_count, now=now):
        raise problem("login_failed")


def went_back(db: Connection, passkey: Passkey, *, now: datetime) -> None:
    """Somebody has a copy: neither is believed any more, and it is written down."""
    with standing.changing(db, passkey.person_id, now=now):
        store.remove(db, passkey.id, person_id=passkey.person_id, now=now)
    subject = Subject(kind="person", id=passkey.person_id)
    audit.append(db, actor=SERVICE, action="passkey.count_went_back", subject=subject, now=now)


def add(db: Connection, user: User, new: Passkey, *, now: datetime) -> None:
    """Raises Problem invalid."""
    with standing.changing(db, user.id, now=now):
        if len(store.of_person(db, user.id)) >= PASSKEYS_MAX or not store.add(db, new):
            raise problem("invalid", "credential")
    subject = Subject(kind="person", id=user.id)
    audit.append(db, actor=user.actor, action="passkey.added", subject=subject, now=now)


def remove(db: Connection, user: User, id: str, *, now: datetime) -> None:
    """Raises Problem not_found."""
    with standing.changing(db, user.id, now=now):
        if not store.remove(db, id, person_id=user.id, now=now):
            raise problem("not_found")
    subject = Subject(kind="person", id=user.id)
    audit.append(db, actor=user.actor, action="passkey.removed", subject=subject, now=now)


def remove_all(db: Connection, person_id: str, *, now: datetime) -> int:
    """Of somebody who has lost them. Whoever asks writes it down."""
    return store.remove_all(db, person_id, now=now)


def account(db: Connection, user: User, token: str, *, now: datetime) -> Account:
    own, factors = identity.token_hash(token), second_factor.factors(db, user.id)
    return Account(
        totp=factors.totp,
        recovery_left=factors.recovery_left,
        passkeys=tuple(
            PasskeyLine(
                id=one.id,
                name=one.name,
                made_at=one.made_at,
                used_at=one.used_at,
                backed_up=one.backed_up,
            )
            for one in store.of_person(db, user.id)
        ),
        sessions=tuple(
            SessionLine(
                began_at=one.created_at,
                last_seen_at=one.last_seen_at,
                how=one.second or one.how,
                this_one=one.token_hash == own,
            )
            for one in store.sessions(db, user.id, now=now)
        ),
    )


def end_others(db: Connection, user: User, token: str, *, now: datetime) -> int:
    """Everywhere but here. Returns how many."""
    ended = store.end_others(db, user.id, identity.token_hash(token), now=now)
    if ended:
        subject = Subject(kind="person", id=user.id)
        audit.append(
            db,
            actor=user.actor,
            action="sessions.ended",
            subject=subject,
            detail={"count": ended},
            now=now,
        )
    return ended


def username(db: Connection, user: User) -> str:
    return store.username(db, user.id)
