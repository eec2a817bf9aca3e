"""What a process may still ask of the kernel once it has been confined: to compute, and to answer.

A decoder that is taken over runs under the account of the service. Without this it could look into the
service's memory, or end it: neither takes a file or a socket. The opener holds keys: it may answer on the
socket that it has, read files, and no more. Whatever is not on the list fails; a process that cannot be
confined ends.
"""

import ctypes
import os
from collections.abc import Sequence
from typing import Final

X86_64: Final = 0xC000003E
AARCH64: Final = 0xC00000B7
_MACHINES: Final = {"x86_64": (X86_64, 0), "aarch64": (AARCH64, 1)}
"""What the kernel calls each, and its column in CALLS."""
CALLS: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "getrusage": (98, 165),
    "times": (100, 153),
    "sysinfo": (99, 179),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
ANSWERS: Final[dict[str, tuple[int, int]]] = {
    "accept4": (288, 242),
    "recvfrom": (45, 207),
    "sendto": (44, 206),
    "shutdown": (48, 210),
    "getsockopt": (55, 209),
    "ppoll": (271, 73),
    "poll": (7, 73),
    "fcntl": (72, 25),
    "fdatasync": (75, 83),
    "statx": (332, 291),
    "getdents64": (217, 61),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "restart_syscall": (219, 128),
}
"""What it takes, beside CALLS, to answer on a socket that is there already. None of them makes one."""
OPENAT: Final = (257, 56)
"""Allowed, where at all, for reading alone."""
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CLONE: Final = (56, 220)
"""Decoders begin threads. A process of its own is not allowed."""
CLONE3: Final = (435, 435)
"""What it is asked for cannot be looked at, so it is "not there", and the C library falls back to CLONE."""

_LOAD, _EQUALS, _ANY_OF, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT, _THIRD_ARGUMENT_AT = 0, 4, 16, 32
_ALLOW: Final = 0x7FFF_0000
_FAIL: Final = 0x0005_0000
_END: Final = 0x8000_0000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD: Final = 0x0001_0000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

Instruction = tuple[int, int, int, int]


class _Filter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filters", ctypes.POINTER(_Filter)))


def confine(*, answering: bool = False) -> None:
    """This process and all its threads to come, for good. Raises OSError where it cannot be done.

    answering: it may go on to answer on sockets that it has, and to read files.
    """
    library = ctypes.CDLL(None, use_errno=True)
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise OSError(_ENOSYS, "no list of calls for this machine")
    written = program(*_MACHINES[machine], answering=answering)
    filters = (_Filter * len(written))(*(_Filter(*one) for one in written))
    asked = _Program(len(written), filters)
    for given in ((_PR_SET_NO_NEW_PRIVS, 1, 0), (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(asked))):
        if library.prctl(*given, 0, 0):
            raise OSError(ctypes.get_errno(), "could not be confined")


def program(machine: int, column: int, *, answering: bool = False) -> Sequence[Instruction]:
    """For the kernel's filter: another machine's way of calling ends the process."""
    calls = {**CALLS, **ANSWERS} if answering else CALLS
    allowed = [(_EQUALS, 0, 1, call[column]) for call in calls.values()]
    reading = (
        (_EQUALS, 0, 4, OPENAT[column]),
        (_LOAD, 0, 0, _THIRD_ARGUMENT_AT),
        (_ANY_OF, 0, 1, _WRITING),
        (_RETURN, 0, 0, _FAIL | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    )
    return [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUALS, 1, 0, machine),
        (_RETURN, 0, 0, _END),
        (_LOAD, 0, 0, _NUMBER_AT),
        *(part for one in allowed for part in (one, (_RETURN, 0, 0, _ALLOW))),
        *(reading if answering else ()),
        (_EQUALS, 0, 1, CLONE3[column]),
        (_RETURN, 0, 0, _FAIL | _ENOSYS),
        (_EQUALS, 0, 2, CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_OF, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _FAIL | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
