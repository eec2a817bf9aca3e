"""Verbs of the worklist: list reports, what is held and devices; look for news."""

from collections.abc import Sequence
from datetime import datetime

from waymark.agencies.records import Act, Decision
from waymark.agencies.rules import decide
from waymark.audit import actions as audit
from waymark.audit.records import Subject
from waymark.custody import actions as custody
from waymark.custody.records import Explained
from waymark.identity import actions as identity
from waymark.identity.records import RevokeScope, User
from waymark.intake import actions as intake
from waymark.intake.records import Held
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.triage.actions import NOBODYS
from waymark.triage.records import TriageReport
from waymark.triage.rules import facts
from waymark.worklist import store
from waymark.worklist.records import BuildEnds, Counts, Cursor, DeviceLine, Filter, News
from waymark.worklist.rules import device_line, narrowed
from waymark_sync.policy.timers import load_timers


def list_reports(
    db: Connection, user: User, wanted: Filter, *, after: Cursor | None, limit: int, now: datetime
) -> tuple[list[tuple[TriageReport, Decision]], Counts]:
    """One page, one report more than `limit` when there is another page. Raises Problem not_found."""
    allowed(user, "list_reports", now=now)
    page = store.page(
        db, user, narrowed(wanted, load_timers(), now=now), after=after, limit=limit + 1, now=stamp(now)
    )
    counts = store.counts(db, force_id=user.force_id, centre_id=user.centre_id)
    # Asked again, row by row: the query narrows, the decision decides.
    decided = [(report, decide(user, "list_reports", facts(report), now=now)) for report in page]
    subject = Subject(kind="list", id=user.force_id or user.centre_id or "")
    detail = {"queue": wanted.queue, "count": min(len(page), limit)}
    audit.append(db, actor=user.actor, action="reports.listed", subject=subject, detail=detail, now=now)
    shown = [pair for pair in decided if pair[1].allowed and pair[0].wrapped is not None]
    if wanted.with_pictures:
        # Where pictures are hidden nobody is told that there are any.
        shown = [pair for pair in shown if "pictures" in pair[1].groups]
    return shown, counts


def list_held(
    db: Connection, user: User, state: str, *, before: int | None, limit: int, now: datetime
) -> list[Held]:
    """What could not be opened: metadata alone, one more than `limit` when there is another page.

    Raises Problem not_found.
    """
    allowed(user, "list_quarantine", now=now)
    held = intake.held(db, state=state, before=before or intake.POS_MAX, limit=limit + 1)
    subject = Subject(kind="list", id="quarantine")
    detail = {"count": min(len(held), limit)}
    audit.append(db, actor=user.actor, action="quarantine.listed", subject=subject, detail=detail, now=now)
    return held


def reopen(db: Connection, user: User, item_ids: Sequence[str], *, now: datetime) -> int:
    """Let the opener try again. Returns how many were held. Raises Problem not_found."""
    allowed(user, "reopen_quarantine", now=now)
    return len(intake.reopen(db, item_ids, actor=user.actor, why="asked", now=now))


def make_device_code(db: Connection, user: User, label: str, *, now: datetime) -> tuple[str, datetime]:
    """Raises Problem not_found."""
    allowed(user, "make_device_code", now=now)
    return identity.make_code(db, user, label, now=now)


def list_devices(db: Connection, user: User, ends: BuildEnds, *, now: datetime) -> list[DeviceLine]:
    """The tablets of the user's own centre. Raises Problem not_found."""
    allowed(user, "list_devices", now=now)
    centre_id = user.centre_id or ""
    devices, seen = identity.devices_of_centre(db, centre_id), intake.last_seen(db, centre_id)
    queued = {(one.device_id, one.epoch): one.queued for one in seen}
    gaps = custody.gaps_of_centre(db, centre_id, queued, now=now)
    latest = {one.device_id: one for one in seen}
    subject = Subject(kind="centre", id=centre_id)
    audit.append(db, actor=user.actor, action="devices.listed", subject=subject, now=now)
    come = intake.come_since_revoked(db, centre_id)
    return [
        device_line(one, latest.get(one.id), gaps.get(one.id, ()), ends=ends, come=come.get(one.id, 0))
        for one in devices
    ]


def revoke_device(db: Connection, user: User, device_id: str, scope: RevokeScope, *, now: datetime) -> None:
    """A tablet of the user's own centre. A second time changes nothing. Raises Problem not_found."""
    allowed(user, "revoke_device", now=now)
    device = identity.device(db, device_id)
    if device is None or device.centre_id != user.centre_id:
        raise problem("not_found")
    said = [one for one in intake.last_seen(db, device.centre_id) if one.device_id == device_id]
    held = said[-1].queued if said else None
    identity.revoke_device(db, device_id, scope=scope, held=held, actor=user.actor, now=now)


def explain_gap(db: Connection, user: User, found: Explained) -> None:
    """Raises Problem not_found."""
    allowed(user, "explain_gap", now=datetime.fromisoformat(found.at))
    if not custody.explain_gap(db, user.centre_id or "", found, actor=user.actor):
        raise problem("not_found")


def allowed(user: User, act: Act, *, now: datetime) -> None:
    """Raises Problem not_found."""
    if not decide(user, act, now=now).allowed:
        raise problem("not_found")


def scopes(user: User) -> tuple[str, ...]:
    """What this person's list depends on."""
    if user.force_id is not None:
        return f"force:{user.force_id}", NOBODYS
    return (f"centre:{user.centre_id}",)


def changes(db: Connection) -> dict[str, int]:
    return store.changes(db)


def news(db: Connection, user: User) -> News:
    return News(
        newest=store.newest(db, force_id=user.force_id, centre_id=user.centre_id),
        counts=store.counts(db, force_id=user.force_id, centre_id=user.centre_id),
    )
