"""The opener's own record of what it opened for whom: a line each, chained, in a file that it alone writes.

Ids only. A line is SHA-256 of the line before and of itself, so that one that is altered, taken out or put in
is noticed; that the end was cut off is noticed beside the service's audit trail alone.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

BEGIN: Final = "0" * 64
NAME: Final = "opener"
OPENERS_MAX: Final = 99
BROKEN: Final = ".broken"
TOGETHER_MAX: Final = 64
"""Askers whose lines without a report are told apart between two flushes: a name costs nothing to make up."""
OTHERS: Final = "others"
WAITING_MAX: Final = 2_000
"""Lines. Nothing more is opened before these are in the file."""


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    n: int
    at: str
    who: str
    did: str
    place: str = ""
    times: int = 1
    refused: int = 0
    link: str = ""
    """Hexadecimal: of the line before, and of this one without its link."""


class TrailBroken(Exception):
    """The message says which line."""


def own_trail(folder: Path) -> Path:
    """One that no other opener writes: several services may share a folder of keys. Raises OSError.

    It is held until the process ends.
    """
    for number in range(OPENERS_MAX):
        path = folder / (f"{NAME}.trail" if not number else f"{NAME}-{number}.trail")
        held = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            continue
        return path
    raise OSError(f"{OPENERS_MAX} openers write beside {folder}")


def trails(folder: Path) -> list[Path]:
    """Those that were put aside because they did not hold, too."""
    return sorted([*folder.glob(f"{NAME}*.trail"), *folder.glob(f"{NAME}*{BROKEN}")])


class Trail:
    """Appends. No answer waits for `flush`: at most a second's lines are lost with the power.

    What cannot be written is kept and tried again; `keeps_up` says whether anything more may be opened.
    """

    def __init__(self, path: Path, *, now: str) -> None:
        """Goes on where the file ends; what a power cut has left of its last line is let go. Raises OSError.

        A file that does not hold is put aside for `verify` and a person: nobody's report waits for that.
        """
        self._n, self._link = 0, BEGIN
        self.day, self.digests = now[:10], 0
        """The day of `now`, and how much the index was asked on it before."""
        try:
            for line in read(path):
                self._n, self._link = line.n, line.link
                if line.did == "digest" and line.at[:10] == self.day:
                    self.digests += line.times
            _end_at_a_line(path)
        except TrailBroken:
            path.rename(path.with_name(f"{path.name}-{now[:19].replace(':', '')}{BROKEN}"))
            self._n, self._link = 0, BEGIN
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._waiting: list[Line] = []
        self._counted: dict[tuple[str, str], int] = {}
        self._unwritten = b""
        self._failed = False
        self._lock = threading.Lock()

    def add(self, *, at: str, who: str, did: str, place: str = "", times: int = 1, refused: int = 0) -> None:
        """A report by itself; what is about none is one line for each asker until it is written."""
        line = Line(n=0, at=at, who=who, did=did, place=place, times=times, refused=refused)
        with self._lock:
            if place:
                self._waiting.append(line)
                return
            if len(self._counted) >= TOGETHER_MAX and (who, did) not in self._counted:
                line = msgspec.structs.replace(line, who=OTHERS)
            found = self._counted.get((line.who, did))
            if found is None:
                self._counted[line.who, did] = len(self._waiting)
                self._waiting.append(line)
                return
            before = self._waiting[found]
            self._waiting[found] = msgspec.structs.replace(
                before, times=before.times + times, refused=before.refused + refused
            )

    def keeps_up(self) -> bool:
        """May more be opened? Not while what was opened before cannot be written down."""
        if not self._failed and len(self._waiting) < WAITING_MAX:
            return True
        try:
            self._write()
        except OSError:
            return False
        return True

    def flush(self) -> None:
        """Onto the disk. Raises OSError: then it is tried again the next time."""
        self._write()
        os.fdatasync(self._file)

    def _write(self) -> None:
        with self._lock:
            self._failed = True
            linked_now = [self._unwritten]
            for waiting in self._waiting:
                self._n += 1
                line = msgspec.structs.replace(waiting, n=self._n)
                self._link = linked(self._link, line)
                linked_now.append(msgspec.json.encode(msgspec.structs.replace(line, link=self._link)) + b"\n")
            self._unwritten, self._waiting = b"".join(linked_now), []
            self._counted.clear()
            while self._unwritten:
                self._unwritten = self._unwritten[os.write(self._file, self._unwritten) :]
            self._failed = False


def read(path: Path) -> Iterator[Line]:
    """Each line, proven. Raises TrailBroken at the first that is not what was written, OSError."""
    if not path.exists():
        return
    link, number = BEGIN, 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return  # cut short
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError:
                raise TrailBroken(f"line {number} cannot be read") from None
            link = linked(link, line)
            if (line.n, line.link) != (number, link):
                raise TrailBroken(f"line {number} is not what was written")
            yield line


def _end_at_a_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        if not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
            os.fsync(file.fileno())


def linked(before: str, line: Line) -> str:
    own = msgspec.json.encode(msgspec.structs.replace(line, link=""))
    return hashlib.sha256(before.encode("ascii") + own).hexdigest()
