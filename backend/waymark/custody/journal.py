"""The intake log: everything that was taken in, once more, on another disk, before the answer.

    LOG/<incarnation>/<first position>.log     frames, one for each commit, only ever added to
    LOG/files/<two digits>/<id>                sealed files that have come in full

A frame is `WMLG`, lengths, SHA-256 of its content, one wrapped key for each item, and the content. Each item
is encrypted under a key of its own, which lies here only wrapped: overwriting that destroys it here, too. A
frame that was cut short was never waited for, and is cut off at the next start.
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from waymark.kernel.keys import make_folder, sync_folder
from waymark.kernel.vault import CannotDecrypt, Vault, decrypt, encrypt
from waymark_sync.protocol import Envelope

HEAD: Final = struct.Struct(">4sIHH32s")  # magic, bytes of content, keys, bytes of each, SHA-256 of content
MAGIC: Final = b"WMLG"
SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Then the next one begins: what every backup holds can go a segment at a time."""
END: Final = ".log"
_AAD: Final = b"intake_log|"


class Entry(Struct, frozen=True, kw_only=True):
    """What stands at one position."""

    pos: int
    kind: Literal["item", "file"]
    id: str
    sha256: bytes
    item_id: str = ""
    """Of a file: the report that lists it."""
    gone: bool = False
    """A file that the disk turned out not to hold."""
    sealed: bytes = b""
    """Of an item: its envelope, encrypted under a key of its own."""


class Group(Struct, frozen=True, kw_only=True):
    """What was taken in at one moment."""

    at: str
    chain: bytes
    """Over the whole history up to the last of these."""
    entries: tuple[Entry, ...]


class Frame(Struct, frozen=True, kw_only=True):
    group: Group
    keys: tuple[bytes, ...]
    """Wrapped, one for each item in order. All zeros: it has been erased."""
    keys_at: int
    """Where in the file they begin."""
    end: int


class Tail(Struct, frozen=True, kw_only=True):
    """How far a series reaches."""

    first: int
    last: int
    chain: bytes


class Journal:
    """One lineage's series. Whoever opens it is alone until `close`. Plain and blocking. Raises OSError."""

    def __init__(self, root: Path, incarnation: str) -> None:
        self.folder = root / incarnation
        make_folder(self.folder)
        self._file: int | None = None
        self._size = 0
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise

    def tail(self) -> Tail | None:
        """None when nothing can be gone on with: nothing is there, or a piece is missing in the middle."""
        segments = segments_of(self.folder)
        at: Group | None = None
        for segment in segments:
            if at is not None and at.entries[-1].pos + 1 != first_of(segment):
                return None
            for frame in frames(segment):
                at = frame.group
        if at is None:
            return None
        self._cut(segments[-1])
        return Tail(first=first_of(segments[0]), last=at.entries[-1].pos, chain=at.chain)

    @property
    def blank(self) -> bool:
        return not segments_of(self.folder)

    def append(self, group: Group, keys: Sequence[bytes]) -> None:
        """Returns when it is on the disk."""
        content = msgspec.msgpack.encode(group)
        size = len(keys[0]) if keys else 0
        head = HEAD.pack(MAGIC, len(content), len(keys), size, hashlib.sha256(content).digest())
        if self._file is None or self._size > SEGMENT_BYTES:
            self._next(group.entries[0].pos)
        if self._file is None:
            raise AssertionError("a segment has been begun")
        whole = memoryview(head + b"".join(keys) + content)
        at = self._size
        while whole:
            written = os.pwrite(self._file, whole, at)
            whole, at = whole[written:], at + written
        os.fdatasync(self._file)
        self._size = at

    def forget(self, upto: int) -> list[Entry]:
        """Let go of segments that hold nothing after `upto`. Returns the files they spoke of."""
        segments, files = segments_of(self.folder), []
        for segment, after in pairwise(segments):
            if first_of(after) > upto + 1:
                break
            files += [e for frame in frames(segment) for e in frame.group.entries if e.kind == "file"]
            segment.unlink()
        return files

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        os.close(self._lock)
        self._file = None

    def _cut(self, segment: Path) -> None:
        """To the last whole frame; then go on there."""
        self._size = 0
        for frame in frames(segment):
            self._size = frame.end
        self._file = os.open(segment, os.O_RDWR | os.O_CLOEXEC)
        os.ftruncate(self._file, self._size)
        os.fsync(self._file)

    def _next(self, first: int) -> None:
        if self._file is not None:
            os.close(self._file)
        path = self.folder / f"{first:016d}{END}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._size = 0
        sync_folder(self.folder)


def segments_of(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{END}"))


def first_of(segment: Path) -> int:
    return int(segment.stem)


def frames(segment: Path) -> Iterator[Frame]:
    """Whole ones, up to the first that is not."""
    with segment.open("rb") as file:
        while True:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size:
                return
            magic, length, count, size, digest = HEAD.unpack(head)
            keys_at = file.tell()
            keys, content = file.read(count * size), file.read(length)
            if magic != MAGIC or hashlib.sha256(content).digest() != digest:
                return
            group = msgspec.msgpack.decode(content, type=Group)
            wrapped = tuple(keys[n * size : (n + 1) * size] for n in range(count))
            yield Frame(group=group, keys=wrapped, keys_at=keys_at, end=file.tell())


def erase(root: Path, ids: Collection[str]) -> int:
    """Overwrite the keys of these items in every series, also those put aside. Returns how many that were.

    The frames stay whole: their hash is over what the keys open, not over the keys. Raises OSError.
    """
    done = 0
    for segment in sorted(root.glob(f"*/*{END}")):
        places = [
            (frame.keys_at + number * len(key), len(key))
            for frame in frames(segment)
            for number, (entry, key) in enumerate(zip(_items(frame), frame.keys, strict=True))
            if entry.id in ids and any(key)
        ]
        if places:
            _overwrite(segment, places)
        done += len(places)
    return done


def _items(frame: Frame) -> list[Entry]:
    return [entry for entry in frame.group.entries if entry.kind == "item"]


def _overwrite(segment: Path, places: Sequence[tuple[int, int]]) -> None:
    file = os.open(segment, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for at, size in places:
            os.pwrite(file, bytes(size), at)
        os.fsync(file)
    finally:
        os.close(file)


def sealed_entry(vault: Vault, envelope: Envelope, *, pos: int, item_id: str) -> tuple[Entry, bytes]:
    """The entry, and the key that has to stand beside it."""
    key, wrapped = vault.new_key()
    sealed = encrypt(key, msgspec.msgpack.encode(envelope), aad=_AAD + item_id.encode())
    return Entry(pos=pos, kind="item", id=item_id, sha256=envelope.sha256, sealed=sealed), wrapped


def opened_entry(vault: Vault, entry: Entry, wrapped: bytes) -> Envelope | None:
    """None when it has been erased, or when the key that wraps is another."""
    try:
        plain = decrypt(vault.unwrap(wrapped), entry.sealed, aad=_AAD + entry.id.encode())
    except CannotDecrypt:
        return None
    return msgspec.msgpack.decode(plain, type=Envelope)
