"""Verbs of the dialogue, each one transaction: ask, update, signpost, decide, close, reopen, hand over.

Each is audited, leaves a line in the report's history and, where something is said, reaches the reporter.
"""

from typing import Final

from msgspec import Struct

from waymark.agencies.records import FieldGroup
from waymark.dialogue.records import Close, Decide, Forward, Reopen, Say, SendBack, Signpost
from waymark.dialogue.rules import check_closing, check_decision, check_reopening
from waymark.directory import actions as directory
from waymark.identity import actions as identity
from waymark.identity.records import User
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.triage import actions as triage
from waymark.triage.actions import Tools
from waymark.triage.records import Done, EventDetail, State, Told, TriageReport
from waymark.triage.rules import NEXT, Step, next_state, open_body
from waymark_sync.messages import CLOSED_CODE, SignpostBody, SignpostedService
from waymark_sync.policy import Pack
from waymark_sync.policy.decisions import Side, load_decisions

TOLD_BY_SUGGESTIONS: Final[frozenset[FieldGroup]] = frozenset({"strand", "location", "support"})
"""Services are chosen by these answers, so their names tell them."""


class Desk(Struct, frozen=True, kw_only=True):
    """Who acts on which report, and with what."""

    user: User
    report_id: str
    tools: Tools


def ask(db: Connection, desk: Desk, asked: Say) -> Done:
    """A question. The report waits for its answer, and closes for no silence. Raises Problem."""
    report = triage.found(
        db, desk.user, "ask_reporter", desk.report_id, version=asked.version, now=desk.tools.now
    )
    _reachable(db, report)
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(report.state, "ask", report.sharing_choice),
        asked_at=stamp(desk.tools.now),
        reply_waiting=False,
        **_read_by(desk, report),
    )
    told = _say(db, desk, report, asked.message, asks=True)
    triage.record(db, desk.user, after, "asked", text=asked.message, told=told, tools=desk.tools)
    return triage.finish(db, desk.user, "report.asked", (report, after), told=told, now=desk.tools.now)


def update(db: Connection, desk: Desk, asked: Say) -> Done:
    """News for the reporter. Raises Problem."""
    report = triage.found(
        db, desk.user, "update_reporter", desk.report_id, version=asked.version, now=desk.tools.now
    )
    _reachable(db, report)
    after = triage.move(db, report, vault=desk.tools.vault, reply_waiting=False, **_read_by(desk, report))
    told = _say(db, desk, report, asked.message)
    triage.record(db, desk.user, after, "updated", text=asked.message, told=told, tools=desk.tools)
    return triage.finish(db, desk.user, "report.updated", (report, after), told=told, now=desk.tools.now)


def suggest(db: Connection, desk: Desk, pack: Pack) -> tuple[SignpostedService, ...]:
    """What the reporter's own device would suggest today. Raises Problem not_found."""
    viewed = triage.view(db, desk.user, desk.report_id, now=desk.tools.now)
    if not viewed.decision.groups >= TOLD_BY_SUGGESTIONS:
        raise problem("not_found")
    return _suggested(viewed.report, desk.tools, pack)


def signpost(db: Connection, desk: Desk, asked: Signpost, pack: Pack) -> Done:
    """Name services that may help; it replaces what was named before. Raises Problem."""
    report = triage.found(
        db, desk.user, "signpost", desk.report_id, version=asked.version, now=desk.tools.now
    )
    _reachable(db, report)
    suggested = {service.id: service for service in _suggested(report, desk.tools, pack)}
    chosen = [suggested.get(id) or directory.signposted_by_hand(id) for id in dict.fromkeys(asked.services)]
    services = tuple(service for service in chosen if service is not None)
    if len(services) != len(chosen):
        raise problem("invalid", "services")
    after = triage.move(db, report, vault=desk.tools.vault, reply_waiting=False, **_read_by(desk, report))
    body = SignpostBody(
        item_id=report.report_id,
        at=stamp(desk.tools.now),
        from_name=desk.user.organisation,
        services=services,
        text=asked.message,
    )
    told = triage.post(db, report, "signpost", body, tools=desk.tools)
    detail = EventDetail(services=services)
    triage.record(
        db, desk.user, after, "signposted", text=asked.message, told=told, detail=detail, tools=desk.tools
    )
    counted = {"count": len(services)}
    return triage.finish(
        db, desk.user, "report.signposted", (report, after), told=told, detail=counted, now=desk.tools.now
    )


