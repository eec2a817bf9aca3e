"""What is wrong, and what is only odd, by step. Codes only: each language has its own words for them."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from waymark_sync.questions.contact import looks_like_email, looks_like_phone, may_identify, uk_postcode
from waymark_sync.questions.dates import WrongDate, span
from waymark_sync.questions.graph import (
    GRAPH,
    SUB_STRANDS,
    Field,
    Filled,
    Step,
    codes_in,
    holds,
    options_of,
    text_in,
)

NAMELESS = frozenset({"P3", "A1", "A2"})
"""Sharing choices under which nobody is told who the reporter is."""


class Fault(Struct, frozen=True):
    field: str
    code: str


class Findings(Struct, frozen=True, kw_only=True):
    errors: tuple[Fault, ...] = ()
    """These stop the step."""
    warnings: tuple[Fault, ...] = ()
    """Shown once; the same answer may be given again."""


def visible_steps(filled: Filled) -> tuple[Step, ...]:
    """The steps that belong to these answers, in order."""
    return tuple(step for step in GRAPH.steps if holds(step.condition, filled))


def check_all(filled: Filled, today: date) -> Findings:
    found = [check_step(step, filled, today) for step in visible_steps(filled)]
    return Findings(
        errors=tuple(fault for findings in found for fault in findings.errors),
        warnings=tuple(fault for findings in found for fault in findings.warnings),
    )


def check_step(step: Step, filled: Filled, today: date) -> Findings:
    errors = [fault for field in step.fields for fault in _field_errors(field, filled)]
    warnings: list[Fault] = []
    for validator in step.validators:
        match validator:
            case "when":
                errors += _when_errors(filled, today)
            case "postcode":
                warnings += _postcode_warnings(filled)
            case "contact":
                faults = list(_contact_faults(filled))
                errors += [fault for fault in faults if fault.code.endswith("_needed")]
                warnings += [fault for fault in faults if not fault.code.endswith("_needed")]
            case "identity_in_text":
                warnings += _identity_warnings(filled)
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def _field_errors(field: Field, filled: Filled) -> Iterator[Fault]:
    match field.kind:
        case "acknowledgement":
            if not filled.get(field.id):
                yield Fault(field.id, "required")
        case "choice":
            yield from _choice_errors(field, text_in(filled, field.id))
        case "codes":
            yield from _codes_errors(field, filled)
        case "line" | "text":
            if field.required and not text_in(filled, field.id):
                yield Fault(field.id, "required")
            if len(str(filled.get(field.id) or "")) > field.max:
                yield Fault(field.id, "too_long")


def _choice_errors(field: Field, chosen: str) -> Iterator[Fault]:
    if not chosen:
        if field.required:
            yield Fault(field.id, "required")
    elif chosen not in options_of(field):
        yield Fault(field.id, "unknown_code")


def _codes_errors(field: Field, filled: Filled) -> Iterator[Fault]:
    chosen = codes_in(filled, field.id)
    if any(code not in options_of(field) for code in chosen):
        yield Fault(field.id, "unknown_code")
    elif field.options_from == "sub_strands" and any(
        code not in _sub_strands_open(filled) for code in chosen
    ):
        yield Fault(field.id, "not_of_chosen_strand")
    if len(chosen) > 1 and any(code in field.exclusive for code in chosen):
        yield Fault(field.id, "exclusive")


def _sub_strands_open(filled: Filled) -> frozenset[str]:
    return frozenset(code for strand in codes_in(filled, "strands") for code in SUB_STRANDS.get(strand, ()))


def _when_errors(filled: Filled, today: date) -> Iterator[Fault]:
    try:
        said = span(filled)
    except WrongDate as wrong:
        yield Fault(wrong.field, wrong.code)
        return
    if said is not None and said[0] > today:
        yield Fault("when_month" if filled["when_precision"] == "month" else "when_day", "date_future")


def _postcode_warnings(filled: Filled) -> Iterator[Fault]:
    postcode = text_in(filled, "postcode")
    if postcode and uk_postcode(postcode) is None:
        yield Fault("postcode", "postcode_looks_odd")


def _contact_faults(filled: Filled) -> Iterator[Fault]:
    """`_needed` where the choice is to give the police one's details, `_missing` where it can wait."""
    methods = codes_in(filled, "contact_methods")
    ending = "needed" if filled.get("sharing_choice") == "P1" else "missing"
    if not methods and ending == "needed":
        yield Fault("contact_methods", "contact_needed")
    phone, email = text_in(filled, "contact_phone"), text_in(filled, "contact_email")
    if "call" in methods or "text" in methods:
        if not phone:
            yield Fault("contact_phone", f"phone_{ending}")
        elif not looks_like_phone(phone):
            yield Fault("contact_phone", "phone_looks_odd")
    if "email" in methods:
        if not email:
            yield Fault("contact_email", f"email_{ending}")
        elif not looks_like_email(email):
            yield Fault("contact_email", "email_looks_odd")


def _identity_warnings(filled: Filled) -> Iterator[Fault]:
    if filled.get("sharing_choice") in NAMELESS and may_identify(text_in(filled, "narrative_original")):
        yield Fault("sharing_choice", "text_may_identify")
