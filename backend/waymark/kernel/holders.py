"""Who can open what is stored: each centre and each force has a key pair of its own, a *holder's key*.

A report's keys are wrapped to the holders that may read it, with public keys alone. What no holder of one
organisation was given, nothing that this organisation holds can open: neither its keys nor the database.
"""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct
from msgspec.structs import replace

from waymark.kernel.keys import (
    KeysRefused,
    base64url,
    fingerprint,
    mode_faults,
    pem,
    put,
    sync_folder,
    unbase64,
    write_durably,
)
from waymark_sync.seal import CannotOpen, new_key, open_sealed, raw_public, seal

HOLDERS: Final = "holders.json"
HOLD_PREFIX: Final = "hold-"
INDEX_PREFIX: Final = "index-"
SERVICE: Final = "service"
"""Stands in for whoever has no key of their own. Kept by the intake custodian, never by the police."""

FORM: Final = b"\x03"
KID_BYTES: Final = 8
_LABEL_WRAP: Final = b"waymark-vault/2/wrap\n"


class CannotUnwrap(Exception):
    """Another holder's key, altered bytes or another place: deliberately indistinguishable."""


class HolderKey(Struct, frozen=True, kw_only=True):
    """The public half."""

    holder: str
    """`service`, `centre:ID` or `force:ID`."""
    kid: str
    public: str
    """A point of P-256, base64url."""
    state: Literal["current", "retired"] = "current"
    retired_at: str = ""


class Wrapped(Struct, frozen=True, kw_only=True):
    kid: str
    wrapped: bytes


class Holders:
    """Wraps to a holder. Knows public halves alone, so that it needs no opener.

    The list is looked at again when it has changed, so that a key is rotated while the service runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._read_at = folder, -1
        self._keys: tuple[HolderKey, ...] = ()
        self._look()

    @property
    def keys(self) -> tuple[HolderKey, ...]:
        self._look()
        return self._keys

    def key_of(self, holder: str) -> HolderKey:
        """The holder's own current key, or the one that stands in for it."""
        current = {key.holder: key for key in self.keys if key.state == "current"}
        return current.get(holder) or current[SERVICE]

    def _look(self) -> None:
        try:
            changed = (self._folder / HOLDERS).stat().st_mtime_ns
        except OSError:
            changed = self._read_at  # what is known goes on
        if changed == self._read_at:
            return
        listed = tuple(_listed(self._folder))
        if not any(key.holder == SERVICE and key.state == "current" for key in listed):
            raise KeysRefused(f"{HOLDERS} lists no current key of {SERVICE}; restore it from your copy")
        self._keys, self._read_at = listed, changed

    def wrap(self, secret: bytes, *, holder: str, place: bytes) -> Wrapped:
        """place: what the secret belongs to. Only with the same place does it open again."""
        key = self.key_of(holder)
        head = FORM + bytes.fromhex(key.kid)
        sealed = seal(secret, public_key=unbase64(key.public), info=_LABEL_WRAP + head + place)
        return Wrapped(kid=key.kid, wrapped=head + sealed)


def kid_of(wrapped: bytes) -> str:
    """Of the key that opens it; '' for bytes of another form."""
    return wrapped[1 : 1 + KID_BYTES].hex() if wrapped[:1] == FORM else ""


def unwrapped(private: Mapping[str, ec.EllipticCurvePrivateKey], wrapped: bytes, *, place: bytes) -> bytes:
    """Raises CannotUnwrap."""
    try:
        key = private[kid_of(wrapped)]
    except KeyError:
        raise CannotUnwrap from None
    head, sealed = wrapped[: 1 + KID_BYTES], wrapped[1 + KID_BYTES :]
    try:
        return open_sealed(sealed, private_key=key, info=_LABEL_WRAP + head + place)
    except CannotOpen as error:
        raise CannotUnwrap from error


def make_holders(folder: Path, names: Iterable[str] = ()) -> Holders:
    """Give each of these, and the service, a key and an index key unless it has them. Raises KeysRefused."""
    known = _listed(folder)
    for name in sorted({SERVICE, *names} - {key.holder for key in known if key.state == "current"}):
        known.append(_made(folder, name))
        if not index_file(folder, name).exists():
            write_durably(index_file(folder, name), base64url(secrets.token_bytes(32)).encode() + b"\n")
        _write_list(folder, known)
    return load_holders(folder)


