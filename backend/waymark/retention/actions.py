"""Verbs of retention, each one transaction with its audit entry: ask to erase, confirm, repeat."""

from datetime import datetime, timedelta
from typing import Final, Literal

from waymark.agencies import store as agencies
from waymark.agencies.rules import decide
from waymark.attachments import store as attachments
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity.records import User
from waymark.intake import actions as intake
from waymark.intake import store as intake_store
from waymark.intake.erasing import store as erasing
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.knocks import store as knocks
from waymark.mailbox import store as mailbox
from waymark.retention import store
from waymark.retention.ledger import ErasureList
from waymark.retention.records import (
    RETAINED,
    AskErasure,
    ConfirmErasure,
    Erased,
    ErasedReport,
    Hold,
    Keep,
    Lift,
    Request,
    Review,
)
from waymark.retention.rules import Kept, kept_because
from waymark.triage import actions as triage
from waymark.triage import store as triage_store
from waymark.triage.actions import Tools
from waymark.triage.records import Done, EventDetail, TriageReport
from waymark_sync.policy.access import Ground
from waymark_sync.policy.retention import load_retention

MONTH: Final = timedelta(days=365) / 12


def ask(db: Connection, user: User, report_id: str, asked: AskErasure, tools: Tools) -> Done:
    """The first of two people. Whatever is done to the report afterwards ends the request. Raises Problem."""
    report = triage.found(db, user, "erase_report", report_id, version=asked.version, now=tools.now)
    _not_held(report)
    if report.reply_waiting:
        raise problem("not_now")
    after = triage.move(db, report, vault=tools.vault, erasure_by=user.id)
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
    _not_held(report)
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


def hold(db: Connection, user: User, report_id: str, asked: Hold, tools: Tools) -> Done:
    """Nothing erases it until this side lifts the hold. Raises Problem."""
    report = triage.found(db, user, "hold_report", report_id, version=asked.version, now=tools.now)
    _coded(asked.reason, load_retention().hold_reasons)
    if report.hold_side is not None:
        raise problem("not_now")
    side: Literal["police", "centre"] = "police" if user.police else "centre"
    after = triage.move(db, report, vault=tools.vault, hold_side=side)
    store.add_hold(
        db,
        id=new_id(),
        report_id=report_id,
        side=side,
        reason=asked.reason,
        placed_by=user.id,
        now=tools.now,
    )
    note = EventDetail(note=asked.note, reason=asked.reason)
    triage.record(db, user, after, "held", detail=note, tools=tools)
    detail: audit.Detail = {"reason": asked.reason, "side": side}
    return triage.finish(db, user, "report.held", (report, after), detail=detail, now=tools.now)


def lift(db: Connection, user: User, report_id: str, asked: Lift, tools: Tools) -> Done:
    """Only who has put it there. Raises Problem."""
    report = triage.found(db, user, "lift_hold", report_id, version=asked.version, now=tools.now)
    side = "police" if user.police else "centre"
    if report.hold_side != side:
        raise problem("not_now")
    after = triage.move(db, report, vault=tools.vault, hold_side=None)
    store.lift_hold(db, report_id, side=side, lifted_by=user.id, now=tools.now)
    triage.record(db, user, after, "hold_lifted", detail=EventDetail(note=asked.note), tools=tools)
    return triage.finish(
        db, user, "report.hold_lifted", (report, after), detail={"side": side}, now=tools.now
    )


def keep(db: Connection, user: User, report_id: str, asked: Keep, tools: Tools) -> Done:
    """It is still needed: somebody is asked again later. Raises Problem."""
    report = triage.found(db, user, "keep_report", report_id, version=asked.version, now=tools.now)
    _coded(asked.reason, load_retention().keep_reasons)
    begin_reviews(db, now=tools.now)
    after = triage.move(db, report, vault=tools.vault)
    review_at = tools.now + asked.months * MONTH
    if not store.keep(
        db, report_id, kept_for=asked.reason, kept_by=user.id, review_at=review_at, now=tools.now
    ):
        raise problem("not_now")
    triage.record(db, user, after, "kept", detail=EventDetail(reason=asked.reason), tools=tools)
    detail: audit.Detail = {"reason": asked.reason, "review": stamp(review_at)}
    return triage.finish(db, user, "report.kept", (report, after), detail=detail, now=tools.now)


def reviews(db: Connection, user: User, *, limit: int, now: datetime) -> list[Review]:
    """Closed reports of the user's own centre of which it is time to say. Raises Problem not_found."""
    if not decide(user, "list_reviews", now=now).allowed:
        raise problem("not_found")
    found = store.reviews(db, user.centre_id or "", limit=limit, now=now)
    subject, detail = Subject(kind="list", id=user.centre_id or ""), {"count": len(found)}
    audit.append(db, actor=user.actor, action="reviews.listed", subject=subject, detail=detail, now=now)
    return found


def begin_reviews(db: Connection, *, limit: int = 500, now: datetime) -> int:
    """Give what was closed its day of review, and take it from what is open again. Returns how many."""
    policy, closed = load_retention(), store.newly_closed(db, limit=limit)
    for one in closed:
        at = datetime.fromisoformat(one.closed_at)
        store.add_case(db, one, review_at=policy.review_at(at, one.sharing_choice))
    return len(closed) + store.open_again(db)


def dispose(
    db: Connection, report_id: str, erasures: ErasureList, *, vault: Vault, now: datetime
) -> Kept | None:
    """At the end of its time. Everything is asked again here: the list that named it is older.

    Returns why it stays; None: it is gone. Raises OSError.
    """
    case, notice = store.case(db, report_id), load_retention().schedule(now).notice_days
    report = triage_store.report(db, report_id)
    if case is None or report is None:
        return "open"
    if why := kept_because(case, notice=timedelta(days=notice), now=now):
        return why
    # First, so that whoever acts on it meanwhile is the one who is heard.
    after = triage.move(db, report, vault=vault)
    tombs = tuple(store.tombstones(db, report_id))
    erased = Erased(report_id=report_id, at=stamp(now), ground=RETAINED, tombstones=tombs)
    _destroy(db, erased, now=now)
    detail: audit.Detail = {"ground": RETAINED, "review": case.review_at}
    triage.finish(db, None, "report.erased", (report, after), detail=detail, now=now)
    erasures.append(erased)
    return None


def _not_held(report: TriageReport) -> None:
    """Raises Problem held."""
    if report.hold_side is not None:
        raise problem("held")


def _coded(code: str, known: tuple[Ground, ...]) -> None:
    """Raises Problem invalid for what is not in the policy's list."""
    if code not in {one.code for one in known}:
        raise problem("invalid", "reason")


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
    store.forget(db, report_id)
    triage_store.erase(db, report_id)
    agencies.erase(db, report_id)
    erasing.destroy(db, report_id, now=now)
