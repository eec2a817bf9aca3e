"""Verbs of triage, each one transaction with its audit entry: screen, list, view, acknowledge, take."""

from datetime import datetime

from waymark.agencies.records import Act, Decision
from waymark.agencies.rules import decide, released
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity import actions as identity
from waymark.identity.records import User
from waymark.intake import actions as intake
from waymark.intake.records import Held
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark.mailbox.rules import seal_message
from waymark.triage import store
from waymark.triage.records import (
    Acknowledgement,
    Counts,
    Cursor,
    DeviceLine,
    Event,
    Queue,
    Taken,
    TriageReport,
)
from waymark.triage.rules import facts, first_state, next_state, seal_text
from waymark_sync.messages import AckBody

HELD_MAX = 200


def screen(db: Connection, *, limit: int, now: datetime) -> int:
    """Look through what has been opened since the last time. Returns how many reports that were."""
    db.serialise("screening")
    found = intake.opened_after(db, store.last_screened(db), limit=limit)
    for opened in found:
        state = first_state(opened.sharing_choice)
        store.add_report(db, opened, state=state, released=released(opened.sharing_choice))
        received = Event(
            id=new_id(),
            report_id=opened.id,
            number=1,
            at=opened.received_at,
            who=identity.centre_name(db, opened.centre_id),
            action="received",
        )
        store.add_event(db, received)
        _audit(db, None, "report.screened", opened.id, now, {"state": state})
    return len(found)


def list_reports(
    db: Connection, user: User, *, queue: Queue, after: Cursor | None, limit: int, now: datetime
) -> tuple[list[tuple[TriageReport, Decision]], Counts]:
    """One page, one report more than `limit` when there is another page. Raises Problem not_found."""
    _allowed(user, "list_reports")
    if user.force_id is not None:
        page = store.police_page(db, user.force_id, queue=queue, after=after, limit=limit + 1)
        counts = store.police_counts(db, user.force_id)
    elif user.centre_id is not None:
        page = store.centre_page(db, user.centre_id, queue=queue, after=after, limit=limit + 1)
        counts = store.centre_counts(db, user.centre_id)
    else:
        raise problem("not_found")
    # Asked again, row by row: the query narrows, the decision decides.
    decided = [(report, decide(user, "list_reports", facts(report))) for report in page]
    subject = Subject(kind="list", id=user.force_id or user.centre_id or "")
    detail = {"queue": queue, "count": min(len(page), limit)}
    audit.append(db, actor=user.actor, action="reports.listed", subject=subject, detail=detail, now=now)
    return [pair for pair in decided if pair[1].allowed], counts or Counts(waiting=0, acknowledged=0)


def view(
    db: Connection, user: User, report_id: str, *, now: datetime
) -> tuple[TriageReport, Decision, list[Event]]:
    """Raises Problem not_found, for a report that does not exist and for one that may not be seen."""
    report, decision = _found(db, user, "view_report", report_id)
    _audit(db, user, "report.viewed", report_id, now, {"groups": sorted(decision.groups)})
    return report, decision, store.events(db, report_id)


def acknowledge(
    db: Connection, user: User, report_id: str, text: str, *, vault: Vault, keys: KeyRing, now: datetime
) -> Acknowledgement:
    """Tell the reporter that somebody has read it. Raises Problem not_found, already_acknowledged."""
    report, _ = _found(db, user, "acknowledge_report", report_id)
    if report.acknowledged_at is not None:
        raise problem("already_acknowledged")
    state = next_state(report.state, "acknowledge", report.sharing_choice)
    if not store.acknowledge(db, report, state=state, by=user.id, at=now):
        raise problem("already_acknowledged")
    delivered = _answer(db, user, report, text, keys=keys, now=now)
    event_id = new_id()
    sealed = seal_text(vault, report, event_id, text)
    _event(db, user, report, "acknowledged", event_id, sealed, now=now)
    detail = {"state": state, "delivered": delivered}
    _audit(db, user, "report.acknowledged", report_id, now, detail)
    return Acknowledgement(acknowledged_at=stamp(now), delivered_to="device" if delivered else "nobody")


