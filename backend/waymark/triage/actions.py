"""Verbs of triage, each one transaction with its audit entry: view, acknowledge, take.

`found`, `move`, `tell` and `record` are what further acts are made of.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from waymark.agencies import actions as agencies
from waymark.agencies.records import Act, Decision
from waymark.agencies.rules import decide
from waymark.attachments import actions as attachments
from waymark.attachments.records import Original, Picture
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity.records import User
from waymark.intake import keeping
from waymark.intake.report_keys import open_keys
from waymark.kernel import logs
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark.mailbox.records import Feed
from waymark.mailbox.rules import seal_message
from waymark.triage import store
from waymark.triage.records import (
    Acknowledgement,
    Done,
    Event,
    EventDetail,
    Side,
    Taken,
    Told,
    TriageReport,
    Viewed,
)
from waymark.triage.rules import (
    POSSIBLE_IN,
    facts,
    moved,
    next_state,
    seal_detail,
    seal_text,
)
from waymark_sync.messages import AckBody
from waymark_sync.policy import UNKNOWN
from waymark_sync.policy.timers import load_timers

NOBODYS = f"force:{UNKNOWN}"
"""What every force watches beside its own."""


class Tools(Struct, frozen=True, kw_only=True):
    """What an act on a report needs besides the report."""

    vault: Vault
    keys: KeyRing
    now: datetime


def view(db: Connection, user: User, report_id: str, *, now: datetime) -> Viewed:
    """Raises Problem not_found, for a report that does not exist and for one that may not be seen."""
    report, decision = asked_for(db, user, "view_report", report_id, now=now)
    note(db, user, "report.viewed", report_id, now, {"groups": sorted(decision.groups)})
    return Viewed(
        report=report,
        decision=decision,
        events=store.events(db, report_id),
        can_reach=bool(feeds(db, report, "message")),
        attachments=attachments.of_report(db, report_id) if "pictures" in decision.groups else (),
        release=agencies.release_of(db, report_id),
        looks=() if user.police else tuple(audit.looks(db, report_id)),
    )


def picture(
    db: Connection, user: User, report_id: str, att_id: str, *, now: datetime
) -> tuple[TriageReport, Picture]:
    """Raises Problem not_found, also where pictures are not released."""
    report, decision = asked_for(db, user, "view_report", report_id, now=now)
    shown = attachments.picture(db, report_id, att_id) if "pictures" in decision.groups else None
    if shown is None:
        raise problem("not_found")
    note(db, user, "picture.viewed", report_id, now, {"attachment": att_id})
    return report, shown


def original(db: Connection, user: User, report_id: str, att_id: str, *, now: datetime) -> Original:
    """A file as it was sent, with all that it hides. Raises Problem not_found, as for `picture`."""
    report, decision = asked_for(db, user, "view_report", report_id, now=now)
    found = _original(db, report, att_id) if "pictures" in decision.groups else None
    if found is None:
        raise problem("not_found")
    note(db, user, "original.taken", report_id, now, {"attachment": att_id})
    return found


def acknowledge(
    db: Connection,
    user: User,
    report_id: str,
    text: str,
    *,
    version: int | None = None,
    vault: Vault,
    keys: KeyRing,
    now: datetime,
) -> Acknowledgement:
    """Tell the reporter that somebody has read it. Raises Problem not_found, already_acknowledged."""
    tools = Tools(vault=vault, keys=keys, now=now)
    report, _ = asked_for(db, user, "acknowledge_report", report_id, now=now)
    if report.acknowledged_at is not None:
        raise problem("already_acknowledged")
    _unchanged(report, version)
    possible(report, "acknowledge_report")
    state = next_state(report.state, "acknowledge", report.sharing_choice)
    after = moved(report, load_timers(), state=state, acknowledged_at=stamp(now), acknowledged_by=user.id)
    if not store.move(db, after):
        raise problem("already_acknowledged")
    told = tell(db, user.organisation, report, "ack", text, tools=tools)
    record(db, user, after, "acknowledged", text=text, told=told, tools=tools)
    detail = {"state": state, "delivered": told == "reporter"}
    finish(db, user, "report.acknowledged", (report, after), detail=detail, now=now)
    return Acknowledgement(
        acknowledged_at=stamp(now), delivered_to="device" if told == "reporter" else "nobody"
    )


def take(db: Connection, user: User, report_id: str, *, version: int | None = None, tools: Tools) -> Taken:
    """Make a report of unknown area this force's own. Raises Problem not_found, changed_meanwhile."""
    report, _ = asked_for(db, user, "take_report", report_id, now=tools.now)
    if user.force_id is None:
        raise problem("not_found")
    _unchanged(report, version)
    after = move(db, report, force_id=user.force_id, vault=tools.vault)
    record(db, user, after, "taken", tools=tools)
    finish(db, user, "report.taken", (report, after), detail={"force": user.force_id}, now=tools.now)
    return Taken(force_id=user.force_id)


