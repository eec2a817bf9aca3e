"""Frames on a stream: a length, and that many bytes. Whoever holds one up is not waited for without end."""

import select
import socket
import time
from typing import Final

from waymark.kernel.opener.records import FRAME_BYTES_MAX, LENGTH_BYTES

PIECE_BYTES: Final = 1_048_576


def read_frame(
    connection: socket.socket, *, begins_s: float | None = None, within_s: float | None = None
) -> bytes | None:
    """None when the other side has ended. Raises OSError, also for one that is too long or too late.

    begins_s: until its first byte; within_s: from there to its last. None: as long as the socket waits.
    """
    if begins_s is not None:
        _wait(connection, select.POLLIN, time.monotonic() + begins_s)
    until = None if within_s is None else time.monotonic() + within_s
    head = _exactly(connection, LENGTH_BYTES, until)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > FRAME_BYTES_MAX:
        raise OSError("a frame is too long")
    body = _exactly(connection, length, until)
    if body is None:
        raise OSError("cut short")
    return body


def send_frame(connection: socket.socket, content: bytes, *, within_s: float | None = None) -> None:
    """Raises OSError, also where nobody takes it in time."""
    frame = len(content).to_bytes(LENGTH_BYTES, "big") + content
    if within_s is None:
        connection.sendall(frame)
        return
    # A confined opener may not make a socket non-blocking, so each piece says it for itself.
    left, until = memoryview(frame), time.monotonic() + within_s
    while left:
        _wait(connection, select.POLLOUT, until)
        try:
            left = left[connection.send(left[:PIECE_BYTES], socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            continue


def _exactly(connection: socket.socket, count: int, until: float | None) -> bytes | None:
    parts: list[bytes] = []
    left = count
    while left:
        if until is not None:
            _wait(connection, select.POLLIN, until)
        part = connection.recv(min(left, PIECE_BYTES))
        if not part:
            if left == count:
                return None
            raise OSError("cut short")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _wait(connection: socket.socket, event: int, until: float) -> None:
    """Raises TimeoutError."""
    poll = select.poll()
    poll.register(connection, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1_000):
        raise TimeoutError("nothing came in time")
