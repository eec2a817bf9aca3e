"""Encryption at rest: each report has its own key, wrapped by one that lies outside the database.

Destroying a wrapped key destroys every copy of what it sealed, backups included. Every failure to open is
one exception. Knows neither tables nor reports: `aad` is whatever ties bytes to the place they belong.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # random: 2^32 messages under one key are safe, and a report has a few dozen
_FORM: Final = b"\x01"
_LABEL_WRAP: Final = b"waymark-vault/1/wrap\n"
_LABEL_SEAL: Final = b"waymark-vault/1/seal\n"


class CannotDecrypt(Exception):
    """Wrong key, altered bytes or bytes of another place: deliberately indistinguishable."""


class Vault:
    """Makes report keys and wraps them under the key-encryption key `kek_id`."""

    def __init__(self, kek: bytes, kek_id: str) -> None:
        if len(kek) != KEY_BYTES:
            raise ValueError("a key-encryption key has 32 bytes")
        self._kek = AESGCM(kek)
        self._head = _FORM + len(kek_id).to_bytes(1, "big") + kek_id.encode("ascii")

    def __repr__(self) -> str:
        return "Vault()"

    def new_key(self) -> tuple[bytes, bytes]:
        """A fresh key and its wrapped form; only the second may be stored."""
        key = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return key, self._head + nonce + self._kek.encrypt(nonce, key, _LABEL_WRAP + self._head)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises CannotDecrypt, also for a key wrapped under another key-encryption key."""
        head, rest = wrapped[: len(self._head)], wrapped[len(self._head) :]
        if head != self._head:
            raise CannotDecrypt
        return _open(self._kek, rest, _LABEL_WRAP + head)


def encrypt(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """AES-256-GCM: form, nonce, ciphertext, tag. `aad` must name the place, such as `b"report|<id>|body"`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plaintext, _LABEL_SEAL + aad)


def decrypt(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """Raises CannotDecrypt."""
    if sealed[:1] != _FORM:
        raise CannotDecrypt
    return _open(AESGCM(key), sealed[1:], _LABEL_SEAL + aad)


def _open(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt from error
