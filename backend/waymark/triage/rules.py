"""What moves a report on, and what of it each reader is shown. Pure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

import msgspec
from msgspec.structs import replace

from waymark.agencies.records import ALL_GROUPS, Act, Decision, FieldGroup, ReportFacts
from waymark.agencies.rules import decide, may, openable, released
from waymark.identity.records import User
from waymark.intake.records import Keys
from waymark.intake.report_keys import open_keys, open_report
from waymark.kernel.clock import stamp
from waymark.kernel.vault import Vault, decrypt, encrypt
from waymark.triage.records import (
    DueFor,
    Event,
    EventDetail,
    HistoryLine,
    Listed,
    Standing,
    State,
    TriageReport,
)
from waymark_sync.policy.access import load_access
from waymark_sync.policy.decisions import Decisions
from waymark_sync.policy.retention import load_retention
from waymark_sync.policy.timers import Timers
from waymark_sync.reference import reference
from waymark_sync.report import Answers, ReportBody, SharingChoice

Step = Literal[
    "screen",
    "route",
    "acknowledge",
    "ask",
    "resume",
    "crime_recorded",
    "crime_not_recorded",
    "non_crime_recorded",
    "intelligence_only",
    "support_only",
    "not_hate_referred",
    "revise",
    "close",
    "reopen",
    "offer",
    "settle",
]

DECIDED: Final[tuple[State, ...]] = (
    "crime_recorded",
    "crime_not_recorded",
    "non_crime_recorded",
    "intelligence_only",
    "support_only",
    "not_hate_referred",
)
_PLAIN: Final[tuple[tuple[State, Step, bool, State], ...]] = (
    ("received", "screen", True, "screened"),
    ("received", "screen", False, "screened"),
    ("screened", "route", True, "awaiting_triage"),
    ("screened", "route", False, "centre_only"),
    ("awaiting_triage", "acknowledge", True, "in_triage"),
    ("in_triage", "ask", True, "needs_info"),
    ("needs_info", "resume", True, "in_triage"),
    ("in_triage", "offer", True, "transferred"),
    ("transferred", "settle", True, "awaiting_triage"),
    ("closed", "reopen", True, "reopened"),
    ("reopened", "route", True, "in_triage"),
    ("centre_only", "acknowledge", False, "centre_only"),
    ("centre_only", "ask", False, "centre_only"),
    ("centre_only", "resume", False, "centre_only"),
    ("centre_only", "close", False, "closed"),
    ("closed", "reopen", False, "reopened"),
    ("reopened", "route", False, "centre_only"),
)
NEXT: Final[Mapping[tuple[State, Step, bool], State]] = MappingProxyType(
    {
        **{(state, step, is_released): after for state, step, is_released, after in _PLAIN},
        **{("in_triage", cast(Step, decided), True): decided for decided in DECIDED},
        **{(decided, "revise", True): "in_triage" for decided in DECIDED},
        **{(decided, "close", True): "closed" for decided in DECIDED},
    }
)
"""By state, step and whether the reporter released the report to the police. Nothing else is possible.

