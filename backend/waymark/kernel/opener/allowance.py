"""How much may be opened, and how fast: for each who asks, and for all together. Pure; time is handed in."""

from typing import Final

from msgspec import Struct


class Allowance(Struct, frozen=True, kw_only=True):
    """at_once: opened in one go after a rest. per_s: goes on for ever."""

    at_once: int
    per_s: float


PERSON: Final = Allowance(at_once=3_000, per_s=10)
"""Sixty pages of the list, then one every five seconds: more than a person reads."""
JOB: Final = Allowance(at_once=50_000, per_s=3_000)
"""Faster than the fastest intake that was measured."""
TOGETHER: Final = Allowance(at_once=60_000, per_s=3_500)
"""Whatever the service says who asks."""
ASKERS_MAX: Final = 10_000
INDEX_A_DAY: Final = 720_000
"""Telephones and addresses, of all holders together: ten times the Monday of docs/performance.md, 18,000
reports with both, for a centre and a force. Every mobile number of the United Kingdom takes four years."""


class ADay:
    """So much between one midnight (UTC) and the next, whoever asks. used: of `day`, before a restart."""

    def __init__(self, many: int, *, day: str, used: int = 0) -> None:
        self._many, self._day, self._used = many, day, used
        self.told = False
        """Has today's end been told of?"""

    def take(self, *, day: str) -> bool:
        if day > self._day:  # a clock that is put back gives nothing
            self._day, self._used, self.told = day, 0, False
        if self._used >= self._many:
            return False
        self._used += 1
        return True


class Allowances:
    """Token buckets. Forgets whoever has all of theirs."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, amount: int, *, at: float) -> int:
        """0 where it is allowed, else after how many seconds to ask again. at: seconds of a steady clock."""
        own = PERSON if who.startswith("person:") else JOB
        needed = (("", TOGETHER), (who, own))
        left = [self._now(name, allowance, at) for name, allowance in needed]
        if any(amount > have for have in left):
            waits = [
                (min(amount, allowance.at_once) - have) / allowance.per_s
                for have, (_, allowance) in zip(left, needed, strict=True)
            ]
            return max(1, round(max(waits) + 0.5))
        for have, (name, _) in zip(left, needed, strict=True):
            self._left[name] = (have - amount, at)
        if len(self._left) > ASKERS_MAX:
            self._tidy(at)
        return 0

    def _now(self, name: str, allowance: Allowance, at: float) -> float:
        left, then = self._left.get(name, (float(allowance.at_once), at))
        return min(float(allowance.at_once), left + max(0.0, at - then) * allowance.per_s)

    def _tidy(self, at: float) -> None:
        for name, (_, then) in sorted(self._left.items(), key=lambda item: item[1][1]):
            if len(self._left) <= ASKERS_MAX // 2 or at - then < PERSON.at_once / PERSON.per_s:
                break
            if name:
                del self._left[name]
