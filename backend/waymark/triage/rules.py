"""What moves a report on, and what of it each reader is shown. Pure."""

import base64
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from waymark.agencies.records import Act, Decision, FieldGroup, ReportFacts
from waymark.agencies.rules import decide, released
from waymark.identity.records import User
from waymark.kernel.vault import Vault, decrypt, encrypt
from waymark.triage.records import Cursor, Listed, State, TriageReport
from waymark_sync.reference import reference
from waymark_sync.report import Answers, ReportBody, SharingChoice, read_report

Step = Literal["screen", "route", "acknowledge"]

NEXT: Final[Mapping[tuple[State, Step, bool], State]] = MappingProxyType(
    {
        ("received", "screen", True): "screened",
        ("received", "screen", False): "screened",
        ("screened", "route", True): "awaiting_triage",
        ("screened", "route", False): "centre_only",
        ("awaiting_triage", "acknowledge", True): "in_triage",
        ("centre_only", "acknowledge", False): "centre_only",
    }
)
"""By state, step and whether the reporter released the report to the police. Nothing else is possible."""

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
        "place_type": "location",
        "postcode": "location",
        "place_text": "location",
        "name_known_as": "identity",
        "safe_contact": "contact",
        "support_needs": "support",
        "preferred_language": "support",
    }
)
"""Every answer belongs to one group. An answer that is not here is shown to nobody."""

_BODY_AAD: Final = b"opened_report|body|"
_TEXT_AAD: Final = b"triage_event|text|"
PAGE_ACTS: Final[tuple[Act, ...]] = ("acknowledge_report", "take_report")


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
        sharing_choice=report.sharing_choice, centre_id=report.centre_id, force_id=report.force_id
    )


def open_body(vault: Vault, report: TriageReport) -> ReportBody:
    """Raises CannotDecrypt, UnreadableReport: neither can happen to what the opener wrote."""
    key = vault.unwrap(report.wrapped)
    plaintext = decrypt(key, report.body, aad=_BODY_AAD + report.report_id.encode())
    return read_report(plaintext, schema_v=report.schema_v)


def seal_text(vault: Vault, report: TriageReport, event_id: str, text: str) -> bytes:
    """What is said about a report goes when the report's key goes."""
    return encrypt(vault.unwrap(report.wrapped), text.encode(), aad=_TEXT_AAD + event_id.encode())


def open_text(vault: Vault, report: TriageReport, event_id: str, text: bytes | None) -> str:
    if text is None:
        return ""
    return decrypt(vault.unwrap(report.wrapped), text, aad=_TEXT_AAD + event_id.encode()).decode()


def listed(report: TriageReport, answers: Answers, decision: Decision, *, area: str, now: datetime) -> Listed:
    """One line of the list, with nothing in it that the page would hide."""
    shown = visible_answers(answers, decision)
    incident = shown.get("incident", {})
    return Listed(
        id=report.report_id,
        reference=reference(report.report_id),
        received_at=report.received_at,
        age_s=age_s(report.received_at, now=now),
        state=report.state,
        sharing_choice=report.sharing_choice,
        area=area,
        force_id=report.force_id,
        strands=_codes(shown.get("strand", {}).get("strands")),
        event_types=_codes(incident.get("event_types")),
        when=incident.get("when"),
        acknowledged_at=report.acknowledged_at,
        channel=report.channel,
        centre_name=report.centre_name,
    )


def visible_answers(answers: Answers, decision: Decision) -> dict[FieldGroup, dict[str, Any]]:
    """The released groups that hold an answer. What was never asked is absent."""
    shown: dict[FieldGroup, dict[str, Any]] = {}
    for name, value in msgspec.to_builtins(answers).items():
        group = GROUP_OF.get(name)
        if group is not None and group in decision.groups and value is not None:
            shown.setdefault(group, {})[name] = value
    return shown


def possible_acts(user: User, report: TriageReport) -> list[str]:
    """What this reader can do here and now, so that the page offers nothing else."""
    acts = [act for act in PAGE_ACTS if decide(user, act, facts(report)).allowed]
    return [act for act in acts if act != "acknowledge_report" or report.acknowledged_at is None]


def age_s(received_at: str, *, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(received_at)).total_seconds()))


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


def _codes(value: Any) -> tuple[str, ...]:
    """Nothing for what was skipped."""
    return tuple(value) if isinstance(value, (list, tuple)) else ()