What the police may see has no way in from a report that was not released.
"""

ANSWERABLE: Final[frozenset[State]] = frozenset({"in_triage", "needs_info", *DECIDED, "centre_only"})
POSSIBLE_IN: Final[Mapping[Act, frozenset[State]]] = MappingProxyType(
    {
        "acknowledge_report": frozenset({"awaiting_triage", "centre_only"}),
        "take_report": frozenset(get_args(State)),
        "ask_reporter": frozenset({"in_triage", "centre_only"}),
        "update_reporter": ANSWERABLE,
        "signpost": ANSWERABLE,
        "decide_report": frozenset({"in_triage", "needs_info", *DECIDED}),
        "close_report": frozenset({*DECIDED, "centre_only"}),
        "reopen_report": frozenset({"closed"}),
        "forward_report": frozenset({"in_triage"}),
        "accept_report": frozenset({"transferred"}),
        "send_back_report": frozenset({"transferred"}),
        "mark_reply_read": frozenset(get_args(State)),
        "narrow_release": frozenset(get_args(State)),
        "override_release": frozenset(get_args(State)),
        "end_override": frozenset(get_args(State)),
        "unmask": frozenset(get_args(State)),
        # Nothing unread or open is ever destroyed.
        "erase_report": frozenset({"closed"}),
        "confirm_erasure": frozenset({"closed"}),
        "keep_report": frozenset({"closed"}),
        "hold_report": frozenset(get_args(State)),
        "lift_hold": frozenset(get_args(State)),
    }
)
"""Acts on one report, and the states that they make sense in."""
NEEDS_A_WAY: Final[frozenset[Act]] = frozenset({"ask_reporter", "update_reporter", "signpost"})

GROUP_OF: Final[Mapping[str, FieldGroup]] = MappingProxyType(
    {
        "sharing_choice": "summary",
        "confidentiality_limits_ack": "summary",
        "reporter_role": "incident",
        "event_types": "incident",
        "when": "incident",
        "narrative_original": "narrative",
        "strands": "strand",
        "sub_strands": "strand",
        "where": "location",
        "name_known_as": "identity",
        "safe_contact": "contact",
        "support_needs": "support",
        "preferred_language": "support",
    }
)
"""Every answer belongs to one group. An answer that is not here is shown to nobody."""

_TEXT_AAD: Final = b"triage_event|text|"
_DETAIL_AAD: Final = b"triage_event|detail|"


class NotPossible(Exception):
    """This step does not exist from this state."""


def next_state(state: State, step: Step, sharing_choice: SharingChoice) -> State:
    """Raises NotPossible."""
    found = NEXT.get((state, step, released(sharing_choice)))
    if found is None:
        raise NotPossible(f"{step} from {state}")
    return found


def first_state(sharing_choice: SharingChoice) -> State:
    """Where screening leaves a report. It never closes or hides one."""
    return next_state(next_state("received", "screen", sharing_choice), "route", sharing_choice)


def facts(report: TriageReport) -> ReportFacts:
    return ReportFacts(
        sharing_choice=report.sharing_choice,
        centre_id=report.centre_id,
        force_id=report.force_id,
        offered_force_id=report.offered_force_id,
        released=_groups(report.released_groups),
        opened=_groups(report.opened_groups),
        handed_over=released(report.sharing_choice) and report.acknowledged_at is not None,
    )


def _groups(names: str | None) -> frozenset[FieldGroup]:
    """A name that is no group of ours is nobody's."""
    return ALL_GROUPS & frozenset((names or "").split())


def queue_of(state: State, *, acknowledged: bool, asked: bool) -> Standing:
    """Whose turn it is. A centre's reports stay in one state, so its queues go by what was done."""
    if state == "closed":
        return "closed"
    if state in DECIDED:
        return "decided"
    if asked:
        return "needs_info"
    return "acknowledged" if acknowledged else "waiting"


def due(
    state: State, *, received_at: str, acknowledged: bool, timers: Timers
) -> tuple[str, DueFor] | tuple[None, None]:
    """What has to be done next, and until when. Both clocks run from the moment the service had the report.

    A question that waits for its answer stops neither.
    """
    start = datetime.fromisoformat(received_at)
    if state == "closed" or state in DECIDED:
        return None, None
    if not acknowledged:
        return stamp(timers.due("acknowledge", start)), "acknowledge"
    return (None, None) if state == "centre_only" else (stamp(timers.due("decide", start)), "decide")


def moved(report: TriageReport, timers: Timers, **changes: Any) -> TriageReport:
    """The report after a change, with everything that follows from it. The version counts up."""
    # Whatever is done to a report ends a request to erase it.
    after = replace(report, **{"erasure_by": None, **changes}, version=report.version + 1)
    acknowledged = after.acknowledged_at is not None
    due_at, due_for = due(
        after.state, received_at=after.received_at, acknowledged=acknowledged, timers=timers
    )
    queue = queue_of(after.state, acknowledged=acknowledged, asked=after.asked_at is not None)
    return replace(after, queue=queue, due_at=due_at, due_for=due_for)


def open_body(vault: Vault, report: TriageReport, *, person: bool = True) -> ReportBody:
    """With name and contact where they are asked for and were given.

    Raises CannotDecrypt, UnreadableReport: neither can happen to what the opener wrote.
    """
    return open_report(open_keys(vault, report.lock), report.lock, person=person)


def seal_text(keys: Keys, event_id: str, text: str) -> bytes:
    """What is said about a report goes when the report's keys go."""
    return encrypt(keys.incident, text.encode(), aad=_TEXT_AAD + event_id.encode())


def open_text(keys: Keys, event: Event) -> str:
    if event.text is None:
        return ""
    return decrypt(keys.incident, event.text, aad=_TEXT_AAD + event.id.encode()).decode()


def seal_detail(keys: Keys, event_id: str, detail: EventDetail) -> bytes:
    return encrypt(keys.incident, msgspec.json.encode(detail), aad=_DETAIL_AAD + event_id.encode())


def open_detail(keys: Keys, event: Event) -> EventDetail:
    if event.detail is None:
        return EventDetail()
    plain = decrypt(keys.incident, event.detail, aad=_DETAIL_AAD + event.id.encode())
    return msgspec.json.decode(plain, type=EventDetail)


