"""Challenges that need no storage, and messages that only their feed can read and only we can sign."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from waymark.kernel.clock import milliseconds
from waymark.kernel.ids import new_id
from waymark.kernel.keys import KeyRing
from waymark.mailbox.records import Feed, SealedMessage
from waymark_sync.codec import encode as encode_wire
from waymark_sync.codec import from_base64url, to_base64url
from waymark_sync.protocol import Message, message_info, message_text, pull_text
from waymark_sync.seal import pad, seal, signature_valid

CHALLENGE_LIFE: Final = timedelta(minutes=5)  # of the server's clock; a slow 2G answer takes one
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 16
_LABEL: Final = b"waymark-pull-challenge/1\n"
JSON: Final = "application/json"


def new_challenge(secret: bytes, *, now: datetime) -> str:
    """The time, and a proof that this service wrote it. Kept nowhere, so asking for one costs nothing."""
    at = milliseconds(now).to_bytes(_TIME_BYTES, "big")
    return to_base64url(at + _mac(secret, at))


def challenge_good(secret: bytes, challenge: str, *, now: datetime) -> bool:
    try:
        raw = from_base64url(challenge)
    except ValueError:
        return False
    at, mac = raw[:_TIME_BYTES], raw[_TIME_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, at)):
        return False
    age_ms = milliseconds(now) - int.from_bytes(at, "big")
    return 0 <= age_ms <= CHALLENGE_LIFE / timedelta(milliseconds=1)


def pull_signed(feed: Feed, *, challenge: str, cursor: str, limit: int, signature: str) -> bool:
    """Was this very request signed by the key of this feed?"""
    try:
        raw = from_base64url(signature)
    except ValueError:
        return False
    text = pull_text(device_id=feed.feed_id, challenge=challenge, cursor=cursor, limit=limit)
    return signature_valid(feed.sign_key, text, raw)


def seal_message(feed: Feed, *, kind: str, body: Struct) -> SealedMessage:
    """Raises ValueError when the feed's key is no point of the curve."""
    message_id = new_id()
    info = message_info(feed_id=feed.feed_id, message_id=message_id, kind=kind)
    sealed = seal(pad(encode_wire(body, JSON)), public_key=feed.seal_key, info=info)
    return SealedMessage(id=message_id, feed=feed, kind=kind, sealed=sealed)


def sign_message(message: SealedMessage, keys: KeyRing, *, pos: int) -> Message:
    """As it travels. Anybody can seal to a feed's key; only the service can sign."""
    blank = Message(id=message.id, pos=pos, kind=message.kind, sealed=message.sealed, kid="-", sig=bytes(64))
    kid, sig = keys.sign(message_text(message.feed.feed_id, blank))
    return replace(blank, kid=kid, sig=sig)


def _mac(secret: bytes, at: bytes) -> bytes:
    return hmac.new(secret, _LABEL + at, hashlib.sha256).digest()[:_MAC_BYTES]
