"""Sealed files on the disk: `<folder>/<2 hexadecimal digits>/<att_id>`, readable by their owner alone.

What `append` has returned is on the disk. What a file holds beyond the offset in its row was never
acknowledged and is written over. Plain and blocking: called off the event loop.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from waymark.kernel.db import Full

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
READ_BYTES: Final = 262_144
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Shelf:
    """One folder for all. Several processes may share it: each file is locked while it grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def free_bytes(self) -> int:
        self._make(self._folder)
        return shutil.disk_usage(self._folder).free

    def length(self, att_id: str) -> int:
        """0 where there is no file."""
        try:
            return self._path(att_id).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def locked(self, att_id: str) -> Iterator[int]:
        """The file, open for writing and locked, made where there is none. Raises Full."""
        path = self._path(att_id)
        with _room():
            self._make(self._folder)
            self._make(path.parent)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_size == 0:
                # Whoever made it may have been killed before its name was certain, or is about to see to it.
                for folder in (self._folder.parent, self._folder, path.parent):
                    _sync_folder(folder)
            yield file
        finally:
            os.close(file)

    def read(self, att_id: str) -> Iterator[bytes]:
        """Raises FileNotFoundError."""
        with self._path(att_id).open("rb") as file:
            while chunk := file.read(READ_BYTES):
                yield chunk

    def erase(self, att_id: str) -> None:
        """For good: an upload that still runs writes to a file without a name. Raises OSError."""
        path = self._path(att_id)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_folder(path.parent)

    def _path(self, att_id: str) -> Path:
        """`att_id` has the form of an id: the wire's types see to that."""
        return self._folder / att_id[:2] / att_id

    def _make(self, folder: Path) -> None:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def append(file: int, piece: bytes, *, at: int) -> None:
    """Cut to `at`, add, and wait for the disk. Raises Full, after which the file is as long as before."""
    try:
        with _room():
            os.ftruncate(file, at)
            _write(file, piece, at)
            os.fsync(file)
    except Full:
        os.ftruncate(file, at)
        raise


def digest(file: int) -> bytes:
    """SHA-256 of all of it."""
    running, at = hashlib.sha256(), 0
    while chunk := os.pread(file, READ_BYTES, at):
        running.update(chunk)
        at += len(chunk)
    return running.digest()


def empty(file: int) -> None:
    """Its name stays: whoever waits for the lock must meet the same file."""
    os.ftruncate(file, 0)
    os.fsync(file)


def _write(file: int, piece: bytes, at: int) -> None:
    rest = memoryview(piece)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Full("no room on the disk") from error
        raise


def _sync_folder(folder: Path) -> None:
    """A new name is only there after a power cut if its folder has reached the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
