"""Nouns of the mailbox."""

from typing import Literal

from msgspec import Struct

FeedKind = Literal["enrolled", "visitor", "return"]
"""`return`: of a report made on a centre's tablet; its return code alone opens it."""


class Feed(Struct, frozen=True, kw_only=True):
    """Where messages to one device lie."""

    feed_id: str
    kind: FeedKind
    sign_key: bytes | None
    """Pulls are signed with its private half. None: no pull reads it, only a return code."""
    seal_key: bytes
    """Messages are sealed to it."""


class FeedState(Struct, frozen=True, kw_only=True):
    last_pos: int
    chain: bytes
    """Running hash over every message so far."""


class SealedMessage(Struct, frozen=True, kw_only=True):
    """Sealed and ready to be posted. Position, chain and signature come in the transaction that posts it."""

    id: str
    feed: Feed
    kind: str
    sealed: bytes


class StoredMessage(Struct, frozen=True, kw_only=True):
    id: str
    pos: int
    kind: str
    min_caps: str
    sealed: bytes
    kid: str
    sig: bytes
    chain: bytes


class Page(Struct, frozen=True, kw_only=True):
    """What one pull brings. `chain` is the running hash after its last message, `pos` that message's."""

    messages: tuple[StoredMessage, ...]
    pos: int
    chain: bytes
    more: bool
    reset: bool


class ReturnWay(Struct, frozen=True, kw_only=True):
    """How a reporter comes back to one report with nothing but a code."""

    locator_hash: bytes
    verifier: bytes
    item_id: str
    sha256: bytes
    """Of the item, and `pos` its place: what its proof is made of."""
    pos: int
    received_at: str
    """When the item was taken in: that is what its proof says, whenever it is asked for."""
    feed_id: str
    claimed_at: str | None = None
    """When the code was first used."""
    last_used_on: str | None = None
