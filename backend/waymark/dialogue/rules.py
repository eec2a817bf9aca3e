"""What a decision, a closing and their words must be like. Pure."""

from collections.abc import Sequence

from waymark.dialogue.records import Close, Decide, Reopen
from waymark.kernel.problems import problem
from waymark.triage.records import Event
from waymark_sync.policy.decisions import Closure, Coded, DecisionKind, Decisions, Side


def check_decision(asked: Decide, kinds: Sequence[DecisionKind], data: Decisions) -> DecisionKind:
    """Raises Problem invalid, naming the field."""
    kind = next((kind for kind in kinds if kind.code == asked.code), None)
    if kind is None:
        raise problem("invalid", "code")
    if asked.reason not in ([reason.code for reason in kind.reasons] or [""]):
        raise problem("invalid", "reason")
    if kind.needs_reference != bool(asked.crime_reference.strip()):
        raise problem("invalid", "crime_reference")
    _check_telling(asked.message, asked.not_told_reason, data.not_told_reasons, must=kind.tell == "must")
    return kind


def check_closing(asked: Close, side: Side, events: Sequence[Event], data: Decisions) -> Closure:
    """Closing says so to the reporter, unless a decision has told them or telling is unsafe.

    Raises Problem invalid, naming the field.
    """
    closure = next((each for each in data.closures_by(side) if each.code == asked.code), None)
    if closure is None:
        raise problem("invalid", "code")
    told = any(event.action == "decided" and event.told == "reporter" for event in events)
    _check_telling(asked.message, asked.not_told_reason, data.not_told_reasons, must=not told)
    return closure


def check_reopening(asked: Reopen, data: Decisions) -> None:
    """Raises Problem invalid."""
    if asked.reason not in [reason.code for reason in data.reopen_reasons]:
        raise problem("invalid", "reason")


def _check_telling(message: str, not_told: str, reasons: Sequence[Coded], *, must: bool) -> None:
    """Either words or a reason why there are none."""
    if not_told and not_told not in [reason.code for reason in reasons]:
        raise problem("invalid", "not_told_reason")
    if message.strip() and not_told:
        raise problem("invalid", "message, not_told_reason")
    if must and not message.strip() and not not_told:
        raise problem("invalid", "message, not_told_reason")
