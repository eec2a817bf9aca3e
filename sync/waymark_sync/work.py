"""A visitor's proof of work: a number that is hard to find and quick to check, for these very items.

It says that a device has spent a second on a push, which is nothing to one person and much to whoever sends
thousands. It is bound to the items, so it serves once: with others it proves nothing, and the same items
again are known already. How hard it is stands in the challenge, which only the service can make.
"""

import hashlib
from collections.abc import Sequence
from itertools import count
from typing import Final

from waymark_sync.protocol import LABEL

LABEL_WORK: Final = LABEL + b"/work"
WORK: Final = "work"
"""Among `caps`: this device works when it is asked to. Also the reason of such a `retry`."""
CHALLENGE_BYTES: Final = 40
"""Time (8), bits (1), rounds (4), chance (11), and the service's own mark (16)."""
COUNTER_BYTES: Final = 8
WORK_BYTES: Final = CHALLENGE_BYTES + COUNTER_BYTES
ITEMS_MAX: Final = 4
"""Of one push: a report and what was added to it. With more, a proof counts for none of them."""
BITS_MAX: Final = 16
ROUNDS_MAX: Final = 20_000
"""No device works longer for a challenge, whoever made it: beyond these it pushes without."""
_DERIVED: Final = 16


def difficulty(challenge: bytes) -> tuple[int, int] | None:
    """Bits and rounds; None for what is no challenge, or is too hard."""
    if len(challenge) != CHALLENGE_BYTES:
        return None
    bits, rounds = challenge[8], int.from_bytes(challenge[9:13], "big")
    return (bits, rounds) if 1 <= bits <= BITS_MAX and 1 <= rounds <= ROUNDS_MAX else None


def solve(challenge: bytes, digests: Sequence[bytes]) -> bytes | None:
    """The work for a push of these items, by their `sha256` in order; None where nothing can be solved."""
    if difficulty(challenge) is None or not 1 <= len(digests) <= ITEMS_MAX:
        return None
    works = (challenge + number.to_bytes(COUNTER_BYTES, "big") for number in count())
    return next(work for work in works if proves(work, digests))


def proves(work: bytes, digests: Sequence[bytes]) -> bool:
    """Is it enough for these items? Whether the challenge is genuine and fresh is not asked here."""
    challenge, counter = work[:CHALLENGE_BYTES], work[CHALLENGE_BYTES:]
    asked = difficulty(challenge)
    if asked is None or len(counter) != COUNTER_BYTES or not 1 <= len(digests) <= ITEMS_MAX:
        return False
    bits, rounds = asked
    bound = LABEL_WORK + challenge + hashlib.sha256(b"".join(digests)).digest()
    derived = hashlib.pbkdf2_hmac("sha256", bound, counter, rounds, _DERIVED)
    return int.from_bytes(derived, "big") >> (8 * _DERIVED - bits) == 0
