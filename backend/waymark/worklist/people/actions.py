"""Verbs of the people page. What each person may do is decided in `agencies`."""

from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import Subject
from waymark.identity.invitations import actions as invitations
from waymark.identity.invitations.records import Colleague, Invitation, Waiting
from waymark.identity.records import Role, User
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.worklist.actions import allowed


def people(db: Connection, user: User, *, now: datetime) -> tuple[list[Colleague], list[Waiting]]:
    """Raises Problem not_found."""
    allowed(user, "list_people", now=now)
    found = invitations.colleagues(db, user, now=now)
    subject, detail = Subject(kind="list", id=_place(user)), {"count": len(found)}
    audit.append(db, actor=user.actor, action="people.listed", subject=subject, detail=detail, now=now)
    return found, invitations.waiting(db, user, now=now)


def invite(db: Connection, user: User, name: str, role: Role, *, now: datetime) -> tuple[str, Invitation]:
    """To be something of the user's own place. Raises Problem not_found, invalid."""
    allowed(user, "invite_person", now=now)
    if role not in invitations.given_by(user):
        raise problem("invalid", "role")
    return invitations.invite(db, invitations.place_of(user, role), name, actor=user.actor, now=now)


def cancel(db: Connection, user: User, invitation_id: str, *, now: datetime) -> None:
    """Raises Problem not_found."""
    allowed(user, "invite_person", now=now)
    invitations.cancel(db, user, invitation_id, now=now)


def end(db: Connection, user: User, person_id: str, *, now: datetime) -> None:
    """Raises Problem not_found, last_of_place."""
    allowed(user, "end_membership", now=now)
    invitations.end(db, user, person_id, now=now)


def _place(user: User) -> str:
    return user.centre_id or user.force_id or ""
