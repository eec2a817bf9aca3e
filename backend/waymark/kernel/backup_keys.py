"""The key that backups are sealed to. Its private half is kept off the machine that makes them.

Two keys in one file: one opens backups, one signs that a backup has been test-restored. So nobody who can
write to the folder of backups, and to nothing else, can claim that it has been.
"""

from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from waymark.kernel.keys import KeysRefused, base64url, fingerprint, pem, sync_folder, unbase64, write_durably
from waymark_sync.seal import new_key, raw_public

BACKUP_PUBLIC: Final = "backup.pub"
_BEGIN: Final = b"-----BEGIN "


class BackupPublic(Struct, frozen=True, kw_only=True):
    """What the service knows. Points of P-256."""

    seal: bytes
    attest: bytes

    @property
    def id(self) -> str:
        return fingerprint(self.seal)


class BackupPrivate(Struct, frozen=True, kw_only=True):
    """Holds private keys: never log, copy or print it."""

    seal: ec.EllipticCurvePrivateKey
    attest: ec.EllipticCurvePrivateKey

    @property
    def id(self) -> str:
        return fingerprint(raw_public(self.seal))

    def __repr__(self) -> str:
        return f"BackupPrivate({self.id})"


class _PublicFile(Struct, frozen=True, kw_only=True):
    seal: str
    attest: str


def create_backup_key(keys: Path, private: Path) -> BackupPublic:
    """Write the private half to `private` and the public one among the keys. Raises KeysRefused."""
    public_file = keys / BACKUP_PUBLIC
    if public_file.exists():
        raise KeysRefused(f"{public_file} is there already; backups under it need its own private half")
    if private.exists():
        raise KeysRefused(f"{private} is there already; keys are never overwritten")
    seal, attest = new_key(), new_key()
    write_durably(private, pem(seal) + pem(attest))
    sync_folder(private.absolute().parent)
    public = _PublicFile(seal=base64url(raw_public(seal)), attest=base64url(raw_public(attest)))
    write_durably(public_file, msgspec.json.encode(public) + b"\n")
    sync_folder(keys)
    return load_public(keys)


def load_public(keys: Path) -> BackupPublic:
    """Raises KeysRefused."""
    try:
        file = msgspec.json.decode((keys / BACKUP_PUBLIC).read_bytes(), type=_PublicFile)
        return BackupPublic(seal=unbase64(file.seal), attest=unbase64(file.attest))
    except FileNotFoundError:
        raise KeysRefused("there is no key to seal backups to: run `waymark keys backup-key FILE`") from None
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise KeysRefused(f"{keys / BACKUP_PUBLIC} cannot be read; restore it from your copy") from error


def load_private(file: Path) -> BackupPrivate:
    """Raises KeysRefused."""
    try:
        parts = [_BEGIN + part for part in file.read_bytes().split(_BEGIN)[1:]]
        seal, attest = (load_pem_private_key(part, password=None) for part in parts)
    except (OSError, ValueError) as error:
        raise KeysRefused(f"{file} is no backup key: it is what `waymark keys backup-key` wrote") from error
    if not isinstance(seal, ec.EllipticCurvePrivateKey) or not isinstance(attest, ec.EllipticCurvePrivateKey):
        raise KeysRefused(f"{file} is no backup key: it is what `waymark keys backup-key` wrote")
    return BackupPrivate(seal=seal, attest=attest)