def refuse(db: Connection, user: User, report_id: str, *, asked: str, now: datetime) -> None:
    """Somebody asked for a report that is not there for them: with an id that they should not have."""
    note(db, user, "report.refused", report_id, now, {"asked": asked})


def found(
    db: Connection, user: User, act: Act, report_id: str, *, version: int, now: datetime
) -> TriageReport:
    """The report that an act is about. Raises Problem not_found, changed_meanwhile, not_now."""
    report, _ = asked_for(db, user, act, report_id, now=now)
    _unchanged(report, version)
    possible(report, act)
    return report


def possible(report: TriageReport, act: Act) -> None:
    """Raises Problem not_now where the state has no such step."""
    if report.state not in POSSIBLE_IN[act]:
        raise problem("not_now")


def move(db: Connection, report: TriageReport, *, vault: Vault, **changes: Any) -> TriageReport:
    """Write where the report stands now, and give its keys to whoever may read it from now on.

    What changes the release beside this calls `rekey` itself. Raises Problem changed_meanwhile.
    """
    after = moved(report, load_timers(), **changes)
    if not store.move(db, after):
        raise problem("changed_meanwhile")
    rekey(db, report, vault)
    return after


def rekey(db: Connection, report: TriageReport, vault: Vault) -> None:
    """Its keys go to whoever may read it as it stands in the database. report: as its reader was given it."""
    if (stands := store.report(db, report.report_id)) is not None:
        keeping.rewrap(db, report.lock, facts(stands), vault)


def feeds(db: Connection, report: TriageReport, kind: str) -> tuple[Feed, ...]:
    """Where messages of this kind about this report go; none where the reporter gave no way to answer."""
    return mailbox.report_feeds(db, report_id=report.report_id, feed_id=report.feed_id, kind=kind)


def tell(
    db: Connection,
    from_name: str,
    report: TriageReport,
    kind: str,
    text: str,
    *,
    asks: bool = False,
    code: str = "",
    tools: Tools,
) -> Told:
    """Say something to the reporter, wherever they read."""
    body = AckBody(
        item_id=report.report_id,
        at=stamp(tools.now),
        from_name=from_name,
        text=text,
        asks=asks,
        code=code,
    )
    return post(db, report, kind, body, tools=tools)


def post(db: Connection, report: TriageReport, kind: str, body: Struct, *, tools: Tools) -> Told:
    where = feeds(db, report, kind)
    for feed in where:
        mailbox.post(db, seal_message(feed, kind=kind, body=body), keys=tools.keys, now=tools.now)
    return "reporter" if where else "nobody"


