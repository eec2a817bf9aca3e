"""What came back to this device, opened."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from waymark_sync.inbox import Inbox
from waymark_sync.keyring import Keyring
from waymark_sync.kiosk.adding import OFFLINE
from waymark_sync.kiosk.home import Home, KioskFault
from waymark_sync.reference import reference

LOCKED = (
    "This computer has had no contact with its service for 30 days, so it has locked itself: what came back "
    "is not shown. Connect it to the internet, then: waymark-sync send. It opens by itself. What waits here "
    "is kept, and is sent."
)


class Letter(Struct, frozen=True, kw_only=True):
    """`kind` as in the protocol; one that this version does not know is told by its kind alone."""

    reference: str
    kind: str
    at: str
    from_name: str
    text: str


class _Body(Struct, frozen=True, kw_only=True):
    item_id: str = ""
    at: str = ""
    from_name: str = ""
    text: str = ""
    reason: str = ""


def letters_of(home: Home) -> list[Letter]:
    """In the order in which they were sent. Receipts are no letters. Raises KioskFault while it is locked."""
    if home.lock().state == "locked":
        raise KioskFault(LOCKED)
    return list(_letters(home))


def _letters(home: Home) -> Iterator[Letter]:
    trust = home.settings.trust
    ring = Keyring(outbox=home.outbox, transport=OFFLINE, root=trust.root_key, pinned=trust.signed_keys)
    inbox = Inbox(outbox=home.outbox, device=home.device, transport=OFFLINE, keyring=ring)
    for message, raw in inbox.opened():
        if message.kind in ("receipt", "attachment"):
            continue
        try:
            body = msgspec.json.decode(raw, type=_Body)
        except msgspec.DecodeError:
            body = _Body()
        yield Letter(
            reference=reference(body.item_id) if body.item_id else "",
            kind=message.kind,
            at=body.at,
            from_name=body.from_name,
            text=body.text or body.reason,
        )
