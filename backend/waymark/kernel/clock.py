"""Time as the house writes it: aware UTC datetimes in memory, 24 fixed characters in the database."""

from datetime import UTC, datetime


def now() -> datetime:
    """The only clock. Rules and stores are handed its answer; they never ask it."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`: sorts as text, the same on both engines."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def milliseconds(moment: datetime) -> int:
    """Since 1970 UTC, as the protocol counts."""
    return int(moment.timestamp() * 1000)
