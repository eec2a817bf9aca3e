"""What an attacker tried and what came back. One attempt that got something fails the script, at its end."""

import os
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from support.figures import ROOT, locked

COUNTS: Final = ROOT / "docs" / "figures" / "attacks.json"
LONG: Final = os.environ.get("WAYMARK_PROVE") == "1"
"""The long form: more attempts of each kind."""
Test = TypeVar("Test", bound=Any)


def long_form(test: Test) -> Test:
    """Costs too much for every run, and repeats what a shorter attack or a journey looks at."""
    test.__dict__["long_form"] = True
    return test


class AttackRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    script: str
    attack: str
    attempts: int
    got: int
    """Attempts that gave the attacker something."""


class Attacks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    attacks: tuple[AttackRow, ...] = ()


class Attempts:
    """Of one attack."""

    def __init__(self, script: str, attack: str) -> None:
        self._script, self._attack = script, attack
        self.count = 0
        self.successes: list[str] = []

    def tried(self, what: str, *, got: object, back: object = "") -> None:
        """got: whatever is true or not empty is what the attacker was not to have. back: what came back."""
        self.count += 1
        if got:
            self.successes.append(f"{what}: got {str(got)[:400]} ({str(back)[:400]})")

    def judge(self) -> None:
        """Raises AssertionError. The long form writes down what was counted, whatever it is."""
        if LONG:
            record(
                AttackRow(
                    script=self._script, attack=self._attack, attempts=self.count, got=len(self.successes)
                )
            )
        assert self.count, "an attack that tries nothing proves nothing"
        assert not self.successes, (
            f"{len(self.successes)} of {self.count} attempts got something:\n"
            + "\n".join(self.successes[:20])
        )


def counted(path: Path = COUNTS) -> Attacks:
    return msgspec.json.decode(path.read_bytes(), type=Attacks) if path.exists() else Attacks()


def record(row: AttackRow) -> None:
    """Takes the place of what was counted of this attack before."""
    with locked():
        others = [one for one in counted().attacks if (one.script, one.attack) != (row.script, row.attack)]
        rows = tuple(sorted([*others, row], key=lambda one: (one.script, one.attack)))
        COUNTS.write_bytes(msgspec.json.format(msgspec.json.encode(Attacks(attacks=rows)), indent=1) + b"\n")
