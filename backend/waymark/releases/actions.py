"""Verbs of releases, each one transaction with its audit entry: narrow, override, end it, unmask, pass on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from waymark.agencies import actions as agencies
from waymark.agencies.records import FieldGroup
from waymark.agencies.rules import endable, ended_with, narrowable, visible_anyway
from waymark.audit.actions import Detail
from waymark.identity import actions as identity
from waymark.identity.records import User
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.releases.records import EndOverride, Narrow, Override, Unmask, Unmasked
from waymark.triage import actions as triage
from waymark.triage.actions import Tools
from waymark.triage.records import Done, EventDetail, Told, TriageReport
from waymark.triage.rules import facts, open_body, visible_answers
from waymark_sync.policy import UNKNOWN, Pack
from waymark_sync.policy.access import Ground, load_access

OF_EVERY_LIST: Final[FieldGroup] = "summary"


def narrow(db: Connection, user: User, report_id: str, asked: Narrow, tools: Tools) -> Done:
    """Take back what the reporter no longer releases. What a force has noted elsewhere stays there.

    Raises Problem.
    """
    report = triage.found(db, user, "narrow_release", report_id, version=asked.version, now=tools.now)
    groups = frozenset(asked.groups)
    if not groups <= narrowable(facts(report)):
        raise problem("invalid", "groups")
    after = triage.move(db, report, vault=tools.vault)  # first: of two who act at once one is told so
    version = agencies.narrow(db, report_id, groups, actor=user.actor, now=tools.now)
    triage.rekey(db, report, tools.vault)
    triage.record(db, user, after, "narrowed", detail=EventDetail(note=asked.note), tools=tools)
    detail: Detail = {"groups": sorted(groups), "release": version}
    return triage.finish(db, user, "release.narrowed", (report, after), detail=detail, now=tools.now)


def override(db: Connection, user: User, report_id: str, asked: Override, tools: Tools, pack: Pack) -> Done:
    """Open answers to the report's force without the reporter, for a reason that the policy names.

    The summary goes with them: a force cannot act on what it cannot place. Raises Problem.
    """
    report = triage.found(db, user, "override_release", report_id, version=asked.version, now=tools.now)
    _coded(asked.ground, load_access().override_grounds, "ground")
    _safe_to_say(asked)
    force_id = _force_for(db, report, asked.force_id, pack, now=tools.now)
    known = facts(report)
    groups = frozenset({*asked.groups, OF_EVERY_LIST}) - known.opened - visible_anyway(known)
    if not groups:
        raise problem("invalid", "groups")
    after = triage.move(db, report, vault=tools.vault, force_id=force_id, released=True)
    version = agencies.open_by_override(
        db, report_id, groups, ground=asked.ground, told=asked.told, actor=user.actor, now=tools.now
    )
    triage.rekey(db, report, tools.vault)
    told = _say(db, user, report, asked.message, tools)
    note = EventDetail(note=asked.note, reason=asked.ground)
    triage.record(
        db, user, after, "overridden", text=asked.message.strip(), told=told, detail=note, tools=tools
    )
    detail: Detail = {
        "groups": sorted(groups),
        "ground": asked.ground,
        "told": asked.told,
        "force": force_id,
        "release": version,
    }
    return triage.finish(
        db, user, "release.overridden", (report, after), told=told, detail=detail, now=tools.now
    )


def end_override(db: Connection, user: User, report_id: str, asked: EndOverride, tools: Tools) -> Done:
    """From now on the force may not read these. What it has noted elsewhere stays there. Raises Problem."""
    report = triage.found(db, user, "end_override", report_id, version=asked.version, now=tools.now)
    _safe_to_say(asked)
    known, groups = facts(report), frozenset(asked.groups)
    if not groups <= endable(known):
        raise problem("invalid", "groups")
    groups = ended_with(known, groups)
    still = bool(visible_anyway(known) or known.opened - groups)
    after = triage.move(db, report, vault=tools.vault, released=still)
    version = agencies.end_override(db, report_id, groups, actor=user.actor, now=tools.now)
    triage.rekey(db, report, tools.vault)
    told = _say(db, user, report, asked.message, tools)
    triage.record(
        db,
        user,
        after,
        "override_ended",
        text=asked.message.strip(),
        told=told,
        detail=EventDetail(note=asked.note),
        tools=tools,
    )
    detail: Detail = {"groups": sorted(groups), "told": asked.told, "release": version}
    return triage.finish(
        db, user, "release.override_ended", (report, after), told=told, detail=detail, now=tools.now
    )


def unmask(db: Connection, user: User, report_id: str, asked: Unmask, tools: Tools) -> Unmasked:
    """Show what is covered, once, for a reason that the policy names. Raises Problem."""
    report, decision = triage.asked_for(db, user, "unmask", report_id, now=tools.now)
    _coded(asked.reason, load_access().unmask_reasons, "reason")
    groups = frozenset(asked.groups)
    if not groups <= decision.groups:
        raise problem("invalid", "groups")
    detail: Detail = {"groups": sorted(groups), "reason": asked.reason}
    triage.note(db, user, "report.unmasked", report_id, detail=detail, now=tools.now)
    shown = visible_answers(open_body(tools.vault, report).answers, decision)
    return Unmasked(groups={group: answers for group, answers in shown.items() if group in groups})


def pass_on(db: Connection, *, limit: int, tools: Tools) -> int:
    """What was a force's own is its successor's. Returns how many reports that were."""
    orphans = triage.orphans(db, limit=limit, now=tools.now)
    for report in orphans:
        force_id = identity.force_today(db, report.force_id, now=tools.now)
        after = triage.move(db, report, vault=tools.vault, force_id=force_id)
        triage.record(db, None, after, "passed_on", who="Waymark", tools=tools)
        codes = {"from": report.force_id, "force": force_id}
        triage.finish(db, None, "report.passed_on", (report, after), detail=codes, now=tools.now)
    return len(orphans)


def _safe_to_say(asked: Override | EndOverride) -> None:
    """Raises Problem invalid for words to somebody who does not know, or must not."""
    if asked.message.strip() and asked.told != "yes":
        raise problem("invalid", "message")


def _say(db: Connection, user: User, report: TriageReport, message: str, tools: Tools) -> Told:
    if not message.strip():
        return "nobody"
    return triage.tell(db, user.organisation, report, "message", message, tools=tools)


def _coded(code: str, known: Iterable[Ground], name: str) -> None:
    """Raises Problem invalid for what is not in the policy's list."""
    if code not in {ground.code for ground in known}:
        raise problem("invalid", name)


def _force_for(db: Connection, report: TriageReport, named: str, pack: Pack, *, now: datetime) -> str:
    """The report's own force; the one that was named only where there is none. Raises Problem invalid."""
    if report.force_id != UNKNOWN:
        return identity.force_today(db, report.force_id, now=now)
    if named not in {force.id for force in pack.forces}:
        raise problem("invalid", "force_id")
    return identity.force_today(db, named, now=now)
