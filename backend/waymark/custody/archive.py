"""One backup as one file: a tar inside an encrypted stream, sealed to a public key.

    waymark-backup/1\\n || id (16) || content key, sealed by HPKE (113) || chunks as in `waymark_sync.files`

Written and read in one pass with flat memory. A cut, a swap or a changed byte is found before the end is
believed. What lies inside is only ever taken by the names that are expected.
"""

import hashlib
import io
import re
import secrets
import tarfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, BinaryIO, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from waymark.custody.records import BACKUP_FORM, Refused
from waymark_sync.files import KEY_BYTES, open_file, seal_file
from waymark_sync.seal import CannotOpen, open_sealed, seal

MAGIC: Final = BACKUP_FORM.encode() + b"\n"
SEALED_KEY_BYTES: Final = 65 + KEY_BYTES + 16
READ_BYTES: Final = 262_144
DATABASE: Final = "database"
MANIFEST: Final = "manifest.json"
FILES: Final = "files/"
_NAME: Final = re.compile(
    rf"{DATABASE}|{re.escape(MANIFEST)}|{FILES}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
)
_BLOCK: Final = 512
_NOT_OPENED: Final = "this backup was sealed to another key, or it was altered or cut: take another one"


class Member(Struct, frozen=True):
    """One file inside. `chunks` yields exactly `size` bytes."""

    name: str
    size: int
    chunks: Iterator[bytes]


def from_path(name: str, path: Path) -> Member:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(READ_BYTES):
                yield chunk

    return Member(name, path.stat().st_size, chunks())


def write(out: BinaryIO, members: Iterable[Member], *, backup_id: str, public: bytes) -> tuple[int, str]:
    """Size and SHA-256 of what was written."""
    key = secrets.token_bytes(KEY_BYTES)
    head = MAGIC + UUID(backup_id).bytes
    size, running = 0, hashlib.sha256()
    first = (head, seal(key, public_key=public, info=head))
    for piece in chain(first, seal_file(_tar(members), key=key, att_id=backup_id)):
        size += out.write(piece)
        running.update(piece)
    return size, running.hexdigest()


def read(file: BinaryIO, *, private: ec.EllipticCurvePrivateKey) -> Iterator[Member]:
    """Each is read to its end before the next. Raises Refused; nothing counts before the last has come."""
    head, sealed_key = file.read(len(MAGIC) + 16), file.read(SEALED_KEY_BYTES)
    if not head.startswith(MAGIC) or len(sealed_key) != SEALED_KEY_BYTES:
        raise Refused("this is no backup")
    try:
        key = open_sealed(sealed_key, private_key=private, info=head)
        plain = _Plain(open_file(_pieces(file), key=key, att_id=str(UUID(bytes=head[-16:]))))
        with tarfile.open(fileobj=io.BufferedReader(plain, READ_BYTES), mode="r|") as tar:
            for info in tar:
                inside = tar.extractfile(info) if info.isreg() and _NAME.fullmatch(info.name) else None
                if inside is None:
                    raise Refused("this backup holds something that Waymark did not put there")
                yield Member(info.name, info.size, _pieces(inside))
        plain.to_the_end()
    except (CannotOpen, tarfile.TarError) as error:
        raise Refused(_NOT_OPENED) from error


def _tar(members: Iterable[Member]) -> Iterator[bytes]:
    for member in members:
        info = tarfile.TarInfo(member.name)
        info.size, info.mode = member.size, 0o600
        yield info.tobuf(tarfile.PAX_FORMAT)
        written = 0
        for chunk in member.chunks:
            written += len(chunk)
            yield chunk
        if written != member.size:
            raise AssertionError("a member of an archive has the size that was announced")
        yield bytes(-written % _BLOCK)
    yield bytes(2 * _BLOCK)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(READ_BYTES), b"")


class _Plain(io.RawIOBase):
    """The opened stream, as a file that can only be read on. Raises Refused."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._held:
            self._held = memoryview(self._next())
        taken = min(len(buffer), len(self._held))
        buffer[:taken] = self._held[:taken]
        self._held = self._held[taken:]
        return taken

    def to_the_end(self) -> None:
        """The last chunk proves that none is missing. Raises Refused."""
        while self._next():
            pass

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except CannotOpen as error:
            raise Refused(_NOT_OPENED) from error
