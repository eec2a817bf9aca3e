"""Encryption at rest: each report has its own keys, wrapped by ones that lie outside the database.

Destroying a wrapped key destroys every copy of what it sealed, backups included. Every failure to open is
one exception. Knows neither tables nor reports: `aad` is whatever ties bytes to the place they belong.
"""

import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from msgspec import Struct

from waymark.kernel.holders import (
    FORM,
    SERVICE,
    CannotUnwrap,
    Holders,
    Private,
    load_holders,
    load_index_keys,
    load_private,
    unwrapped,
)
from waymark.kernel.keys import load_kek, load_seal_keys
from waymark_sync.seal import open_item

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FORM: Final = b"\x01"  # AES-256-GCM: what was stored first, and still opens
_FORM_SIV: Final = b"\x02"  # AES-256-GCM-SIV (RFC 8452): a nonce drawn twice shows at most that two are equal
_LABEL_WRAP: Final = b"waymark-vault/1/wrap\n"
_LABEL_SEAL: Final = b"waymark-vault/1/seal\n"
_LABEL_INDEX: Final = b"waymark-vault/2/index\n"


class CannotDecrypt(Exception):
    """Wrong key, altered bytes or bytes of another place: deliberately indistinguishable."""


class KeyUnknown(Exception):
    """What was sealed was sealed to a key that is not here."""


class IndexNotNow(Exception):
    """The index cannot be asked: too much was asked of it today, or its opener is away. It can be later."""


class Held(Struct, frozen=True):
    """Which keys a vault has: names and ids, nothing secret."""

    seal: tuple[str, ...] = ()
    kek: str = ""
    holders: tuple[str, ...] = ()
    """Ids of holders' keys."""
    index: tuple[str, ...] = ()
    """Holders by name."""


class Vault:
    """Makes report keys, and opens what was sealed or wrapped to the keys that it holds.

    kek: None in an organisation's own opener. holders: whom keys are wrapped to. private, index, seal: what
    this process holds of them. A web process has none: see `kernel.opener.client`.
    """

    def __init__(
        self,
        kek: bytes | None,
        kek_id: str,
        *,
        holders: Holders | None = None,
        private: Mapping[str, ec.EllipticCurvePrivateKey] | None = None,
        index: Mapping[str, bytes] | None = None,
        seal: Mapping[str, ec.EllipticCurvePrivateKey] | None = None,
    ) -> None:
        if kek is not None and len(kek) != KEY_BYTES:
            raise ValueError("a key-encryption key has 32 bytes")
        self._kek = AESGCM(kek) if kek is not None else None
        self._kek_id = kek_id
        self._head = _FORM + len(kek_id).to_bytes(1, "big") + kek_id.encode("ascii")
        self._holders, self._private = holders, private if private is not None else {}
        self._index, self._seal = index or {}, seal or {}

    def __repr__(self) -> str:
        return "Vault()"

    @property
    def holders(self) -> Holders:
        if self._holders is None:
            raise ValueError("a vault without holders wraps nothing to them")
        return self._holders

    def held(self) -> Held:
        listed = [key.kid for key in self.holders.keys] if self._holders else list(self._private)
        return Held(
            seal=tuple(sorted(self._seal)),
            kek=self._kek_id if self._kek else "",
            holders=tuple(kid for kid in listed if self._has(kid)),
            index=tuple(sorted(self._index)),
        )

    def is_there(self) -> bool:
        """Can it be asked? This one always can."""
        return True

    def open_item(self, kid: str, header: bytes, sealed: bytes) -> bytes:
        """The body as the device wrote it. Raises KeyUnknown, CannotOpen."""
        key = self._seal.get(kid)
        if key is None:
            raise KeyUnknown
        return open_item(header, sealed, private_key=key)

    def new_key(self) -> tuple[bytes, bytes]:
        """A fresh key and its wrapped form; only the second may be stored.

        Raises CannotDecrypt where there is no key-encryption key.
        """
        if self._kek is None:
            raise CannotDecrypt
        key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return key, self._head + nonce + self._kek.encrypt(nonce, key, _LABEL_WRAP + self._head)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises CannotDecrypt, also for a key wrapped under another key-encryption key."""
        head, rest = wrapped[: len(self._head)], wrapped[len(self._head) :]
        if self._kek is None or head != self._head:
            raise CannotDecrypt
        return _open(self._kek, rest, _LABEL_WRAP + head)

    def unwrap_for(self, wrapped: bytes, place: bytes) -> bytes:
        """What was wrapped to a holder whose key is here. Raises CannotDecrypt.

        Keys of the first form were wrapped to nobody in particular, and know no place.
        """
        if wrapped[:1] != FORM:
            return self.unwrap(wrapped)
        try:
            return unwrapped(self._private, wrapped, place=place)
        except CannotUnwrap as error:
            raise CannotDecrypt from error

    def digest(self, holder: str, text: bytes) -> bytes:
        """HMAC-SHA256 under the holder's index key: equal texts can be found, and nothing can be read.

        Raises CannotDecrypt where no such key is here.
        """
        key = self._index.get(holder) or self._index.get(SERVICE)
        if key is None:
            raise CannotDecrypt
        return hmac.digest(key, _LABEL_INDEX + holder.encode() + b"\n" + text, "sha256")

    def _has(self, kid: str) -> bool:
        try:
            return bool(self._private[kid])  # one that has come meanwhile is loaded by being asked for
        except KeyError:
            return False


def open_vault(folder: Path) -> Vault:
    """With all the keys that lie in the folder. Raises KeysRefused.

    An organisation's own folder has its holders' keys alone; the service's own has a key-encryption key.
    """
    holders = load_holders(folder)
    private = load_private(folder)
    of_service = {key.kid for key in holders.keys if key.holder == SERVICE}
    kek, kek_id = load_kek(folder) if not private or of_service & private.keys() else (None, "")
    return Vault(
        kek,
        kek_id,
        holders=holders,
        private=Private(folder),
        index=load_index_keys(folder),
        seal=load_seal_keys(folder),
    )


def kek_id_of(wrapped: bytes) -> str:
    """Of the key-encryption key that wrapped it."""
    return wrapped[2 : 2 + wrapped[1]].decode("ascii", "replace") if wrapped[:1] == _FORM else ""


def encrypt(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """AES-256-GCM-SIV: form, nonce, ciphertext, tag. `aad` must name the place, as `b"report|<id>|body"`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _FORM_SIV + nonce + AESGCMSIV(key).encrypt(nonce, plaintext, _LABEL_SEAL + aad)


def decrypt(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """Raises CannotDecrypt."""
    cipher: AESGCM | AESGCMSIV
    match sealed[:1]:
        case form if form == _FORM_SIV:
            cipher = AESGCMSIV(key)
        case form if form == _FORM:
            cipher = AESGCM(key)
        case _:
            raise CannotDecrypt
    return _open(cipher, sealed[1:], _LABEL_SEAL + aad)


def _open(cipher: AESGCM | AESGCMSIV, sealed: bytes, aad: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt from error
