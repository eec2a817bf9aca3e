"""Who may stay connected to the opener: whoever holds many connections open keeps nobody else from asking.

When every seat is taken, the process that has most of them gives up the one that has done nothing for the
longest. One that is being answered is never given up: whoever asks properly asks again on another.
"""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from msgspec import Struct

SEATS_MAX: Final = 128


class _Seat(Struct):
    connection: socket.socket
    peer: int
    since: float
    answered: bool = False
    """Is it being answered right now?"""


class Seats:
    def __init__(self, many: int = SEATS_MAX, *, time_s: Callable[[], float] = time.monotonic) -> None:
        self._many, self._time_s = many, time_s
        self._taken: dict[int, _Seat] = {}
        self._lock = threading.Lock()
        self._number = 0

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, connection: socket.socket, peer: int) -> int | None:
        """The seat's number; None where all are being answered. peer: a process id."""
        with self._lock:
            if len(self._taken) >= self._many and not self._give_up_one():
                return None
            self._number += 1
            self._taken[self._number] = _Seat(connection, peer, self._time_s())
            return self._number

    def begin(self, number: int) -> bool:
        """It has asked. False: its seat was given up meanwhile."""
        with self._lock:
            if (seat := self._taken.get(number)) is None:
                return False
            seat.answered = True
            return True

    def rest(self, number: int) -> None:
        """It waits to be taken, or asked, again."""
        with self._lock:
            if (seat := self._taken.get(number)) is not None:
                seat.answered, seat.since = False, self._time_s()

    def leave(self, number: int) -> None:
        with self._lock:
            self._taken.pop(number, None)

    def _give_up_one(self) -> bool:
        waiting = [(number, seat) for number, seat in self._taken.items() if not seat.answered]
        if not waiting:
            return False
        held = Counter(seat.peer for seat in self._taken.values())
        number, seat = min(waiting, key=lambda one: (-held[one[1].peer], one[1].since))
        del self._taken[number]
        with contextlib.suppress(OSError):  # it may be ending by itself
            seat.connection.shutdown(socket.SHUT_RDWR)
        return True
