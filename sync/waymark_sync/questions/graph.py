"""The graph as it is written in `core.json`, with the strands of the policy pack filled in."""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Literal

import msgspec
from msgspec import Struct

from waymark_sync.policy import load_strands

Filled = Mapping[str, Any]
"""What has been filled in so far, by field id: text, a list of codes, or the acknowledgement."""

# Written out, because what counts as white space differs between Python and JavaScript.
_BLANK = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
_EDGES = re.compile(f"^[{_BLANK}]+|[{_BLANK}]+$")


class Group(Struct, frozen=True, kw_only=True):
    """Options that are folded together on the screen. The group without an id is always open."""

    id: str
    options: tuple[str, ...]


class Field(Struct, frozen=True, kw_only=True):
    id: str
    kind: Literal["acknowledgement", "choice", "codes", "line", "text"]
    required: bool = False
    max: int = 0
    """Characters; 0 where the kind has no text."""
    blank: Literal["", "not_answered"] = ""
    """What is recorded when the question was asked and left alone; nothing when empty."""
    exclusive: tuple[str, ...] = ()
    """Codes that stand alone: "I do not know" beside nothing else."""
    options: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    options_from: Literal["", "strands", "sub_strands"] = ""


class Condition(Struct, frozen=True, kw_only=True):
    kind: Literal["any_of", "has_sub_strands"]
    field: str = ""
    codes: tuple[str, ...] = ()


class Step(Struct, frozen=True, kw_only=True):
    id: str
    fields: tuple[Field, ...]
    condition: Condition | None = None
    validators: tuple[Literal["when", "postcode", "contact", "identity_in_text"], ...] = ()


class Graph(Struct, frozen=True, kw_only=True):
    form_version: str
    limits_text_version: str
    steps: tuple[Step, ...]
    months: dict[str, tuple[str, ...]]

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)


GRAPH = msgspec.json.decode(
    resources.files("waymark_sync.questions").joinpath("core.json").read_bytes(), type=Graph
)
SUB_STRANDS: Mapping[str, tuple[str, ...]] = {
    strand.code: tuple(f"{strand.code}.{sub}" for sub in strand.sub) for strand in load_strands()
}
"""By strand, in the order of the pack: its sub-strands as they are recorded."""


def options_of(field: Field) -> tuple[str, ...]:
    """Every code a field may hold, in order."""
    if field.options_from == "strands":
        return tuple(SUB_STRANDS)
    if field.options_from == "sub_strands":
        return tuple(code for codes in SUB_STRANDS.values() for code in codes)
    return field.options or tuple(code for group in field.groups for code in group.options)


def holds(condition: Condition | None, filled: Filled) -> bool:
    if condition is None:
        return True
    if condition.kind == "has_sub_strands":
        return any(SUB_STRANDS.get(code) for code in codes_in(filled, "strands"))
    value = filled.get(condition.field)
    return any(code in condition.codes for code in ([value] if isinstance(value, str) else value or ()))


def text_in(filled: Filled, field_id: str) -> str:
    """The text of a field without blanks at its ends; empty when there is none."""
    value = filled.get(field_id)
    return trimmed(value) if isinstance(value, str) else ""


def codes_in(filled: Filled, field_id: str) -> Sequence[str]:
    value = filled.get(field_id)
    return value if isinstance(value, list | tuple) else ()


def trimmed(text: str) -> str:
    return _EDGES.sub("", text)