def decide(db: Connection, desk: Desk, asked: Decide, pack: Pack) -> Done:
    """Decide, or decide anew: what was decided before stays in the history. Raises Problem."""
    report = triage.found(
        db, desk.user, "decide_report", desk.report_id, version=asked.version, now=desk.tools.now
    )
    data, day = load_decisions(), stamp(desk.tools.now)[:10]
    kinds = data.possible(report.force_id, pack.nation(report.force_id), day)
    kind = check_decision(asked, kinds, data)
    ready = _in_triage(report)
    target = next((step for state, step, _ in NEXT if state == ready and step == kind.state), None)
    if target is None:
        raise problem("not_now")
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(ready, target, report.sharing_choice),
        decided=kind.code,
        asked_at=None,
        reply_waiting=False,
    )
    told = _told(db, desk, report, asked.message, kind="status", code=kind.code)
    detail = EventDetail(
        note=asked.rationale,
        reason=asked.reason or asked.not_told_reason,
        crime_reference=asked.crime_reference.strip(),
    )
    triage.record(
        db,
        desk.user,
        after,
        "decided",
        code=kind.code,
        text=asked.message,
        told=told,
        detail=detail,
        tools=desk.tools,
    )
    codes = {
        "code": kind.code,
        "reason": asked.reason,
        "not_told": asked.not_told_reason,
        "policy": data.version,
    }
    return triage.finish(
        db, desk.user, "report.decided", (report, after), told=told, detail=codes, now=desk.tools.now
    )


def close(db: Connection, desk: Desk, asked: Close) -> Done:
    """Raises Problem."""
    report = triage.found(
        db, desk.user, "close_report", desk.report_id, version=asked.version, now=desk.tools.now
    )
    closure = check_closing(asked, side_of(desk.user), triage.events(db, report), load_decisions())
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(report.state, "close", report.sharing_choice),
        asked_at=None,
        reply_waiting=False,
    )
    told = _told(db, desk, report, asked.message, kind="status", code=CLOSED_CODE + closure.code)
    detail = EventDetail(note=asked.note, reason=asked.not_told_reason)
    triage.record(
        db,
        desk.user,
        after,
        "closed",
        code=closure.code,
        text=asked.message,
        told=told,
        detail=detail,
        tools=desk.tools,
    )
    codes = {"code": closure.code, "not_told": asked.not_told_reason}
    return triage.finish(
        db, desk.user, "report.closed", (report, after), told=told, detail=codes, now=desk.tools.now
    )


def reopen(db: Connection, desk: Desk, asked: Reopen) -> Done:
    """Raises Problem."""
    report = triage.found(
        db, desk.user, "reopen_report", desk.report_id, version=asked.version, now=desk.tools.now
    )
    check_reopening(asked, load_decisions())
    opened = next_state(report.state, "reopen", report.sharing_choice)
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(opened, "route", report.sharing_choice),
        reply_waiting=False,
        **_read_by(desk, report),
    )
    told = _told(db, desk, report, asked.message)
    triage.record(
        db,
        desk.user,
        after,
        "reopened",
        code=asked.reason,
        text=asked.message,
        told=told,
        detail=EventDetail(note=asked.note),
        tools=desk.tools,
    )
    codes = {"code": asked.reason}
    return triage.finish(
        db, desk.user, "report.reopened", (report, after), told=told, detail=codes, now=desk.tools.now
    )


def forward(db: Connection, desk: Desk, asked: Forward, pack: Pack) -> Done:
    """Ask another force to take it. Until it says yes, nothing else happens with it. Raises Problem."""
    report = triage.found(
        db, desk.user, "forward_report", desk.report_id, version=asked.version, now=desk.tools.now
    )
    force = next((force for force in pack.forces if force.id == asked.force_id), None)
    if force is None or force.id == report.force_id:
        raise problem("invalid", "force_id")
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(report.state, "offer", report.sharing_choice),
        offered_force_id=force.id,
        offered_at=stamp(desk.tools.now),
        reply_waiting=False,
    )
    text = asked.message.strip() or load_decisions().texts["forwarded"].replace("{force}", force.name)
    told = _say(db, desk, report, text)
    detail = EventDetail(note=asked.reason, force_name=force.name)
    triage.record(db, desk.user, after, "forwarded", text=text, told=told, detail=detail, tools=desk.tools)
    codes = {"force": force.id}
    return triage.finish(
        db, desk.user, "report.forwarded", (report, after), told=told, detail=codes, now=desk.tools.now
    )


def accept(db: Connection, desk: Desk, version: int) -> Done:
    """The report becomes this force's own, and is new to it; its clocks run on. Raises Problem."""
    report = triage.found(db, desk.user, "accept_report", desk.report_id, version=version, now=desk.tools.now)
    after = triage.move(
        db,
        report,
        vault=desk.tools.vault,
        state=next_state(report.state, "settle", report.sharing_choice),
        force_id=report.offered_force_id,
        offered_force_id=None,
        offered_at=None,
        acknowledged_at=None,
        acknowledged_by=None,
    )
    text = load_decisions().texts["accepted"]
    told = _say(db, desk, report, text)
    triage.record(db, desk.user, after, "accepted", text=text, told=told, tools=desk.tools)
    codes = {"from": report.force_id, "force": after.force_id}
    return triage.finish(
        db, desk.user, "report.accepted", (report, after), told=told, detail=codes, now=desk.tools.now
    )


