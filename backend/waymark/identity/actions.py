"""Verbs of identity: log in and out, make a one-time code, enrol and revoke a device, adopt a pack."""

from collections.abc import Iterable
from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Actor, Subject
from waymark.identity import store
from waymark.identity.devices import store as devices
from waymark.identity.records import (
    Credentials,
    DemoPerson,
    Device,
    How,
    Revoked,
    RevokeScope,
    Second,
    Session,
    User,
)
from waymark.identity.rules import (
    ABSOLUTE,
    CODE_LIFE,
    ENROL_TRIES,
    LOGIN_TRIES,
    LOGIN_TRIES_ALL,
    WINDOW,
    bucket,
    code_hash,
    code_usable,
    end_of,
    locked,
    member,
    new_code,
    seen_stale,
    session_good,
    token_hash,
    wait_s,
)
from waymark.identity.standing import actions as standing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.problems import Problem, problem
from waymark_sync.policy import Pack
from waymark_sync.protocol import EnrolRequest, EnrolResponse

ALL_LOGINS = bucket("logins")
ENROLMENTS = bucket("enrolments")


def begin_login(db: Connection, username: str, *, now: datetime) -> Credentials | Problem | None:
    """Count the attempt before the password is looked at, so that attempts at once are counted, too.

    None for an unknown user, whose password must then be checked all the same. The Problem is returned, not
    raised: raising would undo the count.
    """
    start = now - WINDOW
    account = store.count_attempt(db, bucket("login", username), now=now, window_start=start)
    everyone = store.count_attempt(db, ALL_LOGINS, now=now, window_start=start)
    wait = max(wait_s(account, tries=LOGIN_TRIES, now=now), wait_s(everyone, tries=LOGIN_TRIES_ALL, now=now))
    if wait:
        return problem("too_many_attempts", headers={"Retry-After": str(wait)})
    return store.credentials(db, username)


def unlock(db: Connection, username: str, *, now: datetime) -> None:
    """Whoever runs the service vouches for somebody who has mistyped too often."""
    store.forget_attempts(db, bucket("login", username))
    subject = Subject(kind="throttle", id="login")
    audit.append(db, actor=SERVICE, action="login.unlocked", subject=subject, now=now)


def half_heard(db: Connection, username: str) -> None:
    """The password was right, and more is asked for: this try counts neither way."""
    store.uncount_attempt(db, bucket("login", username))
    store.uncount_attempt(db, ALL_LOGINS)


def heard(db: Connection, username: str) -> None:
    """Whoever has shown that it is them begins again."""
    store.forget_attempts(db, bucket("login", username))
    store.uncount_attempt(db, ALL_LOGINS)


def fail_login(db: Connection, person_id: str | None, *, now: datetime) -> None:
    subject = Subject(kind="person", id=person_id or "unknown")
    audit.append(db, actor=SERVICE, action="login.failed", subject=subject, now=now)


def log_in(
    db: Connection,
    person_id: str,
    *,
    username: str = "",
    token: str,
    old_token: str | None,
    how: How = "password",
    second: Second = "",
    shared: bool = False,
    now: datetime,
) -> User:
    """A new session under a new token; the one that the browser had before ends.

    username: whose tries at the password are forgotten; a passkey proves nothing about that.
    shared: other people use this browser, too.
    """
    if username:
        heard(db, username)
    if old_token:
        store.end_session(db, token_hash(old_token), now=now)
    store.add_session(
        db,
        token_hash=token_hash(token),
        person_id=person_id,
        how=how,
        second=second,
        shared=shared,
        now=now,
        expires_at=now + ABSOLUTE,
    )
    session = store.session(db, token_hash(token), now=now)
    if session is None or not member(session.user, now=now):
        raise problem("login_failed")
    subject = Subject(kind="person", id=person_id)
    detail = {"how": second or how}
    audit.append(db, actor=session.user.actor, action="login", subject=subject, detail=detail, now=now)
    return session.user


def go_on_as(
    db: Connection,
    old_token: str,
    token: str,
    user: User,
    *,
    how: How | None = None,
    second: Second | None = None,
    now: datetime,
) -> None:
    """The same session under a new token, once its person has shown again that it is them.

    how, second: what they have shown, where that is more than before. Raises Problem login_needed where it
    has ended meanwhile.
    """
    old, new = token_hash(old_token), token_hash(token)
    if not store.go_on(db, token_hash=old, new_hash=new, how=how, second=second, now=now):
        raise problem("login_needed")
    store.end_session(db, old, now=now)
    subject = Subject(kind="person", id=user.id)
    audit.append(db, actor=user.actor, action="session.verified", subject=subject, now=now)


