"""Seals a file for its report, and sends the sealed bytes: from where the service stands, after any break.

The report goes first. Nothing is let go of here: whoever holds the bytes keeps them until `complete` has been
verified and the floor of a verified receipt has passed its position.
"""

import errno
import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from msgspec import Struct

from waymark_sync.answers import Failure, failure_of, no_answer
from waymark_sync.codec import JSON, WireError, decode, encode, to_base64url
from waymark_sync.core_files import (
    FileAnswered,
    FileEvent,
    FileFailed,
    FileSent,
    SendStart,
    begin_file,
    step_file,
)
from waymark_sync.files import KEY_BYTES, digest_of, seal_file
from waymark_sync.protocol import ATT_CHUNK_BYTES, Attachment, AttStart, AttState, KeySet
from waymark_sync.report import SealedFile
from waymark_sync.transport import FileTransport, NoAnswer, Reply
from waymark_sync.trust import covers_file

__all__ = [
    "FileSent",
    "KeptFile",
    "PreparedFile",
    "keep_file",
    "prepare_file",
    "read_from",
    "read_on",
    "send_file",
]

PARTIAL_UPLOAD: Final = "application/partial-upload"
Read = Callable[[int, int], bytes]
"""Sealed bytes from an offset, of a length: of a file on the disk, so that memory stays flat."""


class PreparedFile(Struct, frozen=True, kw_only=True):
    """`attachment` goes into the header, `inside` into the body, `sealed` follows."""

    attachment: Attachment
    inside: SealedFile
    sealed: bytes


def prepare_file(
    plain: bytes,
    *,
    media_type: str,
    caption: str = "",
    details_kept: bool = False,
) -> PreparedFile:
    """Seal one file, once, under a key of its own."""
    att_id, key = str(uuid4()), secrets.token_bytes(KEY_BYTES)
    sealed = b"".join(seal_file([plain], key=key, att_id=att_id))
    size, sha256 = digest_of([sealed])
    inside = SealedFile(
        att_id=att_id,
        key=to_base64url(key),
        media_type=media_type,
        size=len(plain),
        caption=caption,
        hidden_details="kept" if details_kept else "removed",
    )
    return PreparedFile(
        attachment=Attachment(att_id=att_id, size=size, sha256=sha256), inside=inside, sealed=sealed
    )


class KeptFile(Struct, frozen=True, kw_only=True):
    """As a PreparedFile, whose sealed bytes lie in a file: `read_on` sends them from there."""

    attachment: Attachment
    inside: SealedFile


def keep_file(
    plain: Iterable[bytes],
    kept: Path,
    *,
    media_type: str,
    caption: str = "",
    details_kept: bool = False,
) -> KeptFile:
    """Seal a file of any size onto the disk, a chunk at a time, and read it back. Raises OSError."""
    att_id, key = str(uuid4()), secrets.token_bytes(KEY_BYTES)
    counted = _Counted(plain)
    with kept.open("xb") as file:
        written = digest_of(_written(seal_file(counted, key=key, att_id=att_id), file))
        file.flush()
        os.fsync(file.fileno())
    with kept.open("rb") as file:
        read_back = digest_of(iter(lambda: file.read(ATT_CHUNK_BYTES), b""))
    if read_back != written:
        raise OSError(errno.EIO, "the disk gives back other bytes")
    size, sha256 = written
    inside = SealedFile(
        att_id=att_id,
        key=to_base64url(key),
        media_type=media_type,
        size=counted.size,
        caption=caption,
        hidden_details="kept" if details_kept else "removed",
    )
    return KeptFile(attachment=Attachment(att_id=att_id, size=size, sha256=sha256), inside=inside)


class _Counted:
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            yield piece


def _written(chunks: Iterable[bytes], file: IO[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        file.write(chunk)
        yield chunk


def read_on(kept: Path) -> Read:
    def read(offset: int, length: int) -> bytes:
        with kept.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    return read


def read_from(sealed: bytes) -> Read:
    return lambda offset, length: sealed[offset : offset + length]


def send_file(
    transport: FileTransport,
    read: Read,
    attachment: Attachment,
    *,
    item_id: str,
    keys: KeySet,
    piece_bytes: int = ATT_CHUNK_BYTES,
) -> FileSent:
    """Send what the service does not hold yet. Call again after a failure: it goes on from there."""
    sending, effect = begin_file(item_id, attachment.att_id, piece_bytes=piece_bytes)
    while not isinstance(effect, FileSent):
        if isinstance(effect, SendStart):
            answer = _start(transport, effect.item_id, effect.att_id)
        else:
            piece = read(effect.offset, effect.length)
            answer = _send(transport, effect.att_id, effect.offset, piece)
        sending, effect = step_file(sending, _event(answer, attachment, keys))
    return effect


def _event(answer: AttState | Failure, attachment: Attachment, keys: KeySet) -> FileEvent:
    if isinstance(answer, Failure):
        return FileFailed(failure=answer)
    return FileAnswered(state=answer, proven=bool(answer.complete and covers_file(answer, attachment, keys)))


def _start(transport: FileTransport, item_id: str, att_id: str) -> AttState | Failure:
    asked = encode(AttStart(item_id=item_id, att_id=att_id), JSON)
    try:
        reply = transport.post("/sync/v1/att", asked, {"content-type": JSON, "accept": JSON})
    except NoAnswer as error:
        return no_answer(sent=error.sent)
    return _understood(reply)


def _send(transport: FileTransport, att_id: str, offset: int, piece: bytes) -> AttState | Failure:
    digest = b64encode(hashlib.sha256(piece).digest()).decode("ascii")
    headers = {
        "content-type": PARTIAL_UPLOAD,
        "upload-offset": str(offset),
        "content-digest": f"sha-256=:{digest}:",
        "accept": JSON,
    }
    try:
        reply = transport.patch(f"/sync/v1/att/{att_id}", piece, headers)
    except NoAnswer as error:
        return no_answer(sent=error.sent)
    return _understood(reply)


def _understood(reply: Reply) -> AttState | Failure:
    """A 409 is an answer: it says where the file goes on."""
    if reply.status not in (200, 409):
        failure = failure_of(reply.status, reply.headers)
        return failure or Failure(kind="unreachable", reason=f"http_{reply.status}")
    try:
        return decode(reply.body, JSON, AttState)
    except WireError:
        return Failure(kind="later", reason=f"http_{reply.status}")
