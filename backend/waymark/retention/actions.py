"""Verbs of retention, each one transaction with its audit entry: ask to erase, confirm, repeat."""

from datetime import datetime

from waymark.agencies import store as agencies
from waymark.attachments import store as attachments
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity.records import User
from waymark.intake import actions as intake
from waymark.intake import store as intake_store
from waymark.intake.erasing import store as erasing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.knocks import store as knocks
from waymark.mailbox import store as mailbox
from waymark.retention import store
from waymark.retention.ledger import ErasureList
from waymark.retention.records import AskErasure, ConfirmErasure, Erased, ErasedReport, Request
from waymark.triage import actions as triage
from waymark.triage import store as triage_store
from waymark.triage.actions import Tools
from waymark.triage.records import Done, EventDetail


def ask(db: Connection, user: User, report_id: str, asked: AskErasure, tools: Tools) -> Done:
    """The first of two people. Whatever is done to the report afterwards ends the request. Raises Problem."""
    report = triage.found(db, user, "erase_report", report_id, version=asked.version, now=tools.now)
    if report.reply_waiting:
        raise problem("not_now")
    after = triage.move(db, report, vault=tools.vault)
    store.ask(
        db,
        Request(
            report_id=report_id,
            version=after.version,
            asked_by=user.id,
            asked_at=stamp(tools.now),
            ground=asked.ground,
        ),
    )
    triage.record(db, user, after, "erasure_asked", detail=EventDetail(note=asked.note), tools=tools)
    return triage.finish(
        db, user, "erasure.asked", (report, after), detail={"ground": asked.ground}, now=tools.now
    )


def confirm(
    db: Connection, user: User, report_id: str, asked: ConfirmErasure, erasures: ErasureList, *, now: datetime
) -> ErasedReport:
    """The second of two people: the report is destroyed. Raises Problem, OSError."""
    report = triage.found(db, user, "confirm_erasure", report_id, version=asked.version, now=now)
    request = store.request(db, report_id)
    if request is None or request.version != report.version or request.asked_by == user.id:
        raise problem("not_now")
    if report.reply_waiting:
        raise problem("not_now")
    erased = Erased(
        report_id=report_id,
        at=stamp(now),
        ground=request.ground,
        tombstones=tuple(store.tombstones(db, report_id)),
    )
    _destroy(db, erased, now=now)
    detail: audit.Detail = {"ground": request.ground, "asked_by": request.asked_by}
    triage.finish(db, user, "report.erased", (report, report), detail=detail, now=now)
    # Last before the commit: from here on it is erased, even if this very commit should fail.
    erasures.append(erased)
    return ErasedReport(erased_at=erased.at, ground=erased.ground)


def erase_again(db: Connection, erased: Erased, *, now: datetime) -> bool:
    """What an older copy of the database has brought back. False: all of it is erased already."""
    if erasing.buried(db, erased.tombstones):
        return False
    _destroy(db, erased, now=now)
    audit.append(
        db,
        actor=SERVICE,
        action="report.erased_again",
        subject=Subject(kind="report", id=erased.report_id),
        detail={"ground": erased.ground},
        now=now,
    )
    return True


def _destroy(db: Connection, erased: Erased, *, now: datetime) -> None:
    report_id = erased.report_id
    db.serialise(intake.LOCK)
    here = store.tombstones(db, report_id)
    tombs = {(one.id, one.sha256): one for one in (*erased.tombstones, *here)}.values()
    feeds = store.own_feeds(db, report_id)
    next_pos = intake_store.last_pos(db) + 1
    erasing.bury(db, tombs, report_id=report_id, at=erased.at, ground=erased.ground, next_pos=next_pos)
    mailbox.close_way(db, report_id)
    for feed_id in feeds:
        knocks.forget(db, feed_id)
        mailbox.close_feed(db, feed_id)
    attachments.erase(db, report_id)
    store.drop_request(db, report_id)
    triage_store.erase(db, report_id)
    agencies.erase(db, report_id)
    erasing.destroy(db, report_id, now=now)
