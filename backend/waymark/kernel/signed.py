"""Small JSON under a signature, one object a file: what is carried elsewhere and must be believed there."""

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from waymark.kernel.keys import KeyRing, base64url, unbase64
from waymark_sync.seal import signature_valid

T = TypeVar("T", bound=Struct)

LABEL_ENDS: Final = b"\n"


class NotSigned(Exception):
    """Damaged, of another kind, or signed by somebody else."""


class Signed(Struct, frozen=True, kw_only=True):
    """JSON of something under a signature: base64url, as in `keyset.json`."""

    payload: str
    kid: str
    sig: str


def text(label: bytes, what: Struct, payload: bytes) -> bytes:
    """What is signed. The kind stands in it: a signature of one kind proves nothing of another."""
    return label + type(what).__name__.encode() + LABEL_ENDS + payload


def to_file(payload: bytes, kid: str, sig: bytes) -> bytes:
    return msgspec.json.encode(Signed(payload=base64url(payload), kid=kid, sig=base64url(sig))) + b"\n"


def from_file(raw: bytes, shape: type[T]) -> tuple[Signed, bytes, T]:
    """Nothing is verified yet. Raises NotSigned."""
    try:
        signed = msgspec.json.decode(raw, type=Signed)
        payload = unbase64(signed.payload)
        unbase64(signed.sig)
        return signed, payload, msgspec.json.decode(payload, type=shape)
    except (ValueError, msgspec.DecodeError) as error:
        raise NotSigned from error


def by_service(label: bytes, what: Struct, ring: KeyRing) -> bytes:
    payload = msgspec.json.encode(what)
    kid, sig = ring.sign(text(label, what, payload))
    return to_file(payload, kid, sig)


def of_service(label: bytes, raw: bytes, ring: KeyRing, shape: type[T]) -> T:
    """Raises NotSigned for what no key of this service has signed."""
    signed, payload, what = from_file(raw, shape)
    known = ring.service_key(signed.kid)
    if known is None or known.use != "receipt":
        raise NotSigned
    if not signature_valid(known.public, text(label, what, payload), unbase64(signed.sig)):
        raise NotSigned
    return what