def session(db: Connection, token: str, *, now: datetime) -> Session | None:
    """None for an unknown token and for a session that is over."""
    found = store.session(db, token_hash(token), now=now)
    return found if found is not None and session_good(found, now=now) else None


def open_session(db: Connection, token: str, *, now: datetime) -> Session | None:
    """None also for one that is locked."""
    found = session(db, token, now=now)
    return None if found is None or locked(found, now=now) else found


def is_locked(session: Session, *, now: datetime) -> bool:
    """Is nothing to be shown until somebody has shown who they are?"""
    return locked(session, now=now)


def lock(db: Connection, token: str, user: User, *, now: datetime) -> None:
    """Nothing is shown under this token any more. Whoever unlocks it goes on under a new one."""
    if store.lock_session(db, token_hash(token), now=now):
        subject = Subject(kind="person", id=user.id)
        audit.append(db, actor=user.actor, action="session.locked", subject=subject, now=now)


def session_stale(session: Session, *, now: datetime) -> bool:
    """Is it time to remember that it was used?"""
    return seen_stale(session, now=now)


def session_end(session: Session) -> datetime:
    """When it ends unless it is used before."""
    return end_of(session)


def ended_since(db: Connection, since: datetime) -> set[str]:
    """Token hashes of sessions that somebody has ended or locked since then."""
    return set(store.ended_since(db, since))


def saw_session(db: Connection, session: Session, *, now: datetime) -> None:
    store.saw_session(db, session.token_hash, now=now)


def log_out(db: Connection, token: str, user: User, *, now: datetime) -> None:
    store.end_session(db, token_hash(token), now=now)
    subject = Subject(kind="person", id=user.id)
    audit.append(db, actor=user.actor, action="logout", subject=subject, now=now)


def make_code(db: Connection, user: User, label: str, *, now: datetime) -> tuple[str, datetime]:
    """A one-time code for one tablet of the user's own centre. It is shown once and stored nowhere."""
    if user.centre_id is None:
        raise problem("not_found")
    code, expires_at = new_code(), now + CODE_LIFE
    devices.add_code(
        db,
        code_hash=code_hash(code),
        centre_id=user.centre_id,
        label=label,
        made_by=user.id,
        expires_at=expires_at,
    )
    subject = Subject(kind="centre", id=user.centre_id)
    audit.append(db, actor=user.actor, action="enrolment_code.made", subject=subject, now=now)
    return code, expires_at


def miss_enrolment(db: Connection, *, now: datetime) -> Problem | None:
    """Count a code that nobody made. Returned, not raised: raising would undo the count."""
    attempts = store.count_attempt(db, ENROLMENTS, now=now, window_start=now - WINDOW)
    wait = wait_s(attempts, tries=ENROL_TRIES, now=now)
    return problem("too_many_attempts", headers={"Retry-After": str(wait)}) if wait else None


def enrol(db: Connection, request: EnrolRequest, *, now: datetime) -> EnrolResponse:
    """Use up the code. Raises Problem code_not_known, code_expired. The proof has been checked."""
    code = devices.code(db, code_hash(request.code))
    if code is None:
        raise problem("code_not_known")
    if not code_usable(code, now=now) or not devices.use_code(db, code.code_hash, now=now):
        raise problem("code_expired")
    device = Device(
        id=new_id(),
        centre_id=code.centre_id,
        label=code.label,
        sign_key=request.sign_key,
        seal_key=request.seal_key,
        enrolled_at=stamp(now),
        revoked_at=None,
    )
    devices.add_device(db, device)
    audit.append(
        db,
        actor=Actor(id=code.made_by, role="code"),
        action="device.enrolled",
        subject=Subject(kind="device", id=device.id),
        detail={"centre": code.centre_id},
        now=now,
    )
    return EnrolResponse(device_id=device.id, centre_id=code.centre_id, centre_name=code.centre_name)


