"""A command under what a unit of systemd forbids: the calls, memory both writable and executable, cores.

python tests/deploy/sandbox.py UNIT COMMAND...

There is no systemd where tests run; the kernel is the same. The calls are those that systemd itself says its
sets hold.
"""

import ctypes
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from waymark.kernel.confined import AARCH64, X86_64, Instruction

_NUMBERS = {
    "x86_64": (X86_64, Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")),
    "aarch64": (AARCH64, Path("/usr/include/asm-generic/unistd.h")),
}
_ALLOW, _EPERM, _END = 0x7FFF_0000, 0x0005_0001, 0x8000_0000
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 22, 38, 65


class _Filter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filters", ctypes.POINTER(_Filter)))


def settings(unit: Path) -> dict[str, list[str]]:
    """Each with all its values, in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def allowed_calls(lines: Sequence[str]) -> set[str]:
    """As systemd reads them: the first line allows, one that begins with ~ takes away."""
    calls: set[str] = set()
    for line in lines:
        named = {call for word in line.removeprefix("~").split() for call in _calls(word)}
        calls = calls - named if line.startswith("~") else calls | named
    return calls


@cache
def _calls(name: str) -> frozenset[str]:
    if not name.startswith("@"):
        return frozenset({name})
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True, timeout=30
    )
    words = [line.strip() for line in told.stdout.splitlines()[1:]]
    return frozenset(call for word in words if word and not word.startswith("#") for call in _calls(word))


def program(calls: set[str]) -> Iterator[Instruction]:
    machine, header = _NUMBERS[os.uname().machine]
    written = header.read_text(encoding="utf-8")
    numbers = {name: int(n) for name, n in re.findall(r"#define __NR3?_?(?:264_)?(\w+)\s+(\d+)", written)}
    yield (_LOAD, 0, 0, 4)
    yield (_EQUALS, 1, 0, machine)
    yield (_RETURN, 0, 0, _END)
    yield (_LOAD, 0, 0, 0)
    for call in sorted(calls & numbers.keys()):
        yield (_EQUALS, 0, 1, numbers[call])
        yield (_RETURN, 0, 0, _ALLOW)
    yield (_RETURN, 0, 0, _EPERM)


def enter(unit: Path) -> None:
    """This process, and all that it becomes and starts."""
    told = settings(unit)
    assert told["LimitCORE"] == ["0"]
    assert told["NoNewPrivileges"] == told["MemoryDenyWriteExecute"] == ["yes"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    written = list(program(allowed_calls(told["SystemCallFilter"])))
    filters = (_Filter * len(written))(*(_Filter(*one) for one in written))
    asked = _Program(len(written), filters)
    library = ctypes.CDLL(None, use_errno=True)
    for given in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0),
        (_PR_SET_MDWE, 1, 0),
        (_PR_SET_SECCOMP, 2, ctypes.byref(asked)),
    ):
        if library.prctl(*given, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {given[0]}")


if __name__ == "__main__":
    enter(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - this process becomes the command
