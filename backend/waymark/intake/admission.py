"""Who of a push is asked to come back, because its network has sent much already.

A visitor's item over the limit is answered `retry`: it stays on the phone, nothing is blamed, and what else
came in the push is stored. It is not answered 429, which would make a tablet slow that carries it for
somebody. What a tablet has signed is never put off.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from waymark.identity import actions as identity
from waymark.intake.records import Arrival, Push
from waymark.kernel.db import Connection, Database
from waymark.kernel.web.limits import Limits
from waymark_sync.protocol import LABEL_ITEM, ItemResult
from waymark_sync.seal import signature_valid

CROWDED_S: Final = 5.0
"""For what says a tablet made it, and cannot prove it, while others wait."""


async def admitted(push: Push, caller: bytes, limits: Limits, database: Database, *, crowded: bool) -> Push:
    """The push without what has to come again. crowded: so much waits that room is for known tablets."""
    visitors = [arrival for arrival in push.arrivals if arrival.lane == "visitor"]
    claimed = [arrival for arrival in push.arrivals if arrival.lane == "enrolled"]
    wait_s = limits.wait_s("visitor_items", caller, len(visitors)) if visitors else 0.0
    later = visitors if wait_s else []
    if claimed:
        unproven_s = limits.wait_s("claimed_items", caller, len(claimed))
        if unproven_s or crowded:
            later = [*later, *await _not_signed_by_tablets(claimed, database)]
            wait_s = max(wait_s, unproven_s, CROWDED_S)
    return _without(push, later, wait_s=wait_s) if later else push


def _without(push: Push, later: Sequence[Arrival], *, wait_s: float) -> Push:
    places = {arrival.index for arrival in later}
    told = [
        ItemResult(
            item_id=arrival.header.item_id,
            index=arrival.index,
            verdict="retry",
            retry_after_s=math.ceil(wait_s),
        )
        for arrival in later
    ]
    return replace(
        push,
        arrivals=tuple(arrival for arrival in push.arrivals if arrival.index not in places),
        unstored=(*push.unstored, *told),
    )


async def _not_signed_by_tablets(claimed: Sequence[Arrival], database: Database) -> list[Arrival]:
    keys = await database.read(_sign_keys, {arrival.header.device_id for arrival in claimed})
    return await asyncio.to_thread(_unproven, claimed, keys)


def _sign_keys(db: Connection, device_ids: set[str]) -> dict[str, bytes]:
    """Of a tablet that was taken out of service, too: what it holds shall still come."""
    found = [identity.device(db, device_id) for device_id in device_ids]
    return {device.id: device.sign_key for device in found if device is not None}


def _unproven(claimed: Sequence[Arrival], keys: dict[str, bytes]) -> list[Arrival]:
    return [arrival for arrival in claimed if not _proven(arrival, keys.get(arrival.header.device_id))]


def _proven(arrival: Arrival, key: bytes | None) -> bool:
    envelope = arrival.envelope
    return key is not None and signature_valid(key, LABEL_ITEM + envelope.sha256, envelope.sig)
