"""What takes the place of cryptography: sealing is random bytes, a signature is a hash under the key's name.

Both are made and checked where the real ones are, so a wrong order of checks shows; hashes and Merkle trees
are the real ones. Nothing here keeps a secret.
"""

import hashlib
import random
from collections.abc import Callable, Collection
from uuid import UUID

from msgspec.structs import replace

from waymark_sync.intake_rules import merkle_root
from waymark_sync.protocol import (
    Attachment,
    Envelope,
    Header,
    Message,
    Receipt,
    Revocation,
    encode_header,
    message_text,
    receipt_text,
    revoke_text,
)

SEALED_BYTES = 40


def uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def envelope(header: Header, chance: random.Random) -> Envelope:
    """Sealing again gives other bytes, as the real one does."""
    head, sealed = encode_header(header), chance.randbytes(SEALED_BYTES)
    digest = hashlib.sha256(head + sealed).digest()
    return Envelope(header=head, sealed=sealed, sha256=digest, sig=hashlib.sha512(digest).digest())


def attachment(att_id: str, sealed: bytes) -> Attachment:
    return Attachment(att_id=att_id, size=len(sealed), sha256=hashlib.sha256(sealed).digest())


def signed_receipt(
    leaves: list[bytes], *, kid: str, incarnation: str, restore_floor: int, at: int
) -> Receipt:
    blank = Receipt(
        incarnation=incarnation,
        restore_floor=restore_floor,
        at=at,
        kid=kid,
        root=merkle_root(leaves),
        sig=bytes(64),
    )
    return Receipt(
        incarnation=incarnation,
        restore_floor=restore_floor,
        at=at,
        kid=kid,
        root=blank.root,
        sig=_sign(kid, receipt_text(blank)),
    )


def signed_message(feed_id: str, message_id: str, *, pos: int, kind: str, sealed: bytes, kid: str) -> Message:
    blank = Message(id=message_id, pos=pos, kind=kind, sealed=sealed, kid=kid, sig=bytes(64))
    text = message_text(feed_id, blank)
    return Message(id=message_id, pos=pos, kind=kind, sealed=sealed, kid=kid, sig=_sign(kid, text))


def receipt_good(receipt: Receipt, kids: Collection[str]) -> bool | None:
    """As `trust.receipt_valid`: None when a newer key set may tell."""
    return _good(receipt.kid, kids, lambda: receipt.sig == _sign(receipt.kid, receipt_text(receipt)))


def order(device_id: str, *, kid: str, genuine: bool = True) -> Revocation:
    blank = Revocation(device_id=device_id, scope="keys", nonce=device_id, at=1, kid=kid, sig=bytes(64))
    return replace(blank, sig=_sign(kid, revoke_text(blank))) if genuine else blank


def order_good(told: Revocation, kids: Collection[str]) -> bool | None:
    """As `trust.order_valid`."""
    return _good(told.kid, kids, lambda: told.sig == _sign(told.kid, revoke_text(told)))


def messages_good(feed_id: str, messages: Collection[Message], kids: Collection[str]) -> bool | None:
    told = [
        _good(one.kid, kids, lambda one=one: one.sig == _sign(one.kid, message_text(feed_id, one)))  # type: ignore[misc]
        for one in messages
    ]
    return False if False in told else None if None in told else True


def _good(kid: str, kids: Collection[str], holds: Callable[[], bool]) -> bool | None:
    return holds() if kid in kids else None


def _sign(kid: str, text: bytes) -> bytes:
    return hashlib.sha512(kid.encode() + text).digest()


def spoilt(receipt: Receipt) -> Receipt:
    """As somebody would make it who has not the key."""
    return Receipt(
        incarnation=receipt.incarnation,
        restore_floor=receipt.restore_floor,
        at=receipt.at,
        kid=receipt.kid,
        root=receipt.root,
        sig=bytes(64),
    )
