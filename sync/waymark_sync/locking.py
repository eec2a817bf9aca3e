"""The lock by time of one device, kept in its outbox. The rule itself is `lock`."""

import msgspec

from waymark_sync.device import carry_out, kept_device
from waymark_sync.lock import ContactClock, Lock, lock_after
from waymark_sync.outbox import Outbox
from waymark_sync.outbox_rows import KeptOrder

CLOCK = "contact_clock"


def lock_now(outbox: Outbox, *, now_ms: int, word_at: int | None = None) -> Lock:
    """How this device stands, kept; after too long without its service, its keys and messages are destroyed.

    What is sealed here stays, and is sent without keys. word_at: of a word that was verified.
    """
    device = kept_device(outbox)
    if device is None or device.visitor:
        return Lock(state="open", clock=None)
    raw = outbox.state(CLOCK)
    before = msgspec.msgpack.decode(raw, type=ContactClock) if raw else None
    lock = lock_after(before, now_ms=now_ms, word_at=word_at)
    if lock.clock is not None and lock.clock != before:
        outbox.keep_state(CLOCK, msgspec.msgpack.encode(lock.clock))
    if lock.state == "wiped":
        _wipe(outbox, device.device_id)
    return lock


def _wipe(outbox: Outbox, device_id: str) -> None:
    """As by an order, but nothing is waited for: what is sealed needs no key of this device to be sent."""
    order = outbox.order()
    if order is None or order.device_id != device_id:
        order = KeptOrder(device_id=device_id, scope="keys", by_time=True)
        outbox.keep_order(order)
    if order.gone is None:
        carry_out(outbox, "keys")
