"""Cards and attestations: small JSON under a signature, so that a folder of backups can be believed."""

from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from waymark.custody.records import Attestation, Card, Manifest, Refused, Signed
from waymark.kernel.backup_keys import BackupPrivate, BackupPublic
from waymark.kernel.keys import KeyRing, base64url, unbase64
from waymark_sync.seal import sign, signature_valid

T = TypeVar("T", bound=Struct)

LABEL_OURS: Final = b"waymark-backup/1/said\n"
LABEL_TESTED: Final = b"waymark-backup/1/tested\n"


def signed_by_service(what: Manifest | Card, ring: KeyRing) -> bytes:
    payload = msgspec.json.encode(what)
    kid, sig = ring.sign(_text(LABEL_OURS, what, payload))
    return _file(payload, kid, sig)


def believed(raw: bytes, ring: KeyRing, shape: type[T]) -> T:
    """Raises Refused for what this service did not sign."""
    signed, payload, what = _read(raw, shape)
    known = ring.service_key(signed.kid)
    if known is None or not signature_valid(
        known.public, _text(LABEL_OURS, what, payload), unbase64(signed.sig)
    ):
        raise Refused("this was made with other keys: put the keys of that service into WAYMARK_KEYS first")
    return what


def attested_by(what: Attestation, private: BackupPrivate) -> bytes:
    payload = msgspec.json.encode(what)
    return _file(payload, private.id, sign(private.attest, _text(LABEL_TESTED, what, payload)))


def attested(raw: bytes, public: BackupPublic) -> Attestation:
    """Raises Refused."""
    signed, payload, what = _read(raw, Attestation)
    if not signature_valid(public.attest, _text(LABEL_TESTED, what, payload), unbase64(signed.sig)):
        raise Refused("this was attested with another backup key")
    return what


def read_signed(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read") from error


def _text(label: bytes, what: Struct, payload: bytes) -> bytes:
    return label + type(what).__name__.encode() + b"\n" + payload


def _file(payload: bytes, kid: str, sig: bytes) -> bytes:
    return msgspec.json.encode(Signed(payload=base64url(payload), kid=kid, sig=base64url(sig))) + b"\n"


def _read(raw: bytes, shape: type[T]) -> tuple[Signed, bytes, T]:
    try:
        signed = msgspec.json.decode(raw, type=Signed)
        payload = unbase64(signed.payload)
        unbase64(signed.sig)
        return signed, payload, msgspec.json.decode(payload, type=shape)
    except (ValueError, msgspec.DecodeError) as error:
        raise Refused("this is no card of a backup, or a damaged one") from error
