"""Cards and attestations: small JSON under a signature, so that a folder of backups can be believed."""

from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from waymark.custody.records import Attestation, Card, Manifest, Refused
from waymark.kernel import signed
from waymark.kernel.backup_keys import BackupPrivate, BackupPublic
from waymark.kernel.keys import KeyRing, unbase64
from waymark.kernel.signed import NotSigned
from waymark_sync.seal import sign, signature_valid

T = TypeVar("T", bound=Struct)

LABEL_OURS: Final = b"waymark-backup/1/said\n"
LABEL_TESTED: Final = b"waymark-backup/1/tested\n"
DAMAGED: Final = "this is no card of a backup, or a damaged one"


def signed_by_service(what: Manifest | Card, ring: KeyRing) -> bytes:
    return signed.by_service(LABEL_OURS, what, ring)


def believed(raw: bytes, ring: KeyRing, shape: type[T]) -> T:
    """Raises Refused for what this service did not sign."""
    try:
        signed.from_file(raw, shape)
    except NotSigned as error:
        raise Refused(DAMAGED) from error
    try:
        return signed.of_service(LABEL_OURS, raw, ring, shape)
    except NotSigned as error:
        raise Refused(
            "this was made with other keys: put the keys of that service into WAYMARK_KEYS first"
        ) from error


def attested_by(what: Attestation, private: BackupPrivate) -> bytes:
    payload = msgspec.json.encode(what)
    sig = sign(private.attest, signed.text(LABEL_TESTED, what, payload))
    return signed.to_file(payload, private.id, sig)


def attested(raw: bytes, public: BackupPublic) -> Attestation:
    """Raises Refused."""
    try:
        said, payload, what = signed.from_file(raw, Attestation)
    except NotSigned as error:
        raise Refused(DAMAGED) from error
    if not signature_valid(public.attest, signed.text(LABEL_TESTED, what, payload), unbase64(said.sig)):
        raise Refused("this was attested with another backup key")
    return what


def read_signed(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read") from error
