"""Tell reporters who may read their report and who has: from the trail, and never what is unsafe to tell."""

from collections.abc import Iterable
from typing import Final

from waymark.agencies import actions as agencies
from waymark.agencies.records import Release
from waymark.agencies.shown import may_hear_of, tellable
from waymark.audit import actions as audit
from waymark.audit.records import Look
from waymark.identity import actions as identity
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.triage import actions as triage
from waymark.triage.actions import Tools
from waymark.triage.records import TriageReport
from waymark_sync.messages import AccessBody, SeenBy

LINES_MAX: Final = 100  # days and roles, the latest: more than a phone shows well


def tell_access(db: Connection, *, limit: int, tools: Tools) -> int:
    """Answer everybody who asked. Returns how many reports that were."""
    db.serialise("access")  # or two processes answer the same question
    asked = triage.access_asked(db, limit=limit)
    for report in asked:
        release = agencies.release_of(db, report.report_id)
        body = AccessBody(
            item_id=report.report_id,
            at=stamp(tools.now),
            police=tuple(sorted(tellable(release))),
            seen=_seen(db, report, release),
        )
        told = triage.post(db, report, "access", body, tools=tools)
        triage.record(db, None, report, "access_told", told=told, who="Waymark", tools=tools)
        triage.note(
            db, None, "report.access_told", report.report_id, tools.now, {"delivered": told == "reporter"}
        )
        triage.access_told(db, report.report_id)
    return len(asked)


def _seen(db: Connection, report: TriageReport, release: Release) -> tuple[SeenBy, ...]:
    looks = [look for look in audit.looks(db, report.report_id) if may_hear_of(look, release)]
    lines = dict.fromkeys(_lines(db, looks))  # in the trail's order, each once
    return tuple(lines)[:LINES_MAX]


def _lines(db: Connection, looks: Iterable[Look]) -> Iterable[SeenBy]:
    known: dict[tuple[str, str], str] = {}
    for look in looks:
        day = look.at[:10]
        if (look.actor_id, day) not in known:
            known[look.actor_id, day] = identity.organisation_at(db, look.actor_id, at=look.at)
        yield SeenBy(role=look.role, organisation=known[look.actor_id, day], on=day)
