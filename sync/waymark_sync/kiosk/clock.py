"""This machine's clock, which may be wrong: it is data in a report, and delays a try. It decides nothing."""

import time
from datetime import UTC, datetime


def utc_now() -> str:
    """`2026-01-02T03:04:05.678Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_ms() -> int:
    """Since 1970."""
    return time.time_ns() // 1_000_000


def age_h(made_at: str) -> float:
    """Hours since a time that `utc_now` gave, never below nought."""
    age = datetime.now(UTC) - datetime.fromisoformat(made_at)
    return round(max(0.0, age.total_seconds() / 3600), 2)
