"""How much may wait to be stored, and when those come back for whom there is no room. Pure: no clock here."""

from typing import Final

WAITING_S_MAX: Final = 0.15
"""Of work that may wait: with the commit that is running, everybody is answered within half a second."""
WAITING_ITEMS_MIN: Final = 512
"""Eight full pushes may always wait, however slow the disk; of one device, half as many."""
WAITING_ITEMS_MAX: Final = 20_000
PACE_FIRST: Final = 4_000.0
"""Items a second, until commits have been seen."""
PACE_ITEMS_MIN: Final = 100
"""A commit of fewer says how slow the disk is, not how much can be stored."""
PACE_NEW: Final = 0.3
OVERBOOKED: Final = 1.25
"""Times given for each that can be kept: a few come late or never, and the writer shall not rest."""
RETRY_S_MAX: Final = 30
RETRY_S_MIN: Final = 0.1
"""So that nobody asks without end."""


class Pace:
    """How fast things are stored, and when those who are sent away should come back.

    Whoever is sent away gets a time of its own, after all who were sent away before: together they would
    meet again. `now` is any clock in seconds that never goes back.
    """

    def __init__(self) -> None:
        self._items_per_s = PACE_FIRST
        self._booked_until = 0.0

    @property
    def waiting_items_max(self) -> int:
        room = round(self._items_per_s * WAITING_S_MAX)
        return max(WAITING_ITEMS_MIN, min(room, WAITING_ITEMS_MAX))

    def stored(self, items: int, *, took_s: float) -> None:
        if items >= PACE_ITEMS_MIN and took_s > 0:
            self._items_per_s += PACE_NEW * (items / took_s - self._items_per_s)

    def idle(self, now: float) -> None:
        """Nobody waits: half of those who were given a time did not come, or it went faster than thought."""
        self._booked_until = now + max(0.0, self._booked_until - now) / 2

    def wait_s(self, items: int, *, now: float, waiting: int, luck: float) -> float:
        """Until there will be room for so many items, behind `waiting` others. luck: 0 up to 1."""
        per_s = max(self._items_per_s * OVERBOOKED, 1.0)
        start = max(self._booked_until, now + waiting / per_s)
        if start - now > RETRY_S_MAX:
            return RETRY_S_MAX * (1 + luck) / 2
        self._booked_until = start + items / per_s
        return max(RETRY_S_MIN, start - now)
