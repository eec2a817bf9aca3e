"""Seal a file in chunks, and open it again, with flat memory: what follows a report as its attachment.

A chunk that is cut off, swapped, repeated or of another file does not open. A key seals one file, once:
the nonces are counted, so a second file under the same key would give both away.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from waymark_sync.protocol import ATT_CHUNK_BYTES, ATT_TAG_BYTES, LABEL_ATT
from waymark_sync.seal import CannotOpen

KEY_BYTES: Final = 32
SEALED_CHUNK_BYTES: Final = ATT_CHUNK_BYTES + ATT_TAG_BYTES
_NUMBER_BYTES: Final = 11
"""Of the nonce's twelve; the last says whether the chunk is the last."""


def sealed_size(plain: int) -> int:
    """Bytes of a file of `plain` bytes once it is sealed. An empty file is one empty chunk."""
    return plain + ATT_TAG_BYTES * max(1, -(-plain // ATT_CHUNK_BYTES))


def seal_file(plain: Iterable[bytes], *, key: bytes, att_id: str) -> Iterator[bytes]:
    """Sealed chunks in order. `plain` may come in pieces of any size; a file in memory is `[content]`."""
    cipher, aad = AESGCM(key), _aad(att_id)
    for number, chunk, last in _numbered(plain, ATT_CHUNK_BYTES):
        yield cipher.encrypt(_nonce(number, last=last), chunk, aad)


def open_file(sealed: Iterable[bytes], *, key: bytes, att_id: str) -> Iterator[bytes]:
    """Plain chunks in order. Raises CannotOpen, perhaps after the first ones: keep none before the end.

    `sealed` may come in pieces of any size, such as a file's or a network's.
    """
    cipher, aad = AESGCM(key), _aad(att_id)
    for number, chunk, last in _numbered(sealed, SEALED_CHUNK_BYTES):
        if len(chunk) < ATT_TAG_BYTES or (last and number and len(chunk) == ATT_TAG_BYTES):
            raise CannotOpen  # only an empty file has an empty chunk
        try:
            yield cipher.decrypt(_nonce(number, last=last), chunk, aad)
        except InvalidTag as error:
            raise CannotOpen from error


def digest_of(chunks: Iterable[bytes]) -> tuple[int, bytes]:
    """Size and SHA-256, as the header's `att` has them of the sealed bytes."""
    size, running = 0, hashlib.sha256()
    for chunk in chunks:
        size += len(chunk)
        running.update(chunk)
    return size, running.digest()


def _numbered(pieces: Iterable[bytes], length: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, chunk of `length` bytes, and whether it is the last, which alone may be shorter."""
    number, held = 0, bytearray()
    for piece in pieces:
        held += piece
        while len(held) > length:
            yield number, bytes(held[:length]), False
            del held[:length]
            number += 1
    yield number, bytes(held), True


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big") + (b"\x01" if last else b"\x00")


def _aad(att_id: str) -> bytes:
    return LABEL_ATT + UUID(att_id).bytes