def record(
    db: Connection,
    user: User | None,
    report: TriageReport,
    action: str,
    *,
    code: str = "",
    text: str = "",
    told: Told = "",
    detail: EventDetail | None = None,
    who: str = "",
    tools: Tools,
) -> None:
    """One line of the history. user: None when the service acts, in the name of `who`."""
    event_id = new_id()
    keys = open_keys(tools.vault, report.lock) if text or detail else None
    store.add_event(
        db,
        Event(
            id=event_id,
            report_id=report.report_id,
            number=0,
            at=stamp(tools.now),
            who=user.organisation if user else who,
            side=_side(user),
            action=action,
            code=code,
            told=told,
            text=seal_text(keys, event_id, text) if keys and text else None,
            detail=seal_detail(keys, event_id, detail) if keys and detail else None,
        ),
    )


def finish(
    db: Connection,
    user: User | None,
    action: str,
    moved_from_to: tuple[TriageReport, TriageReport],
    *,
    told: Told = "",
    detail: audit.Detail | None = None,
    now: datetime,
) -> Done:
    """Audit the act and let waiting pages know. The end of every act: locks are taken in this order."""
    before, after = moved_from_to
    if user is not None and after.campaign_id is not None:
        store.lay_back(db, after.report_id)  # somebody works on it
    note(db, user, action, after.report_id, now, detail)
    store.changed(db, _watching(before, after))
    return Done(version=after.version, state=after.state, queue=after.queue, told=told)


def access_asked(db: Connection, *, limit: int) -> list[TriageReport]:
    """Reports whose reporters wait to hear who may read them, and who has."""
    return store.access_asked(db, limit=limit)


def access_told(db: Connection, report_id: str) -> None:
    store.access_told(db, report_id)


def events(db: Connection, report: TriageReport) -> list[Event]:
    return store.events(db, report.report_id)


def silent(db: Connection, *, limit: int, now: datetime) -> list[TriageReport]:
    """Reports whose question has waited for its answer for as long as it may."""
    return store.silent(db, before=load_timers().begun_before("silence", now), limit=limit)


def stale_offers(db: Connection, *, limit: int, now: datetime) -> list[TriageReport]:
    return store.offers(db, before=load_timers().begun_before("offer", now), limit=limit)


def orphans(db: Connection, *, limit: int, now: datetime) -> list[TriageReport]:
    """Reports of a force that has been merged into another."""
    return store.orphans(db, now=now, limit=limit)


def asked_for(
    db: Connection, user: User, act: Act, report_id: str, *, now: datetime
) -> tuple[TriageReport, Decision]:
    """Raises Problem not_found. Whoever calls it audits what they then show."""
    report = store.report(db, report_id, reader=reader_of(user))
    decision = decide(user, act, facts(report), now=now) if report is not None else None
    if report is None or decision is None or not decision.allowed:
        raise problem("not_found")
    if report.wrapped is None:
        logs.event("report_key_missing")
        raise problem("not_found")
    return report, decision


def reader_of(user: User) -> str:
    """Whose keys this person reads with: their force's, or the centre's."""
    return user.force_id or store.SERVICE


def _original(db: Connection, report: TriageReport, att_id: str) -> Original | None:
    return attachments.original(db, report.report_id, att_id, holder=report.lock.holder)


def _unchanged(report: TriageReport, version: int | None) -> None:
    """version: as the page showed it; None for a page that does not say."""
    if version is not None and version != report.version:
        raise problem("changed_meanwhile")


def _watching(before: TriageReport, after: TriageReport) -> set[str]:
    """Everybody whose list may look different now."""
    if not (before.released or after.released):
        return scopes_of(None, after.centre_id)
    forces = (before.force_id, after.force_id, before.offered_force_id, after.offered_force_id)
    return {scope for force_id in forces for scope in scopes_of(force_id, after.centre_id)}


def scopes_of(force_id: str | None, centre_id: str) -> set[str]:
    centre = f"centre:{centre_id}"
    return {centre, f"force:{force_id}"} if force_id else {centre}


def _side(user: User | None) -> Side:
    if user is None:
        return "service"
    return "police" if user.police else "centre"


def note(
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
