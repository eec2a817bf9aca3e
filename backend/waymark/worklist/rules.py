"""Where a page of a list begins, and what the page of one report holds. Pure."""

import base64
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from waymark.agencies.records import OF_THE_PERSON, Act
from waymark.agencies.rules import endable, narrowable, openable
from waymark.agencies.shown import shown
from waymark.attachments.rules import described
from waymark.custody.records import Gap
from waymark.identity.records import POLICE, Device, User
from waymark.intake.records import DeviceSeen, Keys
from waymark.intake.report_keys import open_keys, open_report
from waymark.kernel.clock import stamp
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.triage.records import ReportAnswer, TriageReport, Viewed
from waymark.triage.rules import (
    facts,
    history_line,
    listed,
    open_detail,
    possible_acts,
    visible_answers,
)
from waymark.worklist.records import BuildEnds, ChoicesAnswer, Cursor, DeviceLine, Filter, Named
from waymark_sync.messages import SignpostedService
from waymark_sync.policy import UNKNOWN, Pack
from waymark_sync.policy.access import load_access
from waymark_sync.policy.decisions import Decisions, Side
from waymark_sync.policy.timers import Timers


def device_line(
    device: Device, seen: DeviceSeen | None, gaps: tuple[Gap, ...], *, ends: BuildEnds, come: int = 0
) -> DeviceLine:
    """One tablet, as its centre sees it. seen: the last that was heard of it; come: reports since it left."""
    line = DeviceLine(
        id=device.id,
        label=device.label,
        enrolled_at=device.enrolled_at,
        last_seen_at=seen.at if seen else None,
        queued=seen.queued if seen else None,
        gaps=gaps,
        revoked_at=device.revoked_at,
        revoke_scope=device.revoke_scope,
        order_told_at=device.order_told_at,
        held_when_revoked=device.held_when_revoked,
        come_since_revoked=come,
        keys_since=device.keys_since,
        keys_doubted_at=device.keys_doubted_at,
    )
    if seen is None:
        return line
    return replace(
        line,
        oldest_age_s=seen.oldest_age_s,
        app_build=seen.app_build or None,
        end_of_life=ends(seen.app_build),
        storage=seen.storage,
        clock_ahead_s=seen.clock_ahead_s,
    )


