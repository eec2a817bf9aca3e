"""What `waymark keys list` and `waymark keys retire` look at: how much is wrapped to each key."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from waymark.cli.context import opened
from waymark.intake import keeping
from waymark.kernel.holders import HolderKey
from waymark.kernel.settings import Settings


async def counted(settings: Settings) -> Mapping[str, int]:
    """Reports by the id of the key that they are wrapped to."""
    async with opened(settings) as database:
        return await database.read(keeping.counted)


def done_with(
    keys: Iterable[HolderKey], counts: Mapping[str, int], *, keep_days: int, now: datetime
) -> tuple[list[str], dict[str, str]]:
    """Ids of retired keys that may be destroyed, and of those that may not, each with why.

    A backup that may still be restored holds what was wrapped to the old key: it must not be lost with it.
    """
    ready: list[str] = []
    waiting: dict[str, str] = {}
    for key in keys:
        if key.state != "retired":
            continue
        free_at = datetime.fromisoformat(key.retired_at) + timedelta(days=keep_days)
        if left := counts.get(key.kid, 0):
            waiting[key.kid] = f"{left} reports are still wrapped to it; the service wraps them anew"
        elif now < free_at:
            waiting[key.kid] = f"backups that may be restored need it until {free_at:%Y-%m-%d}"
        else:
            ready.append(key.kid)
    return ready, waiting
