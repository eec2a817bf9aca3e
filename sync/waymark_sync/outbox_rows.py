"""What an outbox holds, as it is read from it, and what may go wrong there. No database here."""

from typing import Literal

import msgspec
from msgspec import Struct

from waymark_sync.messages import ReceiptBody
from waymark_sync.protocol import Envelope

Scope = Literal["keys", "all"]
"""What goes when a device leaves: its keys and what they open; or that, and the sealed bytes as well."""
State = Literal["queued", "receipted", "quarantined", "tombstone"]


decode_receipt = msgspec.msgpack.Decoder(ReceiptBody).decode


class Row(Struct, frozen=True, kw_only=True):
    """One report, as the outbox holds it. `sealed` is None exactly in a tombstone."""

    item_id: str
    device_id: str
    epoch: str
    seq: int
    created_at: str
    header: bytes
    sealed: bytes | None
    sha256: bytes
    sig: bytes
    state: State
    attempts: int
    companions: int
    solo_failures: int
    next_try_at: int | None
    last_error: str | None
    receipt: bytes | None
    incarnation: str | None
    pos: int | None

    def envelope(self) -> Envelope:
        """What travels. Raises NotHeld for a tombstone."""
        if self.sealed is None:
            raise NotHeld(self.item_id)
        return Envelope(header=self.header, sealed=self.sealed, sha256=self.sha256, sig=self.sig)

    @property
    def erased(self) -> bool:
        """By a receipt that covers it: the service has erased what it said."""
        return self.receipt is not None and decode_receipt(self.receipt).result.gone


class Custody(Struct, frozen=True, kw_only=True):
    """What became of every number an epoch gave out."""

    epoch: str
    max_seq: int
    held: int
    queued: int
    receipted: int
    quarantined: int
    tombstones: int

    @property
    def whole(self) -> bool:
        """False: a number of this epoch is missing, so a report may be."""
        return self.held == self.max_seq


class Held(Struct, frozen=True, kw_only=True):
    """A report whose bytes are here still, though the service has given a receipt for it."""

    device_id: str
    item_id: str
    sha256: bytes
    pos: int


class KeptOrder(Struct, frozen=True, kw_only=True):
    """That this device was taken out of service.

    It outlives its being carried out: who comes later is told, and the same order again finds it obeyed.
    """

    device_id: str
    scope: Scope
    gone: Scope | None = None
    """What was destroyed. None: something has yet to arrive."""
    by_time: bool = False
    """Of its own accord, after too long without its service (see `locking`)."""

    @property
    def leaving(self) -> Scope | None:
        """None: nothing is left to be done."""
        return None if self.gone == self.scope else self.scope


class StoredMessage(Struct, frozen=True, kw_only=True):
    id: str
    feed_id: str
    pos: int
    kind: str
    sealed: bytes
    applied: bool


class NotSaved(Exception):
    """What was read back is not what was written. The report must not be called saved."""


class NotHeld(Exception):
    """The bytes of this report are no longer here; its receipt is."""
