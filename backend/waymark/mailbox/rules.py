"""Challenges that need no storage; messages that only their feed can read and only we can sign; codes.

A return code's answers have few lengths.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from waymark.kernel.clock import milliseconds
from waymark.kernel.ids import new_id
from waymark.kernel.keys import KeyRing
from waymark.mailbox.records import Feed, ReturnWay, SealedMessage
from waymark_sync.codec import encode as encode_wire
from waymark_sync.codec import from_base64url, to_base64url
from waymark_sync.intake_rules import merkle_root
from waymark_sync.messages import Proof, ReceiptBody, ReturnResponse
from waymark_sync.protocol import (
    PADDING_BUCKETS,
    ItemResult,
    Leaf,
    Message,
    leaf_bytes,
    message_info,
    message_text,
    pull_text,
)
from waymark_sync.seal import pad, seal, signature_valid

CHALLENGE_LIFE: Final = timedelta(minutes=5)  # of the server's clock; a slow 2G answer takes one
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 16
_LABEL: Final = b"waymark-pull-challenge/1\n"
JSON: Final = "application/json"
PAGE_BYTES: Final = 180_000
"""Sealed bytes in one answer to a code: as base64url, with its frame, it fits the largest bucket."""
_PAD_FRAMES: Final = (9, 7, 6, 5)  # bytes that the field `pad` takes besides its spaces, in either form


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
    if feed.sign_key is None:
        return False
    text = pull_text(device_id=feed.feed_id, challenge=challenge, cursor=cursor, limit=limit)
    return signature_valid(feed.sign_key, text, raw)


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def opens(way: ReturnWay | None, authenticator: bytes) -> bool:
    """As much work for a way that is not there as for one that is."""
    expected = way.verifier if way else bytes(32)
    return hmac.compare_digest(expected, sha256(authenticator)) and way is not None


def proof_of(
    *, item_id: str, sha256: bytes, pos: int, keys: KeyRing, incarnation: str, restore_floor: int, at: int
) -> Proof:
    """A receipt of this one item in a tree of one leaf. at: when it was taken in, in ms since 1970."""
    root = merkle_root([leaf_bytes(item_id, sha256, pos, "accepted")])
    receipt = keys.sign_receipt(incarnation=incarnation, restore_floor=restore_floor, at=at, root=root)
    leaf = Leaf(index=0, size=1, path=())
    result = ItemResult(item_id=item_id, index=0, verdict="accepted", pos=pos, leaf=leaf)
    return Proof(item_id=item_id, sha256=sha256, result=result, receipt=receipt)


def receipt_message(proof: Proof, feed: Feed) -> SealedMessage:
    """The receipt for a feed: the answer to the push may have been lost."""
    body = ReceiptBody(item_id=proof.item_id, result=proof.result, receipt=proof.receipt)
    return seal_message(feed, kind="receipt", body=body)


def padded(answer: ReturnResponse, kind: str) -> bytes:
    """Encoded to the length of a bucket, or of several of the largest."""
    bare, largest = len(encode_wire(answer, kind)), PADDING_BUCKETS[-1]
    bucket = next((size for size in PADDING_BUCKETS if size > bare), -(-bare // largest) * largest)
    while True:
        for frame in _PAD_FRAMES:
            pad = " " * max(bucket - bare - frame, 0)
            made = encode_wire(replace(answer, pad=pad), kind) if pad else b""
            if len(made) == bucket:
                return made
        # A few lengths cannot be met exactly: the length of a msgpack string is of 1, 2, 3 or 5 bytes.
        bucket = next((size for size in PADDING_BUCKETS if size > bucket), bucket + largest)


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
