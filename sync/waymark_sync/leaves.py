"""What stands under a receipt's root: one leaf for each item."""

import hashlib


def leaf_bytes(item_id: str, sha256: bytes, pos: int, verdict: str, sig: bytes = b"") -> bytes:
    """One Merkle leaf: 16 + 32 + 8 bytes, SHA-256 of the signature if any, then the verdict in ASCII.

    sig: as it came, in the answer to a push alone, so that nothing altered on the way is acknowledged.
    """
    signed = hashlib.sha256(sig).digest() if sig else b""
    item = bytes.fromhex(item_id.replace("-", ""))
    return item + sha256 + pos.to_bytes(8, "big") + signed + verdict.encode("ascii")
