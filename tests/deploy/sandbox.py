"""A command under what a unit of systemd forbids: calls, rights, kinds of sockets, memory both writable and
executable, cores; and, where a machine allows namespaces, every folder but its own and most of /proc.

python tests/deploy/sandbox.py UNIT [--own FOLDER] COMMAND...

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
_ENOSYS, _EAFNOSUPPORT = 0x0005_0026, 0x0005_0061
_LOAD, _EQUALS, _ANY_OF, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 22, 24, 38, 65
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
_CLONE_NEWNS = 0x0002_0000
_CLONE_NEW_ANY = 0x7E02_0000
"""Of every kind of namespace."""
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_CAPABILITIES = 64


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


def program(calls: set[str], families: Sequence[str]) -> Iterator[Instruction]:
    machine, header = _NUMBERS[os.uname().machine]
    written = header.read_text(encoding="utf-8")
    numbers = {name: int(n) for name, n in re.findall(r"#define __NR3?_?(?:264_)?(\w+)\s+(\d+)", written)}
    yield (_LOAD, 0, 0, _MACHINE_AT)
    yield (_EQUALS, 1, 0, machine)
    yield (_RETURN, 0, 0, _END)
    yield (_LOAD, 0, 0, _NUMBER_AT)
    # As systemd: what clone3 is asked for cannot be looked at, and the C library falls back to clone.
    yield from ((_EQUALS, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _ENOSYS))
    for call in ("unshare", "setns"):
        yield from ((_EQUALS, 0, 1, numbers[call]), (_RETURN, 0, 0, _EPERM))
    yield (_EQUALS, 0, 4, numbers["clone"])
    yield from ((_LOAD, 0, 0, _FIRST_ARGUMENT_AT), (_ANY_OF, 0, 1, _CLONE_NEW_ANY), (_RETURN, 0, 0, _EPERM))
    yield (_RETURN, 0, 0, _ALLOW)
    yield (_EQUALS, 0, 2 + 2 * len(families), numbers["socket"])
    yield (_LOAD, 0, 0, _FIRST_ARGUMENT_AT)
    for family in families:
        yield from ((_EQUALS, 0, 1, _FAMILIES[family]), (_RETURN, 0, 0, _ALLOW))
    yield (_RETURN, 0, 0, _EAFNOSUPPORT)
    for call in sorted(calls & numbers.keys()):
        yield (_EQUALS, 0, 1, numbers[call])
        yield (_RETURN, 0, 0, _ALLOW)
    yield (_RETURN, 0, 0, _EPERM)


def enter(unit: Path, own: Path | None = None) -> None:
    """This process, and all that it becomes and starts."""
    told = settings(unit)
    assert told["LimitCORE"] == ["0"]
    assert told["NoNewPrivileges"] == told["MemoryDenyWriteExecute"] == told["RestrictNamespaces"] == ["yes"]
    assert (told["CapabilityBoundingSet"], told["ProtectSystem"]) == ([""], ["strict"])
    assert told["PrivateTmp"] == ["yes"]
    assert (told["ProtectProc"], told["ProcSubset"]) == (["invisible"], ["pid"])
    library = ctypes.CDLL(None, use_errno=True)
    if own is not None:
        _wall_in(library, own)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for capability in range(_CAPABILITIES):
        library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # those that the kernel does not know fail
    families = told["RestrictAddressFamilies"][0].split()
    written = list(program(allowed_calls(told["SystemCallFilter"]), families))
    filters = (_Filter * len(written))(*(_Filter(*one) for one in written))
    asked = _Program(len(written), filters)
    for given in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0),
        (_PR_SET_MDWE, 1, 0),
        (_PR_SET_SECCOMP, 2, ctypes.byref(asked)),
    ):
        if library.prctl(*given, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {given[0]}")


def namespaces() -> bool:
    """May this machine's tests have their own view of its files?"""
    child = os.fork()
    if child == 0:
        os._exit(1 if ctypes.CDLL(None).unshare(_CLONE_NEWNS) else 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _wall_in(library: ctypes.CDLL, own: Path) -> None:
    """Nothing can be written but what is below `own`, and /proc shows this account's processes alone."""

    def must(call: str, *given: object) -> None:
        if getattr(library, call)(*given):
            raise OSError(ctypes.get_errno(), call)

    folder = os.fsencode(own)
    must("unshare", _CLONE_NEWNS)
    must("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    must("mount", folder, folder, None, _MS_BIND | _MS_REC, None)
    hidden = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    must("mount", b"proc", b"/proc", b"proc", hidden, b"subset=pid,hidepid=invisible")
    for path, flags, attributes in (
        (b"/", _AT_RECURSIVE, (_RDONLY, 0, 0, 0)),
        (folder, 0, (0, _RDONLY, 0, 0)),
    ):
        asked = (ctypes.c_uint64 * 4)(*attributes)
        must("syscall", _MOUNT_SETATTR, _AT_FDCWD, path, flags, asked, ctypes.c_size_t(32))
    # Of the two that PrivateTmp makes: what tests serve lies below the other.
    must("mount", b"tmpfs", b"/var/tmp", b"tmpfs", _MS_NOSUID | _MS_NODEV, None)


if __name__ == "__main__":
    _, within, *command = sys.argv
    own_folder = None
    if command[0] == "--own":
        own_folder, command = Path(command[1]), command[2:]
    enter(Path(within), own_folder)
    os.execv(command[0], command)  # noqa: S606 - this process becomes the command
