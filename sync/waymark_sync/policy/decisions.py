"""What may be decided about a report, by nation and force and day: data that an installation can replace.

A code once used is never changed or taken out: its last day is set, and old decisions keep their words.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from waymark_sync.policy import read_data

Side = Literal["police", "centre"]


class Coded(Struct, frozen=True, kw_only=True):
    code: str
    label: str


class Regime(Struct, frozen=True, kw_only=True):
    """The rules on what is no crime, as one force follows them from one day to another, both included."""

    code: str
    valid_from: str
    valid_to: str | None = None


class DecisionKind(Struct, frozen=True, kw_only=True):
    """One thing that may be decided. `explainer` is a beginning, which whoever decides can change."""

    code: str
    state: str
    label: str
    explainer: str
    valid_from: str
    valid_to: str | None = None
    tell: Literal["must", "may"] = "must"
    """`must`: the reporter is told, or it is written down why not."""
    needs_reference: bool = False
    reasons: tuple[Coded, ...] = ()
    """One of them is given, where there are any."""
    regimes: tuple[str, ...] = ()
    """Only under these; under any when empty."""
    nations: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()


class Closure(Struct, frozen=True, kw_only=True):
    code: str
    label: str
    by: tuple[Side, ...]
    explainer: str


class Decisions(Struct, frozen=True, kw_only=True):
    version: str
    regimes_of_forces: Mapping[str, tuple[Regime, ...]]
    """Of forces that do not follow their nation's."""
    regimes_of_nations: Mapping[str, tuple[Regime, ...]]
    decisions: tuple[DecisionKind, ...]
    closures: tuple[Closure, ...]
    not_told_reasons: tuple[Coded, ...]
    reopen_reasons: tuple[Coded, ...]
    texts: Mapping[str, str]
    """What the reporter is told when a report moves between forces."""

    def regime(self, force_id: str, nation: str, day: str) -> str:
        """`none` where nothing is in force."""
        regimes = self.regimes_of_forces.get(force_id) or self.regimes_of_nations.get(nation, ())
        return next((r.code for r in regimes if in_force(r.valid_from, r.valid_to, day)), "none")

    def possible(self, force_id: str, nation: str, day: str) -> tuple[DecisionKind, ...]:
        """What this force may decide on `day`, `YYYY-MM-DD`."""
        regime = self.regime(force_id, nation, day)
        return tuple(
            kind
            for kind in self.decisions
            if in_force(kind.valid_from, kind.valid_to, day)
            and (not kind.regimes or regime in kind.regimes)
            and (not kind.nations or nation in kind.nations)
            and (not kind.forces or force_id in kind.forces)
        )

    def closures_by(self, side: Side) -> tuple[Closure, ...]:
        return tuple(closure for closure in self.closures if side in closure.by)

    def label(self, code: str) -> str:
        """The code itself where the data no longer holds it."""
        coded: Iterable[DecisionKind | Closure | Coded] = (
            *self.decisions,
            *self.closures,
            *self.not_told_reasons,
            *self.reopen_reasons,
            *(reason for kind in self.decisions for reason in kind.reasons),
        )
        return next((one.label for one in coded if one.code == code), code)


def in_force(valid_from: str, valid_to: str | None, day: str) -> bool:
    return valid_from <= day and (valid_to is None or day <= valid_to)


@cache
def load_decisions() -> Decisions:
    """Raises ValueError when the data does not hold together."""
    found = msgspec.json.decode(read_data("decisions.json"), type=Decisions)
    codes = [kind.code for kind in found.decisions]
    if len(codes) != len(set(codes)):
        raise ValueError("two decisions have one code")
    if missing := {"forwarded", "accepted", "returned"} - found.texts.keys():
        raise ValueError(f"no text for {', '.join(sorted(missing))}")
    return found
