"""How long to wait before trying again. Randomness is passed in; no clock here."""

from collections.abc import Callable

DELAY_FIRST_S = 2.0
DELAY_MAX_S = 15 * 60.0
FLOOR_JITTER = 0.2  # devices told the same Retry-After must not come back in the same second
SUSPECT_AFTER = 5  # an item that failed this often all alone is shown to a person and tried daily
SUSPECT_DELAY_S = 24 * 3600.0

Random = Callable[[], float]
"""A number from 0 up to, not including, 1."""


def delay_s(failures: int, *, random: Random, floor_s: float | None = None) -> float:
    """Full jitter: anything from 0 to min(15 min, 2 s * 2^failures), in seconds.

    failures: in a row, before this one: 0 after the first.
    floor_s: from `Retry-After`, `retry_after_s` or `backoff_s`; waited in full, plus up to 20 %.
    """
    # Past 2^9 the ceiling decides; unbounded powers of a long outage would overflow a float.
    jittered = random() * min(DELAY_MAX_S, DELAY_FIRST_S * 2.0 ** min(failures, 30))
    if floor_s is None:
        return jittered
    return max(jittered, floor_s * (1.0 + FLOOR_JITTER * random()))