def encode_cursor(cursor: Cursor) -> str:
    raw = f"{cursor.received_at} {cursor.report_id}".encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor | None:
    """None for what `encode_cursor` did not make."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        return None
    received_at, _, report_id = raw.partition(" ")
    if len(received_at) != 24 or len(report_id) != 36 or not raw.isprintable():
        return None
    return Cursor(received_at=received_at, report_id=report_id)


def day(text: str, name: str, *, after: bool = False) -> str:
    """The first moment of a day `YYYY-MM-DD` of UTC, or of the next one. Raises Problem invalid."""
    if not text:
        return ""
    try:
        found = date.fromisoformat(text)
        return f"{found + timedelta(days=1 if after else 0)}T00:00:00.000Z"
    except (ValueError, OverflowError):
        raise problem("invalid", name) from None


def narrowed(wanted: Filter, timers: Timers, *, now: datetime) -> Filter:
    """What is too young to be overdue is not looked through."""
    if not wanted.overdue:
        return wanted
    young = stamp(now - timers.shortest)
    return replace(wanted, received_before=min(young, wanted.received_before or young))


def choices(user: User, pack: Pack) -> ChoicesAnswer:
    """What a list can hold at all: police and centres may be told of a report from anywhere."""
    return ChoicesAnswer(
        areas=tuple(Named(id=area.id, name=area.name) for area in pack.areas),
        centres=tuple(Named(id=centre.id, name=centre.name) for centre in pack.centres),
        forces=tuple(
            Named(id=force.id, name=force.name) for force in pack.forces if force.id != user.force_id
        ),
    )


def page_of(
    user: User,
    viewed: Viewed,
    *,
    vault: Vault,
    pack: Pack,
    data: Decisions,
    timers: Timers,
    now: datetime,
) -> ReportAnswer:
    """One report as this reader may have it, with all that they can do about it."""
    report, decision = viewed.report, viewed.decision
    keys = open_keys(vault, report.lock)
    body = open_report(keys, report.lock, person=bool(decision.groups & OF_THE_PERSON))
    area = pack.area_name(report.area)
    page = {
        **msgspec.to_builtins(listed(report, body.answers, decision, user, area=area, now=now)),
        **_possible(user, viewed, pack=pack, data=data, now=now),
        "hidden_groups": sorted(decision.hidden),
        "masked_groups": sorted(decision.masked),
        "note": report.note,
        "acknowledged_by": _last_who(viewed, "acknowledged") if report.acknowledged_at else None,
        "can_reach": viewed.can_reach,
        "offered_to": _offered(report, pack, timers),
        "decided": report.decided,
        "signposts_shown": body.signposts_shown if "support" in decision.groups else (),
        "directory_version": body.directory_version,
        "signposted": _signposted(viewed, keys) if "support" in decision.groups else (),
        "attachments": msgspec.to_builtins(described(viewed.attachments, body.attachments)),
        "groups": visible_answers(body.answers, decision),
        "seen": _seen(viewed),
        "release": msgspec.to_builtins(shown(viewed.release, decision, centre=not user.police)),
    }
    history = tuple(history_line(keys, event, user, data, decision=decision) for event in viewed.events)
    return ReportAnswer(report=page, history=history)


def _seen(viewed: Viewed) -> list[dict[str, str]]:
    """By role and day, the latest first: who of the centre has opened it."""
    ours = [(look.role, look.at[:10]) for look in viewed.looks if look.role not in POLICE]
    return [{"role": role, "on": day} for role, day in dict.fromkeys(ours)]


def _possible(user: User, viewed: Viewed, *, pack: Pack, data: Decisions, now: datetime) -> dict[str, Any]:
    report = viewed.report
    acts = possible_acts(user, report, can_reach=viewed.can_reach, now=now)
    known, access = facts(report), load_access()
    side: Side = "police" if user.police else "centre"
    kinds = (
        data.possible(report.force_id, pack.nation(report.force_id), stamp(now)[:10])
        if "decide_report" in acts
        else ()
    )
    return {
        "acts": acts,
        "decisions": [
            {
                "code": kind.code,
                "label": kind.label,
                "needs_reference": kind.needs_reference,
                "tell": kind.tell,
                "reasons": kind.reasons,
                "explainer": kind.explainer,
            }
            for kind in kinds
        ],
        "closures": [
            {"code": each.code, "label": each.label, "explainer": each.explainer}
            for each in (data.closures_by(side) if "close_report" in acts else ())
        ],
        "reopen_reasons": data.reopen_reasons if "reopen_report" in acts else (),
        "not_told_reasons": data.not_told_reasons,
        "forces": [
            Named(id=force.id, name=force.name)
            for force in (pack.forces if _names_force(report, acts) else ())
            if force.id != report.force_id
        ],
        "narrowable": sorted(narrowable(known)) if "narrow_release" in acts else (),
        "openable": sorted(openable(known)) if "override_release" in acts else (),
        "endable": sorted(endable(known)) if "end_override" in acts else (),
        "override_grounds": access.override_grounds if "override_release" in acts else (),
        "unmask_reasons": access.unmask_reasons if "unmask" in acts else (),
        "forward_text": data.texts["forwarded"],
    }


def _names_force(report: TriageReport, acts: list[Act]) -> bool:
    """Whom it is offered to; or whose it becomes, where nobody knows yet."""
    return "forward_report" in acts or ("override_release" in acts and report.force_id == UNKNOWN)


def _offered(report: TriageReport, pack: Pack, timers: Timers) -> dict[str, str] | None:
    if report.offered_force_id is None or report.offered_at is None:
        return None
    name = next((f.name for f in pack.forces if f.id == report.offered_force_id), report.offered_force_id)
    until = timers.due("offer", datetime.fromisoformat(report.offered_at))
    return {
        "force_id": report.offered_force_id,
        "force_name": name,
        "at": report.offered_at,
        "until": stamp(until),
    }


def _signposted(viewed: Viewed, keys: Keys) -> tuple[SignpostedService, ...]:
    """What was sent last; it replaces what was sent before."""
    sent = [event for event in viewed.events if event.action == "signposted"]
    return open_detail(keys, sent[-1]).services if sent else ()


def _last_who(viewed: Viewed, action: str) -> str | None:
    return next((event.who for event in reversed(viewed.events) if event.action == action), None)
