"""How long an enrolled device stays open without its service: a rule of time alone, with no clock of its own.

Only the service's signed word that the device is in service (`InService`) counts as contact: a receipt is
given to a stolen device, too. A visitor's phone belongs to nobody, gets no such word, and is never locked.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from waymark_sync.field_types import Natural

LOCK_WARN_MS = 23 * 86_400_000  # a week to carry it to where there is a network
LOCK_MS = 30 * 86_400_000  # a centre that closes over a summer month may find it locked, and connects it
LOCK_WIPE_MS = 90 * 86_400_000  # nobody has missed it, or somebody keeps it from its service
LOCK_GRACE_MS = 86_400_000  # of being seen locked before anything is destroyed: a clock may be wrong

LockState = Literal["open", "warned", "locked", "wiped"]


class ContactClock(Struct, frozen=True, kw_only=True):
    """What a device keeps of its last contact."""

    at: Natural
    """Service's time of the newest word, ms. An older word, or the same again, is no contact."""
    heard: int
    """By the device's clock."""
    passed: Natural = 0
    """The longest time without contact that the clock has ever shown. Only a word takes it back."""
    locked: Natural | None = None
    """`passed` when it was first found locked. None: it is not."""


class Lock(Struct, frozen=True, kw_only=True):
    state: LockState
    clock: ContactClock | None
    """To be kept. None: no word ever came, so no time runs."""
    left_ms: Natural | None = None
    """Until it locks. None: no time runs."""


def lock_after(clock: ContactClock | None, *, now_ms: int, word_at: int | None = None) -> Lock:
    """How it stands now, by the device's clock, which nobody believes: set back it opens nothing.

    word_at: the service's time of a word that has just come, and was verified.
    """
    if word_at is not None and (clock is None or word_at > clock.at):
        clock = ContactClock(at=word_at, heard=now_ms)
    if clock is None:
        return Lock(state="open", clock=None)
    # One that stands before the last contact was set back, and may be right since: it tells what has passed.
    passed = max(clock.passed, now_ms - (clock.heard if now_ms >= clock.heard else clock.at))
    locked = clock.locked
    if locked is None and passed >= LOCK_MS:
        locked = passed
    clock = replace(clock, passed=passed, locked=locked)
    return Lock(state=_state(passed, locked), clock=clock, left_ms=max(0, LOCK_MS - passed))


def _state(passed: int, locked: int | None) -> LockState:
    if locked is None:
        return "warned" if passed >= LOCK_WARN_MS else "open"
    return "wiped" if passed >= LOCK_WIPE_MS and passed - locked >= LOCK_GRACE_MS else "locked"