def send_back(db: Connection, desk: Desk, asked: SendBack) -> Done:
    """Raises Problem."""
    report = triage.found(
        db, desk.user, "send_back_report", desk.report_id, version=asked.version, now=desk.tools.now
    )
    after, text, told = _returned(db, report, desk.tools)
    detail = EventDetail(note=asked.reason)
    triage.record(db, desk.user, after, "sent_back", text=text, told=told, detail=detail, tools=desk.tools)
    return triage.finish(db, desk.user, "report.sent_back", (report, after), told=told, now=desk.tools.now)


def mark_reply_read(db: Connection, desk: Desk, version: int) -> Done:
    """Raises Problem."""
    report = triage.found(
        db, desk.user, "mark_reply_read", desk.report_id, version=version, now=desk.tools.now
    )
    if not report.reply_waiting:
        raise problem("not_now")
    after = triage.move(db, report, vault=desk.tools.vault, reply_waiting=False)
    triage.record(db, desk.user, after, "reply_read", tools=desk.tools)
    return triage.finish(db, desk.user, "report.reply_read", (report, after), now=desk.tools.now)


def end_silence(db: Connection, *, limit: int, tools: Tools) -> int:
    """Questions that nobody answered for long: the report is worked on again, and nothing closes."""
    silent = triage.silent(db, limit=limit, now=tools.now)
    for report in silent:
        state = next_state(report.state, "resume", report.sharing_choice)
        after = triage.move(db, report, vault=tools.vault, state=state, asked_at=None)
        triage.record(db, None, after, "silence_ended", who="Waymark", tools=tools)
        triage.finish(db, None, "report.silence_ended", (report, after), now=tools.now)
    return len(silent)


def end_offers(db: Connection, *, limit: int, tools: Tools) -> int:
    """Offers that nobody took in time: the report is its old force's again."""
    stale = triage.stale_offers(db, limit=limit, now=tools.now)
    for report in stale:
        after, text, told = _returned(db, report, tools)
        triage.record(db, None, after, "offer_ended", text=text, told=told, who="Waymark", tools=tools)
        triage.finish(db, None, "report.offer_ended", (report, after), told=told, now=tools.now)
    return len(stale)


def side_of(user: User) -> Side:
    return "police" if user.police else "centre"


def _returned(db: Connection, report: TriageReport, tools: Tools) -> tuple[TriageReport, str, Told]:
    """It has been read there before, so it is at once where it was when it was offered."""
    waiting = next_state(report.state, "settle", report.sharing_choice)
    state = next_state(waiting, "acknowledge", report.sharing_choice)
    after = triage.move(db, report, vault=tools.vault, state=state, offered_force_id=None, offered_at=None)
    text = load_decisions().texts["returned"]
    from_name = identity.force_name(db, report.force_id)
    return after, text, triage.tell(db, from_name, report, "message", text, tools=tools)


def _suggested(report: TriageReport, tools: Tools, pack: Pack) -> tuple[SignpostedService, ...]:
    found = directory.suggestions(
        pack,
        open_body(tools.vault, report).answers,
        area_id=report.area,
        force_id=report.force_id,
        at=tools.now,
    )
    return tuple(directory.signposted(suggestion) for suggestion in found)


def _in_triage(report: TriageReport) -> State:
    """Deciding ends the wait for an answer, and deciding anew takes the report up again."""
    if report.state == "in_triage":
        return report.state
    step: Step = "resume" if report.state == "needs_info" else "revise"
    return next_state(report.state, step, report.sharing_choice)


def _reachable(db: Connection, report: TriageReport) -> None:
    if not triage.feeds(db, report, "message"):
        raise problem("no_safe_route")


def _say(db: Connection, desk: Desk, report: TriageReport, text: str, *, asks: bool = False) -> Told:
    return triage.tell(db, desk.user.organisation, report, "message", text, asks=asks, tools=desk.tools)


def _told(
    db: Connection, desk: Desk, report: TriageReport, text: str, *, kind: str = "message", code: str = ""
) -> Told:
    """Nothing to say is told to nobody. Raises Problem no_safe_route when what is to be said cannot be."""
    if not text.strip():
        return "nobody"
    _reachable(db, report)
    return triage.tell(db, desk.user.organisation, report, kind, text, code=code, tools=desk.tools)


def _read_by(desk: Desk, report: TriageReport) -> dict[str, str]:
    """Whoever writes to the reporter has read the report: a centre need not acknowledge it first."""
    if report.acknowledged_at is not None:
        return {}
    return {"acknowledged_at": stamp(desk.tools.now), "acknowledged_by": desk.user.id}