def revoke_device(
    db: Connection,
    device_id: str,
    *,
    scope: RevokeScope = "keys",
    held: int | None = None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Its feed closes, it is told with every answer, and what it pushes from now on waits in quarantine.

    held: how many reports it has said that it holds. False: it was not enrolled, or it is revoked already.
    """
    if not devices.revoke_device(db, device_id, scope=scope, nonce=new_id(), held=held, now=now):
        return False
    subject = Subject(kind="device", id=device_id)
    audit.append(db, actor=actor, action="device.revoked", subject=subject, detail={"scope": scope}, now=now)
    return True


def told_order(db: Connection, device_id: str, *, now: datetime) -> None:
    """The first time counts; of a device that is in service nothing is noted."""
    if devices.told_order(db, device_id, now=now):
        subject = Subject(kind="device", id=device_id)
        audit.append(db, actor=SERVICE, action="device.told_order", subject=subject, now=now)


def revoked_among(db: Connection, device_ids: Iterable[str]) -> dict[str, Revoked]:
    """By device: those that were taken out of their centre."""
    return {one.device_id: one for one in devices.revoked_among(db, device_ids)}


def device(db: Connection, device_id: str) -> Device | None:
    """Revoked ones, too."""
    return devices.device(db, device_id)


def devices_of_centre(db: Connection, centre_id: str) -> list[Device]:
    return devices.devices_of_centre(db, centre_id)


def centre_name(db: Connection, centre_id: str) -> str:
    return store.centre_name(db, centre_id) or centre_id


def organisation_at(db: Connection, person_id: str, *, at: str) -> str:
    """Where somebody worked then. Empty for whoever worked nowhere."""
    return store.organisation_at(db, person_id, at=at) or ""


def force_name(db: Connection, force_id: str) -> str:
    return store.force_name(db, force_id) or force_id


def adopt_pack(db: Connection, pack: Pack) -> None:
    """Make the pack's forces and centres known. Safe to repeat; nothing is ever removed.

    Not audited: it is configuration, and its version is in every report.
    """
    for force in pack.forces:
        store.keep_force(db, id=force.id, name=force.name)
    for centre in pack.centres:
        store.keep_centre(db, id=centre.id, name=centre.name, force_id=centre.force_id)


def seed_demo(db: Connection, pack: Pack, people: Iterable[DemoPerson], *, now: datetime) -> None:
    """Forces, centres and people of a demonstration. Safe to repeat: passwords become those given."""
    adopt_pack(db, pack)
    standing.begin(db, now=now)
    for person in people:
        known = store.credentials(db, person.username)
        person_id = known.person_id if known else new_id()
        with standing.changing(db, person_id, now=now):
            store.keep_person(db, person_id, person)
    subject = Subject(kind="pack", id=pack.version)
    audit.append(db, actor=SERVICE, action="demo.seeded", subject=subject, now=now)


def end_membership(db: Connection, username: str, *, actor: Actor, now: datetime) -> bool:
    """From now on this person is nothing here: whatever they ask next finds nobody logged in.

    False: nobody has this name, or they have left before.
    """
    known = store.credentials(db, username)
    if known is None:
        return False
    with standing.changing(db, known.person_id, now=now):
        if not store.end_membership(db, known.person_id, at=now):
            return False
    store.end_sessions(db, known.person_id, now=now)
    subject = Subject(kind="person", id=known.person_id)
    audit.append(db, actor=actor, action="membership.ended", subject=subject, now=now)
    return True


def merge_force(
    db: Connection, force_id: str, into: str, *, at: datetime, actor: Actor, now: datetime
) -> bool:
    """From `at` on the one force is gone, and what was its own is the other's.

    False: one of them is not known, they are the same, or the first has ended already.
    """
    if force_id == into or store.force_name(db, into) is None:
        return False
    if not store.merge_force(db, force_id, successor_id=into, at=at):
        return False
    subject, detail = Subject(kind="force", id=force_id), {"into": into, "at": stamp(at)}
    audit.append(db, actor=actor, action="force.merged", subject=subject, detail=detail, now=now)
    return True


def force_today(db: Connection, force_id: str, *, now: datetime) -> str:
    """The force that answers for what was this one's."""
    seen = {force_id}
    while (following := store.followed_by(db, force_id, now=now)) is not None and following not in seen:
        seen.add(following)
        force_id = following
    return force_id


def tidy(db: Connection, *, now: datetime) -> int:
    """Forget sessions that are over and attempts that no longer count. Not audited: nothing is lost."""
    return store.forget_old(db, sessions_before=now - ABSOLUTE, attempts_before=now - WINDOW)
