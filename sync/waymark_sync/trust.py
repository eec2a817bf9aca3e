"""What a device believes: a key set signed by the root it was built with, and what those keys sign.

Everything here answers yes or no about bytes at hand. What does not hold is treated as if a stranger's
network had answered, which is what a captive portal is.
"""

from collections.abc import Sequence

import msgspec

from waymark_sync.codec import UNREADABLE
from waymark_sync.intake_rules import root_from_path
from waymark_sync.messages import Proof
from waymark_sync.orders import in_service_text
from waymark_sync.protocol import (
    LABEL_KEYS,
    STORED,
    SUITE_P256,
    Attachment,
    AttState,
    InService,
    ItemResult,
    KeySet,
    Message,
    Receipt,
    Revocation,
    ServiceKey,
    SignedKeySet,
    leaf_bytes,
    message_text,
    receipt_text,
    revoke_text,
)
from waymark_sync.rekeying import Rekeyed, rekeyed_text
from waymark_sync.seal import signature_valid


class Untrusted(Exception):
    """Not signed by the root, or signed and unreadable."""


def open_key_set(signed: SignedKeySet, *, root: bytes) -> KeySet:
    """Raises Untrusted. A set older than the one in use is for the caller to leave aside."""
    if not signature_valid(root, LABEL_KEYS + signed.payload, signed.sig):
        raise Untrusted
    try:
        return msgspec.msgpack.decode(signed.payload, type=KeySet)
    except UNREADABLE as error:
        raise Untrusted from error


def sealing_key(keys: KeySet, centre_id: str = "") -> ServiceKey:
    """The key to seal to: the receiving centre's own, else the service's.

    Raises Untrusted when the set has none this build can use.
    """
    usable = [key for key in keys.keys if (key.use, key.state, key.suite) == ("seal", "current", SUITE_P256)]
    for wanted in (centre_id, ""):
        for key in usable:
            if key.centre_id == wanted:
                return key
    raise Untrusted


def receipt_valid(receipt: Receipt, keys: KeySet) -> bool | None:
    """None when the set does not hold the receipt's key: a newer set may."""
    for key in keys.keys:
        if key.use == "receipt" and key.kid == receipt.kid:
            return signature_valid(key.public, receipt_text(receipt), receipt.sig)
    return None


def order_valid(order: Revocation, keys: KeySet) -> bool | None:
    """As `receipt_valid`, of an order to a device."""
    for key in keys.keys:
        if key.use == "receipt" and key.kid == order.kid:
            return signature_valid(key.public, revoke_text(order), order.sig)
    return None


def in_service_valid(word: InService, keys: KeySet) -> bool | None:
    """As `receipt_valid`, of the word that a device is in service."""
    for key in keys.keys:
        if key.use == "receipt" and key.kid == word.kid:
            return signature_valid(key.public, in_service_text(word), word.sig)
    return None


def rekeyed_valid(word: Rekeyed, keys: KeySet) -> bool | None:
    """As `receipt_valid`, of the word that new keys of a device count."""
    for key in keys.keys:
        if key.use == "receipt" and key.kid == word.kid:
            return signature_valid(key.public, rekeyed_text(word), word.sig)
    return None


def messages_valid(feed_id: str, messages: Sequence[Message], keys: KeySet) -> bool | None:
    """False when one is not the service's word to this feed. None when a newer key set may tell."""
    known = {key.kid: key.public for key in keys.keys if key.use == "receipt"}
    held = [message for message in messages if message.kid in known]
    if not all(
        signature_valid(known[message.kid], message_text(feed_id, message), message.sig) for message in held
    ):
        return False
    return True if len(held) == len(messages) else None


def proof_valid(proof: Proof, keys: KeySet) -> bool | None:
    """Was this report durable when the receipt says? None when a newer key set may tell.

    Needs nothing but the keys: anybody may ask, and learns nothing of what was reported.
    """
    signed = receipt_valid(proof.receipt, keys)
    covered = covers(proof.receipt, proof.result, item_id=proof.item_id, sha256=proof.sha256, sig=proof.sig)
    return signed if covered else False


def covers(receipt: Receipt, result: ItemResult, *, item_id: str, sha256: bytes, sig: bytes = b"") -> bool:
    """Does the result's path lead from the device's own id and bytes to the receipt's root?

    sig: the device's own, in the answer to a push.
    """
    if result.verdict not in STORED or result.item_id != item_id or result.leaf is None or result.pos is None:
        return False
    leaf = leaf_bytes(item_id, sha256, result.pos, result.verdict, sig)
    try:
        root = root_from_path(leaf, index=result.leaf.index, size=result.leaf.size, path=result.leaf.path)
    except ValueError:
        return False
    return root == receipt.root


def covers_file(state: AttState, attachment: Attachment, keys: KeySet) -> bool | None:
    """Is this very file complete, on the service's word? None when a newer key set may tell."""
    if not state.complete or state.att_id != attachment.att_id or state.offset != attachment.size:
        return False
    if state.receipt is None or state.leaf is None or state.pos is None:
        return False
    leaf = leaf_bytes(attachment.att_id, attachment.sha256, state.pos, "complete")
    try:
        root = root_from_path(leaf, index=state.leaf.index, size=state.leaf.size, path=state.leaf.path)
    except ValueError:
        return False
    return receipt_valid(state.receipt, keys) if root == state.receipt.root else False
