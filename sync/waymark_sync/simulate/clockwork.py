"""True time, which nobody in a story can read, and what is to happen when."""

import heapq
from collections.abc import Callable
from itertools import count

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Clockwork:
    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, delay_ms: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now_ms + max(delay_ms, 0), next(self._order), act))

    def run_until(self, at_ms: int) -> None:
        """Everything that falls due until then, in order."""
        while self._agenda and self._agenda[0][0] <= at_ms:
            self.now_ms, _, act = heapq.heappop(self._agenda)
            act()
        self.now_ms = max(self.now_ms, at_ms)
