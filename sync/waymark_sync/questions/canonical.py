"""From what was filled in to the answers that are sealed.

Every step that was offered leaves a trace; what a step held that no longer belongs to the report is dropped,
so that no telephone number travels under a choice that promised none.
"""

from typing import Any

from waymark_sync.questions.checks import visible_steps
from waymark_sync.questions.contact import uk_postcode
from waymark_sync.questions.dates import WrongDate, span
from waymark_sync.questions.graph import GRAPH, SUB_STRANDS, Filled, codes_in, options_of, text_in
from waymark_sync.report import NOT_ANSWERED

MANDATORY = tuple(field.id for step in GRAPH.steps for field in step.fields if field.required)


class Incomplete(Exception):
    """One of the five mandatory answers is missing. `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def canonical(filled: Filled) -> dict[str, Any]:
    """The JSON of `report.Answers`. Raises Incomplete; run `check_all` first."""
    for field in MANDATORY:
        if not (text_in(filled, field) or isinstance(filled.get(field), dict)):
            raise Incomplete(field)
    answers: dict[str, Any] = {
        "confidentiality_limits_ack": dict(filled["confidentiality_limits_ack"]),
        "reporter_role": filled["reporter_role"],
        "narrative_original": filled["narrative_original"],
        "when": _when(filled),
        "sharing_choice": filled["sharing_choice"],
    }
    where: dict[str, str] = {}
    for step in visible_steps(filled):
        answers |= _optional(step.id, filled)
        where |= _where(step.id, filled)
    return answers | ({"where": where} if where else {})


def _optional(step_id: str, filled: Filled) -> dict[str, Any]:
    match step_id:
        case "event_types" | "strands" | "sub_strands" | "support_needs":
            return {step_id: _in_order(step_id, filled) or NOT_ANSWERED}
        case "preferred_language":
            return {step_id: text_in(filled, step_id) or NOT_ANSWERED}
        case "name":
            return _given(name_known_as=text_in(filled, "name_known_as"))
        case "contact":
            return {"safe_contact": _safe_contact(filled) or NOT_ANSWERED}
    return {}


def _where(step_id: str, filled: Filled) -> dict[str, str]:
    """Two steps ask for it."""
    match step_id:
        case "place_type":
            return {"place_type": text_in(filled, "place_type") or NOT_ANSWERED}
        case "place":
            typed = text_in(filled, "postcode")
            return _given(postcode=uk_postcode(typed) or typed, text=text_in(filled, "place_text"))
    return {}


def _in_order(step_id: str, filled: Filled) -> list[str]:
    """The chosen codes in the order of the form, so that the order of taps says nothing."""
    chosen = codes_in(filled, step_id)
    codes = [code for code in options_of(GRAPH.step(step_id).fields[0]) if code in chosen]
    if step_id != "sub_strands":
        return codes
    strands = codes_in(filled, "strands")
    return [code for code in codes if any(code in SUB_STRANDS.get(strand, ()) for strand in strands)]


def _when(filled: Filled) -> dict[str, str]:
    try:
        said = span(filled)
    except WrongDate as wrong:
        raise Incomplete(wrong.field) from wrong
    when = {"precision": str(filled["when_precision"])}
    if said is not None:
        when |= {"start": said[0].isoformat(), "end": said[1].isoformat()}
    return when | _given(text=text_in(filled, "when_text"))


def _safe_contact(filled: Filled) -> dict[str, Any]:
    """Only what goes with the chosen ways: a number typed under a way taken back is not sent."""
    methods = _in_contact_order(filled)
    by_voice, by_phone = "call" in methods, "call" in methods or "text" in methods
    reachable = bool(methods) and "no_contact" not in methods
    contact: dict[str, Any] = {"methods": methods} if methods else {}
    if by_phone:
        contact |= _given(phone=text_in(filled, "contact_phone"))
    if "email" in methods:
        contact |= _given(email=text_in(filled, "contact_email"))
    if reachable:
        contact |= _given(
            times=text_in(filled, "contact_times"), code_word=text_in(filled, "contact_code_word")
        )
    if by_voice and filled.get("contact_voicemail") == "yes":
        contact["voicemail_ok"] = True
    if by_voice and text_in(filled, "contact_say_who") in ("first_name", "organisation"):
        contact["say_who_calling"] = filled["contact_say_who"]
    return contact | _given(must_not_know=text_in(filled, "contact_must_not_know"))


def _in_contact_order(filled: Filled) -> list[str]:
    chosen = codes_in(filled, "contact_methods")
    return [code for code in options_of(GRAPH.step("contact").fields[0]) if code in chosen]


def _given(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