def take(db: Connection, user: User, report_id: str, *, now: datetime) -> Taken:
    """Make a report of unknown area this force's own. Raises Problem not_found, changed_meanwhile."""
    report, _ = _found(db, user, "take_report", report_id)
    if user.force_id is None:
        raise problem("not_found")
    if not store.take(db, report, user.force_id):
        raise problem("changed_meanwhile")
    _event(db, user, report, "taken", new_id(), None, now=now)
    _audit(db, user, "report.taken", report_id, now, {"force": user.force_id})
    return Taken(force_id=user.force_id)


def list_held(db: Connection, user: User, *, now: datetime) -> list[Held]:
    """What could not be opened: metadata alone. Raises Problem not_found."""
    _allowed(user, "list_quarantine")
    held = intake.held(db, limit=HELD_MAX)
    subject = Subject(kind="list", id="quarantine")
    detail = {"count": len(held)}
    audit.append(db, actor=user.actor, action="quarantine.listed", subject=subject, detail=detail, now=now)
    return held


def make_device_code(db: Connection, user: User, label: str, *, now: datetime) -> tuple[str, datetime]:
    """Raises Problem not_found."""
    _allowed(user, "make_device_code")
    return identity.make_code(db, user, label, now=now)


def list_devices(db: Connection, user: User, *, now: datetime) -> list[DeviceLine]:
    """The tablets of the user's own centre. Raises Problem not_found."""
    _allowed(user, "list_devices")
    centre_id = user.centre_id or ""
    devices, seen = identity.devices_of_centre(db, centre_id), intake.last_seen(db, centre_id)
    subject = Subject(kind="centre", id=centre_id)
    audit.append(db, actor=user.actor, action="devices.listed", subject=subject, now=now)
    return [
        DeviceLine(
            id=device.id,
            label=device.label,
            enrolled_at=device.enrolled_at,
            last_seen_at=seen[device.id].at if device.id in seen else None,
            queued=seen[device.id].queued if device.id in seen else None,
        )
        for device in devices
    ]


def _allowed(user: User, act: Act) -> None:
    if not decide(user, act).allowed:
        raise problem("not_found")


def _found(db: Connection, user: User, act: Act, report_id: str) -> tuple[TriageReport, Decision]:
    report = store.report(db, report_id)
    decision = decide(user, act, facts(report)) if report is not None else None
    if report is None or decision is None or not decision.allowed:
        raise problem("not_found")
    return report, decision


def _answer(
    db: Connection, user: User, report: TriageReport, text: str, *, keys: KeyRing, now: datetime
) -> bool:
    """False: there is no feed, because the reporter gave no key to answer to."""
    feed = mailbox.feed(db, report.feed_id)
    if feed is None:
        return False
    body = AckBody(item_id=report.report_id, at=stamp(now), from_name=user.organisation, text=text)
    mailbox.post(db, seal_message(feed, kind="ack", body=body), keys=keys, now=now)
    return True


def _event(
    db: Connection,
    user: User,
    report: TriageReport,
    action: str,
    event_id: str,
    text: bytes | None,
    *,
    now: datetime,
) -> None:
    event = Event(
        id=event_id,
        report_id=report.report_id,
        number=0,
        at=stamp(now),
        who=user.organisation,
        action=action,
        text=text,
    )
    store.add_event(db, event)


def _audit(
    db: Connection,
    user: User | None,
    action: str,
    report_id: str,
    now: datetime,
    detail: audit.Detail | None = None,
) -> None:
    actor = user.actor if user else SERVICE
    subject = Subject(kind="report", id=report_id)
    audit.append(db, actor=actor, action=action, subject=subject, detail=detail, now=now)
