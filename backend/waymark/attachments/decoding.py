"""Hands an opened file to `derive`, a process of its own, and believes as little as possible of its answer.

The file goes there a chunk at a time and never touches the disk in the clear. Plain and blocking: called off
the event loop.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from typing import IO, Final, get_args

from waymark.attachments.kinds import ENDINGS, TEXT
from waymark.attachments.records import Made, Reason
from waymark_sync.seal import CannotOpen

WALL_S: Final = 30.0
"""Its processor time is bounded at 10 s; this is for a machine that is busy, and for one that waits."""
PICTURE_BYTES_MAX: Final = 4 * 1_048_576
"""1600 by 1600 pixels of noise are 2.5 MB."""
TEXT_BYTES_MAX: Final = 262_144
SHOWN_AS: Final = "image/jpeg"
COMMAND: Final = (sys.executable, "-I", "-B", "-m", "waymark.attachments.derive")
_JPEG: Final = b"\xff\xd8\xff"
_WORD_BYTES: Final = 128
END_S: Final = 5.0
"""Between its last byte and its end."""
_OUT_OF_TIME: Final = (signal.SIGXCPU, signal.SIGKILL)


class NoPicture(Exception):
    """The file is kept; `reason` says why it is not shown, `kind` what it is where it may be handed out."""

    def __init__(self, reason: Reason, kind: str | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.kind = kind


class Stopped(Exception):
    """The service is stopping; nothing was found out."""


class Decoder:
    """One process at a time."""

    def __init__(self, *, command: tuple[str, ...] = COMMAND, wall_s: float = WALL_S) -> None:
        self._command = command
        self._wall_s = wall_s
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def look(self, plain: Iterable[bytes]) -> Made:
        """What may be looked at: a picture, or words.

        Raises NoPicture, Stopped, OSError when no process can be had.
        """
        try:
            answer = self._run(plain)
        finally:
            if self._stopping:
                raise Stopped
        return _believed(*answer)

    def stop(self) -> None:
        """End the process that is running, and begin no other."""
        self._stopping = True
        if process := self._process:
            process.kill()

    def _run(self, plain: Iterable[bytes]) -> tuple[bytes, int]:
        """Its answer, and how it ended."""
        # Nothing of our environment and no open file goes along.
        with subprocess.Popen(  # noqa: S603 - the command is ours
            self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", bufsize=0
        ) as process:
            self._process = process
            late = threading.Timer(0 if self._stopping else self._wall_s, process.kill)
            late.start()
            try:
                answer = _exchange(process, plain)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(END_S)
            finally:
                late.cancel()
                process.kill()
        return answer, process.returncode


def _exchange(process: "subprocess.Popen[bytes]", plain: Iterable[bytes]) -> bytes:
    """It says nothing before it has read everything, so writing first cannot stall."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both were asked for")
    try:
        for chunk in plain:
            _write(process.stdin, chunk)
        process.stdin.close()
    except CannotOpen:
        raise NoPicture("cannot_open") from None
    except BrokenPipeError:
        return b""
    return _read(process.stdout, _WORD_BYTES + PICTURE_BYTES_MAX + 1)


def _write(pipe: IO[bytes], chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[pipe.write(rest) :]


def _read(pipe: IO[bytes], most: int) -> bytes:
    held = bytearray()
    while len(held) < most and (more := pipe.read(most - len(held))):
        held += more
    return bytes(held)


def _believed(answer: bytes, ended: int) -> Made:
    """An answer of another form comes from a process that was ended, or taken over."""
    line, _, content = answer.partition(b"\n")
    word, _, kind = line.decode("ascii", "replace").partition(" ")
    if word == "made" and (made := _made(kind, content)):
        return made
    if word == "original_only" and kind in ENDINGS and not content:
        raise NoPicture("original_only", kind)
    for reason in get_args(Reason):
        if word == reason != "original_only" and not kind and not content:
            raise NoPicture(reason)
    raise NoPicture("too_costly" if -ended in _OUT_OF_TIME and not answer else "failed")


def _made(kind: str, content: bytes) -> Made | None:
    if kind == SHOWN_AS and content.startswith(_JPEG) and len(content) <= PICTURE_BYTES_MAX:
        return Made(media_type=kind, content=content, kind=None)
    if kind == TEXT and 0 < len(content) <= TEXT_BYTES_MAX and _is_text(content):
        return Made(media_type=kind, content=content, kind=kind)
    return None


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
