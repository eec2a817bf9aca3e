"""What a field of the wire may hold."""

from typing import Annotated

from msgspec import Meta

Uuid = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", max_length=36)
]
Epoch = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z", max_length=16)]
Kid = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,32}\Z", max_length=32)]
Sha256 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
"""ECDSA P-256, SHA-256, as r || s."""
Point = Annotated[bytes, Meta(min_length=65, max_length=65)]
"""P-256 public key, uncompressed: 0x04 || x || y."""
Natural = Annotated[int, Meta(ge=0, le=9_007_199_254_740_991)]
