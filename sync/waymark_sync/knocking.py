"""What a device and the service say of knocks: where a knock goes, and when it ends.

A knock says nothing but that something may wait, so nothing depends on it.
"""

from typing import Annotated

from msgspec import Meta, Struct

from waymark_sync.codec import to_base64url
from waymark_sync.protocol import LABEL, Point, Signature, Uuid

LABEL_SUBSCRIBE = LABEL + b"/subscribe"


class Subscription(Struct, frozen=True, kw_only=True):
    """Where a content-free knock goes (RFC 8030). Signed like a pull, by the key of the feed."""

    device_id: Uuid
    endpoint: Annotated[str, Meta(min_length=1, max_length=2_048)]
    p256dh: Point
    auth: Annotated[bytes, Meta(min_length=16, max_length=16)]
    challenge: Annotated[str, Meta(max_length=64)]
    sig: Signature
    """By the feed's key over `subscribe_text`."""


class KnockKey(Struct, frozen=True, kw_only=True):
    """What a browser subscribes to: the `applicationServerKey` of its push manager (RFC 8292)."""

    public: Point


class SubscriptionEnd(Struct, frozen=True, kw_only=True):
    device_id: Uuid
    challenge: Annotated[str, Meta(max_length=64)]
    sig: Signature
    """Over `subscribe_text` without a place."""


def subscribe_text(
    *, device_id: str, challenge: str, endpoint: str = "", p256dh: bytes = b"", auth: bytes = b""
) -> bytes:
    """The bytes a subscription's signature covers: six lines. No field holds a line break.

    The keys are in it: with others, knocks would say nothing to the browser.
    """
    fields = (device_id, challenge, endpoint, to_base64url(p256dh), to_base64url(auth))
    return b"\n".join((LABEL_SUBSCRIBE, *(field.encode() for field in fields)))
