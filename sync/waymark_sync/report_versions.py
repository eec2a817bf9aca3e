"""What earlier versions of a report's body looked like, and how each becomes the next.

A version that was shipped is never changed here again. Whatever a body holds is let through: a converter
judges nothing, it only moves what it knows, and the newest version's shape judges the outcome.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

Tree = dict[str, Any]
Converter = Callable[[Tree], Tree]

_PLACE_OF_V1: Final = {"place_type": "place_type", "postcode": "postcode", "place_text": "text"}


def from_v1(body: Tree) -> Tree:
    """Where it happened and how it was taken down were loose fields; version 2 groups each.

    `where` and `capture` had no meaning in version 1, so what a body of version 1 has under them is set
    aside rather than read as what it was not.
    """
    after = {name: value for name, value in body.items() if name not in ("channel", "capture")}
    if "channel" in body:
        after["capture"] = {"channel": body["channel"]}
    if isinstance(answers := body.get("answers"), dict):
        after["answers"] = answers_from_v1(answers)
    return after


def answers_from_v1(answers: Tree) -> Tree:
    """The answers alone, as another system may still hand them over."""
    where = {now: answers[then] for then, now in _PLACE_OF_V1.items() if answers.get(then) is not None}
    after = {name: value for name, value in answers.items() if name not in (*_PLACE_OF_V1, "where")}
    return after | {"where": where} if where else after


def flat_place(answers: Tree) -> bool:
    """Whether these answers say where it happened as version 1 did."""
    return any(name in answers for name in _PLACE_OF_V1)


CONVERTERS: Final[Mapping[int, Converter]] = MappingProxyType({1: from_v1})
"""From version n to n + 1, for every n below the newest."""
