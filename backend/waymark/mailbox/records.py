"""Nouns of the mailbox."""

from typing import Literal

from msgspec import Struct

FeedKind = Literal["enrolled", "visitor"]


class Feed(Struct, frozen=True, kw_only=True):
    """Where messages to one device lie."""

    feed_id: str
    kind: FeedKind
    sign_key: bytes
    """Pulls are signed with its private half."""
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
