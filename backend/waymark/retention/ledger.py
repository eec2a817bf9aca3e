"""The list of what was erased, outside the database and only ever added to: no backup of the data holds it.

It lies beside the keys, one signed object a line. A line is on the disk before anybody is told that a report
is erased. What an older copy of the database brings back is erased by it before anything is served.
"""

import fcntl
import logging
import os
from pathlib import Path
from typing import Final

from waymark.kernel import logs, signed
from waymark.kernel.keys import KeyRing, make_folder, sync_folder
from waymark.kernel.signed import NotSigned
from waymark.retention.records import Erased

LABEL: Final = b"waymark-erased/1/"
FOLDER: Final = "erased"
NAME: Final = "list.jsonl"


class ErasureList:
    """Plain and blocking. Several services may share one."""

    def __init__(self, keys: Path, ring: KeyRing) -> None:
        self._folder, self._ring = keys / FOLDER, ring

    def append(self, erased: Erased) -> None:
        """Returns when it is on the disk. Raises OSError."""
        make_folder(self._folder)
        file = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            line = signed.by_service(LABEL, erased, self._ring)
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # the one before was cut short, and nobody was told of it
            _write(file, line)
            os.fsync(file)
        finally:
            os.close(file)
        sync_folder(self._folder)

    def read(self) -> list[Erased]:
        """In the order of erasing. What we have not signed is passed over and reported. Raises OSError."""
        try:
            lines = (self._folder / NAME).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found, strange = [], 0
        for line in lines:
            try:
                found.append(signed.of_service(LABEL, line, self._ring, Erased))
            except NotSigned:
                strange += 1
        if strange:
            logs.event("erasure_list_damaged", level=logging.ERROR, lines=strange)
        return found


def _write(file: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(file, rest) :]
