"""A file that takes room while there is some, and gives it back when there is none: erasing needs room, too.

Its length is all that is known of it, so every process and every start sees the same: whole is `kept`, in
part or not there `making`, empty `released`. While it is released nothing more is taken in, or tablets would
take the room that was meant for erasing.
"""

import asyncio
import errno
import fcntl
import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from waymark.kernel import logs
from waymark.kernel.settings import Settings

NAME: Final = "ballast"
MIB: Final = 1_048_576
FULL_BYTES: Final = 16 * MIB  # a log of changes, a checkpoint and the list of what was erased still fit
AT_ONCE: Final = 16 * MIB  # so that no other job waits for long
FILE_MODE: Final = 0o600
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Standing = Literal["kept", "making", "released", "off"]


class Ballast:
    """One in the data folder. size: in bytes; 0: none is wanted, and one that is there goes."""

    def __init__(self, folder: Path, size: int, *, free_bytes: Callable[[Path], int] | None = None) -> None:
        self._path, self._size = folder / NAME, size
        self._free = free_bytes or (lambda folder: shutil.disk_usage(folder).free)

    def standing(self) -> Standing:
        """Raises OSError where the folder cannot be read."""
        if not self._size:
            return "off"
        try:
            length = self._path.stat().st_size
        except FileNotFoundError:
            return "making"
        return "released" if length == 0 else "kept" if length >= self._size else "making"

    @property
    def released(self) -> bool:
        """What room there is, is for erasing."""
        with suppress(OSError):
            return self.standing() == "released"
        return False

    def step(self) -> int:
        """Release it, or make some of it. Returns how many bytes were changed. Raises OSError."""
        if not self._size:
            self._path.unlink(missing_ok=True)
            return 0
        free, length = self._free(self._path.parent), self._length()
        if free < FULL_BYTES:
            return self._release(length)
        # Twice, so that making it whole does not make the disk full.
        if length < self._size and free >= self._size - length + 2 * FULL_BYTES:
            return self._grow()
        if length > self._size:
            os.truncate(self._path, self._size)
        return 0

    async def turn(self) -> int:
        """As `step`, off the event loop: a job."""
        return await asyncio.to_thread(self.step) if self._size else self.step()

    def _length(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _release(self, length: int) -> int:
        if not length:
            return 0
        os.truncate(self._path, 0)
        logs.event("ballast_released", level=logging.ERROR, bytes=length)
        return length

    def _grow(self) -> int:
        """Of bytes that no file system can squeeze: of zeros, some would keep the length alone."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(self._path, flags, FILE_MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            length = os.fstat(file).st_size  # another process may have been at it
            end = min(self._size, length + AT_ONCE)
            if length >= end or not _append(file, end - length):
                return 0
        finally:
            os.close(file)
        if end == self._size:
            logs.event("ballast_kept", bytes=end)
        return end - length


def _append(file: int, count: int) -> bool:
    """False: there is no room, though there seemed to be, as under a quota. Then it is released."""
    try:
        while count > 0:
            count -= os.write(file, os.urandom(min(count, MIB)))
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        os.ftruncate(file, 0)
        logs.event("ballast_released", level=logging.ERROR)
        return False
    return True


def of_settings(settings: Settings) -> Ballast:
    return Ballast(settings.data, settings.ballast_mb * MIB)
