"""Vectors of the lock by time: the signed word that ends it, and what a clock may do meanwhile."""

from typing import Any

import msgspec
from msgspec.structs import replace
from vector_parts import AT_MS, DEVICE, KEYS, as_json, flip, sign, uuid

from waymark_sync.codec import to_base64url as b64
from waymark_sync.lock import ContactClock, lock_after
from waymark_sync.orders import LABEL_IN_SERVICE, InService, in_service_text

DAY = 86_400_000
Step = tuple[float, float | None]
"""Days of the device's clock since AT_MS; those of the word that came, None when none did."""


def locks() -> dict[str, Any]:
    return {
        "about": "A word counts if its signature holds and it names this device. A story is one look after "
        "another: `now` is the device's clock, `word_at` the service's time of a word that has come.",
        "keys": as_json(KEYS),
        "device_id": DEVICE,
        "words": _words(),
        "stories": [{"name": name, "looks": _told(steps)} for name, steps in STORIES.items()],
    }


STORIES: dict[str, tuple[Step, ...]] = {
    "never heard of its service: no time runs": ((0, None), (400, None)),
    "open, warned, locked, by the day": ((0, 0), (22.9, None), (23, None), (29.9, None), (30, None)),
    "wiped after ninety days": ((0, 0), (30, None), (89.9, None), (90, None)),
    "a word opens it": ((0, 0), (45, None), (45, 45), (67.9, None), (68, None)),
    "the clock was set back: it stays locked": ((0, 0), (31, None), (2, None), (-400, None), (5, None)),
    "set back before it locks: what has gone by stays": ((0, 0), (29, None), (1, None), (30, None)),
    "set forward: locked, and not destroyed at the first look": ((0, 0), (9_000, None), (1, None)),
    "set forward: one word mends it, even if the clock stays wrong": (
        (0, 0),
        (9_000, None),
        (9_000, 1),
        (9_010, None),
        (9_030, None),
    ),
    "a drawer for half a year: locked at the first look, wiped a day later": (
        (0, 0),
        (180, None),
        (180.9, None),
        (181, None),
    ),
    "the same word again, or an older one, is no contact": ((0, 0), (31, 0), (31, -1), (31, 31), (62, 30.9)),
    "heard while the clock was ahead, and set right since": ((500, 0), (1, None), (23, None), (30, None)),
    "heard while the clock was behind": ((-9_000, 0), (-8_990, None), (-8_970, None)),
    "a clock before 1970": ((-30_000, 0), (-29_990, None), (-29_970, None)),
    "wiped at once when it was seen locked before": ((0, 0), (40, None), (180, None)),
}


def _told(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    clock: ContactClock | None = None
    looks = []
    for now, word in steps:
        now_ms = AT_MS + round(now * DAY)
        word_at = None if word is None else AT_MS + round(word * DAY)
        found = lock_after(clock, now_ms=now_ms, word_at=word_at)
        clock = found.clock
        looks.append({"now": now_ms, "word_at": word_at, "lock": msgspec.to_builtins(found)})
    return looks


def _words() -> list[dict[str, Any]]:
    good = _word(DEVICE)
    other = uuid("another device")
    unlabelled = in_service_text(good).removeprefix(LABEL_IN_SERVICE)
    return [
        _case("genuine", good, counts=True),
        _case("signature altered", replace(good, sig=flip(good.sig, -1)), signed=False),
        _case("device altered", replace(good, device_id=other), signed=False),
        _case("time altered", replace(good, at=AT_MS + 1), signed=False),
        _case("signed by the key that seals", replace(good, kid="s1"), signed=False),
        _case("signed without its label", replace(good, sig=sign("receipt key", unlabelled)), signed=False),
        _case("of another device", _word(other)),
    ]


def _word(device_id: str) -> InService:
    blank = InService(device_id=device_id, at=AT_MS, kid="r1", sig=bytes(64))
    return replace(blank, sig=sign("receipt key", in_service_text(blank)))


def _case(name: str, word: InService, *, signed: bool = True, counts: bool = False) -> dict[str, Any]:
    text = b64(in_service_text(word))
    return {"name": name, "word": as_json(word), "text": text, "signed": signed, "counts": counts}
