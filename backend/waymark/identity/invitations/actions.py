"""Verbs of invitations: make, take back and follow one; who belongs to a place, and who no longer does."""

from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Actor, Subject
from waymark.identity import actions as identity
from waymark.identity.invitations import store
from waymark.identity.invitations.records import Colleague, Invitation, Offer, Place, Waiting
from waymark.identity.invitations.rules import LIFE, LOOKING_AFTER, fits, token_hash
from waymark.identity.records import Role, User
from waymark.identity.rules import new_token
from waymark.identity.standing import actions as standing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.problems import problem


def invite(db: Connection, place: Place, name: str, *, actor: Actor, now: datetime) -> tuple[str, Invitation]:
    """A token that works once, within LIFE. It is shown once and stored nowhere.

    Raises Problem invalid for a role that is none of this organisation, and for an organisation that is not.
    """
    if not fits(place) or (_named(place) and store.organisation(db, place) is None):
        raise problem("invalid", "role")
    token = new_token()
    made = Invitation(
        id=new_id(),
        name=name,
        role=place.role,
        force_id=place.force_id,
        centre_id=place.centre_id,
        agency_id=place.agency_id,
        made_by=None if actor == SERVICE else actor.id,
        made_at=stamp(now),
        expires_at=stamp(now + LIFE),
    )
    store.add(db, made, token_hash=token_hash(token))
    subject, detail = Subject(kind="invitation", id=made.id), {"role": place.role, **_named(place)}
    audit.append(db, actor=actor, action="person.invited", subject=subject, detail=detail, now=now)
    return token, made


def offer(db: Connection, token: str, *, now: datetime) -> Offer:
    """Raises Problem invitation_over, whatever is wrong with it."""
    found = store.offer(db, token_hash(token), now=now)
    if found is None:
        raise problem("invitation_over")
    return found


def accept(
    db: Connection,
    token: str,
    username: str,
    password_hash: str,
    *,
    session: str,
    old: str | None,
    now: datetime,
) -> User:
    """Somebody is known here from now on, and logged in. session: the token of their first one.
    old: of whoever was logged in here before.

    Raises Problem invitation_over, username_taken; either leaves everything as it was.
    """
    found = store.opened(db, token_hash(token), now=now)
    if found is None:
        raise problem("invitation_over")
    person_id, place = (
        new_id(),
        Place(role=found.role, force_id=found.force_id, centre_id=found.centre_id, agency_id=found.agency_id),
    )
    with standing.changing(db, person_id, now=now):
        if not store.add_person(
            db, id=person_id, username=username, name=found.name, password_hash=password_hash
        ):
            raise problem("username_taken")
        if not store.use(db, found.id, person_id=person_id, now=now):
            raise problem("invitation_over")
        store.add_membership(db, id=new_id(), person_id=person_id, place=place, now=now)
    subject, actor = Subject(kind="invitation", id=found.id), Actor(id=person_id, role=place.role)
    audit.append(db, actor=actor, action="person.joined", subject=subject, now=now)
    return identity.log_in(db, person_id, token=session, old_token=old, shared=True, now=now)


def colleagues(db: Connection, user: User, *, now: datetime) -> list[Colleague]:
    return store.colleagues(db, place_of(user), now=now)


def waiting(db: Connection, user: User, *, now: datetime) -> list[Waiting]:
    return store.waiting(db, place_of(user), now=now)


def cancel(db: Connection, user: User, invitation_id: str, *, now: datetime) -> None:
    """One of the user's own place. Raises Problem not_found."""
    theirs = {one.id: one.role for one in waiting(db, user, now=now)}
    if theirs.get(invitation_id) not in given_by(user) or not store.cancel(db, invitation_id, now=now):
        raise problem("not_found")
    subject = Subject(kind="invitation", id=invitation_id)
    audit.append(db, actor=user.actor, action="invitation.cancelled", subject=subject, now=now)


def end(db: Connection, user: User, person_id: str, *, now: datetime) -> None:
    """Somebody of the user's own place is nothing here from now on.

    Raises Problem not_found; last_of_place where nobody would be left to look after its people.
    """
    everybody = colleagues(db, user, now=now)
    them = next((one for one in everybody if one.id == person_id), None)
    if them is None or them.role not in given_by(user):
        raise problem("not_found")
    left = [one for one in everybody if one.role in LOOKING_AFTER and one.id != person_id and not one.until]
    if them.role in LOOKING_AFTER and not left:
        raise problem("last_of_place")
    identity.end_membership(db, them.username, actor=user.actor, now=now)


def given_by(user: User) -> frozenset[Role]:
    return LOOKING_AFTER.get(user.role, frozenset())


def place_of(user: User, role: Role | None = None) -> Place:
    return Place(
        role=role or user.role, force_id=user.force_id, centre_id=user.centre_id, agency_id=user.agency_id
    )


def _named(place: Place) -> dict[str, str]:
    named = {"force": place.force_id, "centre": place.centre_id, "agency": place.agency_id}
    return {name: id for name, id in named.items() if id is not None}