def rotate_holder(folder: Path, name: str, *, at: str) -> HolderKey:
    """A new key for this holder. The old one still opens what was wrapped to it. Raises KeysRefused."""
    known = _listed(folder)
    if not any(key.holder == name for key in known):
        raise KeysRefused(f"{name} has no key of its own: `waymark keys holder {name}` makes one")
    made = _made(folder, name)
    _write_list(
        folder,
        [
            *(
                replace(key, state="retired", retired_at=at)
                if key.holder == name and key.state == "current"
                else key
                for key in known
            ),
            made,
        ],
    )
    return made


def forget_retired(folder: Path, kids: Iterable[str]) -> list[str]:
    """Destroy these retired keys: what is still wrapped to them, here and in every copy, never opens again.

    Returns the ids of those that there were.
    """
    asked = set(kids)
    known = _listed(folder)
    gone = [key for key in known if key.kid in asked and key.state == "retired"]
    _write_list(folder, [key for key in known if key not in gone])
    for key in gone:
        (folder / f"{HOLD_PREFIX}{key.kid}.pem").unlink(missing_ok=True)
    sync_folder(folder)
    return [key.kid for key in gone]


def load_holders(folder: Path) -> Holders:
    """The public halves. Raises KeysRefused."""
    if not (folder / HOLDERS).is_file():
        raise KeysRefused(f"{folder / HOLDERS} is missing: run `waymark keys create`, which makes it")
    return Holders(folder)


class Private(dict[str, ec.EllipticCurvePrivateKey]):
    """By key id: those that lie in the folder, and one that has come meanwhile once it is asked for.

    Holds private keys: never log, copy or print it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(load_private(folder))
        self._folder = folder

    def __missing__(self, kid: str) -> ec.EllipticCurvePrivateKey:
        if (self._folder / f"{HOLD_PREFIX}{kid}.pem").exists():
            self.update(load_private(self._folder))
        if kid not in self:
            raise KeyError(kid)
        return self[kid]

    def __repr__(self) -> str:
        return f"Private({', '.join(sorted(self))})"


def load_private(folder: Path) -> dict[str, ec.EllipticCurvePrivateKey]:
    """Raises KeysRefused."""
    if faults := tuple(mode_faults(folder)):
        raise KeysRefused("; ".join(faults))
    private = {}
    for key in _listed(folder):
        file = folder / f"{HOLD_PREFIX}{key.kid}.pem"
        if not file.exists():
            continue
        try:
            loaded = load_pem_private_key(file.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise KeysRefused(f"{file} cannot be read; restore it from your copy of the keys") from error
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or base64url(raw_public(loaded)) != key.public:
            raise KeysRefused(f"{file} is not the key that {HOLDERS} lists; restore it from your copy")
        private[key.kid] = loaded
    return private


def load_index_keys(folder: Path) -> dict[str, bytes]:
    """By holder: those that lie here. Raises KeysRefused."""
    found = {}
    for key in _listed(folder):
        file = index_file(folder, key.holder)
        if file.exists():
            found[key.holder] = unbase64(file.read_text("ascii"))
    if any(len(secret) != 32 for secret in found.values()):
        raise KeysRefused(f"an index key in {folder} does not hold 32 bytes; restore it from your copy")
    return found


def _made(folder: Path, name: str) -> HolderKey:
    private = new_key()
    kid = fingerprint(raw_public(private))
    write_durably(folder / f"{HOLD_PREFIX}{kid}.pem", pem(private))
    return HolderKey(holder=name, kid=kid, public=base64url(raw_public(private)))


def index_file(folder: Path, name: str) -> Path:
    return folder / f"{INDEX_PREFIX}{name.replace(':', '-')}.key"


def _listed(folder: Path) -> list[HolderKey]:
    file = folder / HOLDERS
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[HolderKey]) if file.exists() else []
    except (OSError, msgspec.DecodeError) as error:
        raise KeysRefused(f"{file} cannot be read; restore it from your copy of the keys") from error


def _write_list(folder: Path, keys: list[HolderKey]) -> None:
    put(folder / HOLDERS, msgspec.json.format(msgspec.json.encode(keys), indent=1) + b"\n")
