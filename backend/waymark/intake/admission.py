"""Who of a push is asked to come back, because its network has sent much already.

A visitor's item over the limit is answered `retry`: it stays on the phone, nothing is blamed, and what else
came in the push is stored. It is not answered 429, which would make a tablet slow that carries it for
somebody. What a tablet has signed is never put off.

While there is much to do, a phone that can is asked to work first, and a push with its proof goes before
those without one. Whoever cannot says so, and is taken as before.
"""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from waymark.identity.devices.rekeying import sign_keys, step_valid
from waymark.intake.records import Arrival, Push
from waymark.intake.work import Pressure, bits_for, genuine, new_challenge
from waymark.kernel.db import Connection, Database
from waymark.kernel.web.limits import Limits
from waymark_sync.protocol import LABEL_ITEM, ItemResult
from waymark_sync.rekeying import Rekey, steps_from
from waymark_sync.seal import signature_valid
from waymark_sync.work import WORK, proves

FREE_BYTES_MIN: Final = 64 * 1_048_576
"""The rest of the disk is for tablets: 13,000 reports, while somebody makes room."""
FULL_S: Final = 300.0
CROWDED_S: Final = 5.0
"""For what says a tablet made it, and cannot prove it, while others wait."""


class Door(Struct, frozen=True, kw_only=True):
    """What admission needs besides the push."""

    limits: Limits
    pressure: Pressure
    database: Database
    secret: bytes
    crowded: bool
    """So much waits that what room is left is for known tablets."""
    free_bytes: int
    """On the disk."""

    @property
    def nearly_full(self) -> bool:
        return self.free_bytes < FREE_BYTES_MIN


async def admitted(push: Push, caller: bytes, door: Door, *, now: datetime) -> Push:
    """The push without what has to come again."""
    if door.nearly_full and push.of_visitors:
        return _without(push, push.arrivals, wait_s=FULL_S)
    push = await _checked(push, door.secret, now=now)
    if push.worked:
        return push  # whatever its neighbours have sent
    bits = bits_for(
        flooded=door.pressure.flooded,
        crowded=door.crowded,
        much_from_here=door.limits.much_from("visitor_items", caller),
    )
    if bits and push.of_visitors and push.can_work and push.work is None:
        asked = new_challenge(door.secret, bits=bits, now=now)
        return replace(_without(push, push.arrivals, wait_s=1.0, reason=WORK), asked=asked)
    return await _within_limits(push, caller, door)


async def _checked(push: Push, secret: bytes, *, now: datetime) -> Push:
    """The push, and whether a visitor's phone has worked for it."""
    if not push.of_visitors or push.work is None or not genuine(secret, push.work, now=now):
        return push
    digests = [arrival.envelope.sha256 for arrival in push.arrivals]
    return replace(push, worked=await asyncio.to_thread(proves, push.work, digests))


async def _within_limits(push: Push, caller: bytes, door: Door) -> Push:
    limits = door.limits
    visitors = [arrival for arrival in push.arrivals if arrival.lane == "visitor"]
    claimed = [arrival for arrival in push.arrivals if arrival.lane == "enrolled"]
    wait_s = limits.wait_s("visitor_items", caller, len(visitors)) if visitors else 0.0
    later = visitors if wait_s else []
    if claimed:
        unproven_s = limits.wait_s("claimed_items", caller, len(claimed))
        if unproven_s or door.crowded or door.nearly_full:
            later = [*later, *await _not_signed_by_tablets(claimed, push.rekey, door.database)]
            wait_s = max(wait_s, unproven_s, CROWDED_S)
    return _without(push, later, wait_s=wait_s) if later else push


def _without(push: Push, later: Sequence[Arrival], *, wait_s: float, reason: str | None = None) -> Push:
    places = {arrival.index for arrival in later}
    told = [
        ItemResult(
            item_id=arrival.header.item_id,
            index=arrival.index,
            verdict="retry",
            reason=reason,
            retry_after_s=math.ceil(wait_s),
        )
        for arrival in later
    ]
    return replace(
        push,
        arrivals=tuple(arrival for arrival in push.arrivals if arrival.index not in places),
        unstored=(*push.unstored, *told),
    )


async def _not_signed_by_tablets(
    claimed: Sequence[Arrival], rekey: Sequence[Rekey], database: Database
) -> list[Arrival]:
    keys = await database.read(_sign_keys, {arrival.header.device_id for arrival in claimed})
    return await asyncio.to_thread(_unproven, claimed, rekey, keys)


def _sign_keys(db: Connection, device_ids: set[str]) -> dict[str, tuple[bytes, ...]]:
    """Of a tablet that was taken out of service, too: what it holds shall still come."""
    return {device_id: sign_keys(db, device_id) for device_id in device_ids}


def _unproven(
    claimed: Sequence[Arrival], rekey: Sequence[Rekey], keys: dict[str, tuple[bytes, ...]]
) -> list[Arrival]:
    return [arrival for arrival in claimed if not _proven(arrival, rekey, keys[arrival.header.device_id])]


def _proven(arrival: Arrival, rekey: Sequence[Rekey], keys: tuple[bytes, ...]) -> bool:
    """By a key that is its own, or that it brings with this very push."""
    envelope, device_id = arrival.envelope, arrival.header.device_id
    way = steps_from(rekey, keys[0]) if keys else None
    brought = (way[-1].sign_key,) if way and all(step_valid(device_id, step) for step in way) else ()
    text = LABEL_ITEM + envelope.sha256
    return any(signature_valid(key, text, envelope.sig) for key in (*brought, *keys))
