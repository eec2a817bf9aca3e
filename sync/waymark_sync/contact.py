"""When the service last answered this device, and what it had to say about its build.

For people to read. The words about a build are signed by nobody, so nothing is stopped because of them.
"""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from waymark_sync.outbox import Outbox
from waymark_sync.protocol import Alert

REACHED = "reached_at"
END_OF_LIFE = "end_of_life"


class _Told(Struct, frozen=True):
    build: str
    alert: Alert


def note_contact(outbox: Outbox, *, now_ms: int) -> None:
    outbox.keep_state(REACHED, now_ms)


def note_alert(outbox: Outbox, alert: Alert | None, *, build: str) -> None:
    """Writes only what is new: most answers have nothing to say."""
    if end_of_life(outbox, build=build) != alert:
        told = msgspec.msgpack.encode(_Told(build, alert)) if alert else b""
        outbox.keep_state(END_OF_LIFE, told)


def reached_at(outbox: Outbox) -> str | None:
    """UTC, by this device's clock; None when it never was."""
    ms = outbox.state(REACHED)
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def end_of_life(outbox: Outbox, *, build: str) -> Alert | None:
    """Of the build that runs: a newer one has not been spoken of yet."""
    raw = outbox.state(END_OF_LIFE)
    told = msgspec.msgpack.decode(raw, type=_Told) if raw else None
    return told.alert if told is not None and told.build == build else None