def history_line(
    keys: Keys, event: Event, reader: User, labels: Decisions, *, decision: Decision
) -> HistoryLine:
    """One line as this reader may have it: notes and numbers are for one's own side.

    What was said belongs to the narrative: whoever may not read that reads none of it.
    """
    detail = open_detail(keys, event)
    # What the service does by itself, it does for the police: only their reports are offered.
    own = (event.side != "centre") == reader.police
    services = detail.services if "support" in decision.groups else ()
    kept = replace(detail, services=services) if own else EventDetail(services=services)
    return HistoryLine(
        at=event.at,
        who=event.who,
        side=event.side,
        action=event.action,
        text=open_text(keys, event) if "narrative" in decision.groups else "",
        code=event.code,
        label=labels.label(event.code) if event.code else "",
        told=event.told,
        note=kept.note,
        reason=kept.reason,
        reason_label=_label(kept.reason, labels) if kept.reason else "",
        crime_reference=kept.crime_reference,
        force_name=kept.force_name,
        services=kept.services,
    )


def _label(code: str, labels: Decisions) -> str:
    grounds = load_access().override_grounds
    own = next((ground.label for ground in grounds if ground.code == code), "")
    return own or load_retention().label(code) or labels.label(code)


def listed(
    report: TriageReport, answers: Answers, decision: Decision, user: User, *, area: str, now: datetime
) -> Listed:
    """One line of the list, with nothing in it that the page would hide."""
    shown = visible_answers(answers, decision)
    incident = shown.get("incident", {})
    return Listed(
        id=report.report_id,
        reference=reference(report.report_id),
        received_at=report.received_at,
        age_s=age_s(report.received_at, now=now),
        state=report.state,
        queue=report.queue,
        version=report.version,
        sharing_choice=report.sharing_choice,
        area=area,
        force_id=report.force_id,
        strands=_codes(shown.get("strand", {}).get("strands")),
        event_types=_codes(incident.get("event_types")),
        when=incident.get("when"),
        acknowledged_at=report.acknowledged_at,
        due_at=report.due_at,
        due_for=report.due_for,
        overdue=report.due_at is not None and report.due_at <= stamp(now),
        reply_waiting=report.reply_waiting,
        with_pictures=report.has_pictures and "pictures" in decision.groups,
        offer=_offer(report, user),
        channel=report.channel,
        centre_name=report.centre_name,
    )


def _offer(report: TriageReport, user: User) -> Literal["in", "out"] | None:
    if report.offered_force_id is None or user.force_id is None:
        return None
    return "in" if report.offered_force_id == user.force_id else "out"


def visible_answers(answers: Answers, decision: Decision) -> dict[FieldGroup, dict[str, Any]]:
    """The released groups that hold an answer. What was never asked is absent."""
    shown: dict[FieldGroup, dict[str, Any]] = {}
    for name, value in msgspec.to_builtins(answers).items():
        group = GROUP_OF.get(name)
        if group is not None and group in decision.groups and value is not None:
            shown.setdefault(group, {})[name] = value
    return shown


def possible_acts(user: User, report: TriageReport, *, can_reach: bool, now: datetime) -> list[Act]:
    """What this reader can do here and now, so that the page offers nothing else."""
    return [
        act
        for act, states in POSSIBLE_IN.items()
        if report.state in states
        and may(user, act, facts(report), None, now).answer == "yes"
        and (can_reach or act not in NEEDS_A_WAY)
        and (act != "acknowledge_report" or report.acknowledged_at is None)
        and (act != "mark_reply_read" or report.reply_waiting)
        and (act != "override_release" or openable(facts(report)))
        and (act != "unmask" or decide(user, act, facts(report), now=now).groups)
        and _as_held(user, act, report)
    ]


def _as_held(user: User, act: Act, report: TriageReport) -> bool:
    """What a hold and a request to erase leave possible."""
    match act:
        case "hold_report":
            return report.hold_side is None
        case "lift_hold":
            return report.hold_side == ("police" if user.police else "centre")
        case "erase_report":
            return report.hold_side is None and report.erasure_by is None and not report.reply_waiting
        case "confirm_erasure":
            asked = report.erasure_by not in (None, user.id)
            return asked and report.hold_side is None and not report.reply_waiting
        case _:
            return True


def age_s(received_at: str, *, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(received_at)).total_seconds()))


def _codes(value: Any) -> tuple[str, ...]:
    """Nothing for what was skipped."""
    return tuple(value) if isinstance(value, (list, tuple)) else ()
