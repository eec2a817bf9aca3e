"""What a visitor's phone is asked to solve for its push: nothing, or more the more there is to do.

A challenge is kept nowhere: it carries its time and difficulty, and a mark that only this service can make.
What is solved is bound to the items of one push, so a proof serves once, and there is nothing to remember.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from waymark.kernel.clock import milliseconds
from waymark_sync.work import CHALLENGE_BYTES, WORK_BYTES

ROUNDS: Final = 2_000
"""Of PBKDF2 for each try: half a millisecond here, so checking a proof costs next to nothing."""
BITS_PRESSED: Final = 8
"""256 tries: a second on a slow phone, a tenth of one on a fast one."""
BITS_CROWDED: Final = 10
LIFE: Final = timedelta(minutes=10)
"""Of a challenge: a slow phone solves it, and a slow network carries what it solved."""
_LABEL: Final = b"waymark-work-challenge/1\n"
_MARK_BYTES: Final = 16


class Pressure:
    """What the front door cannot see by itself. Set by a job."""

    def __init__(self) -> None:
        self.flooded = False
        """Reports are being laid apart."""


def new_challenge(secret: bytes, *, bits: int, now: datetime) -> bytes:
    asked = milliseconds(now).to_bytes(8, "big") + bytes([bits]) + ROUNDS.to_bytes(4, "big")
    asked += secrets.token_bytes(CHALLENGE_BYTES - _MARK_BYTES - len(asked))
    return asked + _mark(secret, asked)


def genuine(secret: bytes, work: bytes | None, *, now: datetime) -> bool:
    """Was it made here, and not long ago? Cheap: whoever sends what is not costs next to nothing."""
    if work is None or len(work) != WORK_BYTES:
        return False
    asked, mark = work[: CHALLENGE_BYTES - _MARK_BYTES], work[CHALLENGE_BYTES - _MARK_BYTES : CHALLENGE_BYTES]
    if not hmac.compare_digest(mark, _mark(secret, asked)):
        return False
    age_ms = milliseconds(now) - int.from_bytes(asked[:8], "big")
    return 0 <= age_ms <= LIFE / timedelta(milliseconds=1)


def bits_for(*, flooded: bool, crowded: bool, much_from_here: bool) -> int:
    """None while there is little to do: most people's phones never work for anything."""
    if crowded:
        return BITS_CROWDED
    return BITS_PRESSED if flooded or much_from_here else 0


def _mark(secret: bytes, asked: bytes) -> bytes:
    return hmac.new(secret, _LABEL + asked, hashlib.sha256).digest()[:_MARK_BYTES]
