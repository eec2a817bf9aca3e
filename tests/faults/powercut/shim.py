"""`powercut.c`, compiled when it is needed and put before one process; and what it has written down."""

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, cast

from msgspec import Struct

SOURCE: Final = Path(__file__).with_name("powercut.c")
_HEAD: Final = struct.Struct("=IIQQq")

Kind = Literal["C", "N", "M", "U", "R", "W", "T", "B", "E"]
"""As `powercut.c` explains them."""


class Record(Struct, frozen=True):
    kind: Kind
    at: int
    """Nanoseconds of the monotonic clock, which all processes of a machine share."""
    file: int
    """The number of the file on the real disk. Given to another file once it is free."""
    offset: int
    bytes: bytes

    @property
    def path(self) -> str:
        return self.bytes.decode()


def compiled(folder: Path) -> Path:
    """For LD_PRELOAD."""
    library = folder / "powercut.so"
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is needed: on Debian, apt-get install gcc libc6-dev"
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        str(library),
        str(SOURCE),
    ]
    subprocess.run(command, check=True)
    return library


def watching(library: Path, trace: Path, roots: Sequence[Path]) -> Mapping[str, str]:
    """The environment of a process whose writes below `roots` are to be written down."""
    return {
        "LD_PRELOAD": str(library),
        "POWERCUT_TRACE": str(trace),
        "POWERCUT_ROOTS": ":".join(str(root.resolve()) for root in roots),
    }


def records(trace: Path) -> list[Record]:
    """In order of time. Of one process: no other may write there. The last may be cut short."""
    [only] = trace.parent.glob(f"{trace.name}.*")
    return list(_records(only.read_bytes()))


def _records(raw: bytes) -> Iterator[Record]:
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, length, moment, file, offset = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        if at + length > len(raw):
            return
        yield Record(cast(Kind, chr(kind)), moment, file, offset, raw[at : at + length])
        at += length
