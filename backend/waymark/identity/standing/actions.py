"""Who somebody is and how they get in stands in the trail, too, as hashes: what was written past us shows.

Each verb that changes either does so within `changing`. Whoever writes a row past the service leaves the two
apart, and no later change of the service's own hides it: a person looks, and accepts it or takes it back.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Actor, Subject
from waymark.identity import store as identity
from waymark.identity.standing import store
from waymark.identity.standing.records import KIND, Astray, Standing
from waymark.identity.standing.rules import differing, standing_of
from waymark.kernel.db import Connection


def begin(db: Connection, *, now: datetime) -> None:
    """Once, of a service from before the trail held this: what stands now is where it begins."""
    if not store.any_noted(db):
        for person_id in store.people(db):
            _note(db, person_id, "standing.begun", now=now)


@contextmanager
def changing(db: Connection, person_id: str, *, now: datetime) -> Iterator[None]:
    """Around a change of somebody's roles or ways in. One who is astray before it stays so."""
    db.serialise("audit")  # the trail's own lock: of two changes at once the later one sees the other's
    before = _stands(db, person_id)
    astray = before is not None and differing(_noted(db, person_id), before)
    yield
    if not astray and _stands(db, person_id) != before:
        _note(db, person_id, "standing.changed", now=now)


def astray(db: Connection, *, now: datetime) -> list[Astray]:
    """Everybody who stands otherwise than the trail says, or is in where nobody logged in."""
    found, entered = [], store.not_logged_in(db, now=now)
    for person_id in store.people(db):
        person, stands = store.person(db, person_id), _stands(db, person_id)
        if person is None or stands is None:
            continue
        parts = differing(_noted(db, person_id), stands)
        if person_id in entered:
            parts = (*parts, "sessions")
        if parts:
            found.append(Astray(person_id=person_id, username=person.username, parts=parts))
    return found


def accept(db: Connection, username: str, *, actor: Actor, now: datetime) -> bool:
    """Somebody has looked: it is to be as it stands, and whoever is in logs in again.

    False: nobody of this name is astray.
    """
    person_id = store.person_id(db, username)
    if person_id is None or not any(one.person_id == person_id for one in astray(db, now=now)):
        return False
    identity.end_sessions(db, person_id, now=now)
    _note(db, person_id, "standing.accepted", actor=actor, now=now)
    return True


def _stands(db: Connection, person_id: str) -> Standing | None:
    """None: there is no such person yet."""
    person = store.person(db, person_id)
    if person is None:
        return None
    return standing_of(person, store.memberships(db, person_id), store.ways(db, person_id))


def _noted(db: Connection, person_id: str) -> Standing | None:
    """None also for what can be nothing of ours: then nobody stands as it says."""
    detail = store.noted(db, person_id)
    try:
        return msgspec.convert(json.loads(detail), Standing) if detail is not None else None
    except (ValueError, msgspec.ValidationError):
        return None


def _note(db: Connection, person_id: str, action: str, *, actor: Actor = SERVICE, now: datetime) -> None:
    stands = _stands(db, person_id)
    if stands is not None:
        subject, detail = Subject(kind=KIND, id=person_id), msgspec.to_builtins(stands)
        audit.append(db, actor=actor, action=action, subject=subject, detail=detail, now=now)
