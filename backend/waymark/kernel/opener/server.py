"""The opener: a process that holds what opens reports, answers on one Unix socket, and has no network.

Whoever takes over the web process finds no key in it. They find this: it opens one thing after another,
writes down each, and no faster than anybody needs.
"""

import logging
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from waymark.kernel import clock, logs
from waymark.kernel.opener.allowance import INDEX_A_DAY, ADay, Allowances
from waymark.kernel.opener.frames import read_frame, send_frame
from waymark.kernel.opener.records import (
    ENCODER,
    REQUESTS,
    Answer,
    Answers,
    Ask,
    Digest,
    Holds,
    NewKey,
    OpenItem,
    Request,
    Unwrap,
    UnwrapFor,
    weight,
)
from waymark.kernel.opener.seats import SEATS_MAX, Seats
from waymark.kernel.opener.trail import Trail
from waymark.kernel.vault import CannotDecrypt, KeyUnknown, Vault
from waymark_sync.seal import CannotOpen

OPENER: Final = "opener"
FIRST_BYTE_S: Final = 5.0
"""Of a new connection: whoever connects has something to ask."""
FRAME_S: Final = 10.0
"""For one question to come, and for one answer to be taken."""
IDLE_S: Final = 60.0
FLUSH_EVERY_S: Final = 0.5
UNWRITTEN_RETRY_S: Final = 5
_PEER: Final = struct.Struct("3i")


class Answering:
    """What a request is answered. Holds private keys."""

    def __init__(
        self,
        vault: Vault,
        trail: Trail,
        *,
        time_s: Callable[[], float] = time.monotonic,
        index_a_day: int = INDEX_A_DAY,
    ) -> None:
        self._vault, self._trail, self._time_s = vault, trail, time_s
        self._allowances, self._lock = Allowances(), threading.Lock()
        self._index = ADay(index_a_day, day=trail.day, used=trail.digests)

    def answer(self, request: Request) -> Answers:
        """What cannot be written down is not opened: a full disk would be a way to read without a trace."""
        if weight(request.asks) and not self._trail.keeps_up():
            return Answers(retry_after_s=UNWRITTEN_RETRY_S)
        with self._lock:
            wait_s = self._allowances.take(request.who, weight(request.asks), at=self._time_s())
        if wait_s:
            self._trail.add(
                at=clock.stamp(clock.now()), who=request.who, did="refused", times=len(request.asks)
            )
            return Answers(retry_after_s=wait_s)
        answers = tuple(self._one(ask) for ask in request.asks)
        self._write_down(request, answers)
        return Answers(answers=answers)

    def _one(self, ask: Ask) -> Answer:
        try:
            match ask:
                case OpenItem():
                    return Answer(content=self._vault.open_item(ask.kid, ask.header, ask.sealed))
                case NewKey():
                    key, wrapped = self._vault.new_key()
                    return Answer(content=key, wrapped=wrapped)
                case Unwrap():
                    return Answer(content=self._vault.unwrap(ask.wrapped))
                case UnwrapFor():
                    return Answer(content=self._vault.unwrap_for(ask.wrapped, ask.place))
                case Digest():
                    if not self._may_ask_index():
                        return Answer(code="used_up")
                    return Answer(content=self._vault.digest(ask.holder, ask.text))
                case Holds():
                    return Answer(content=ENCODER.encode(self._vault.held()))
        except KeyUnknown:
            return Answer(code="key_unknown")
        except CannotOpen:
            return Answer(code="cannot_open")
        except CannotDecrypt:
            return Answer(code="cannot_decrypt")

    def _may_ask_index(self) -> bool:
        """Each answer tells whether a guess is in some report, so there are only so many a day."""
        at = clock.stamp(clock.now())
        with self._lock:
            if self._index.take(day=at[:10]):
                return True
            told, self._index.told = self._index.told, True
        if not told:
            logs.event("opener_index_used_up", level=logging.ERROR)
            self._trail.add(at=at, who=OPENER, did="index_used_up")
        return False

    def _write_down(self, request: Request, answers: tuple[Answer, ...]) -> None:
        """A report's keys by their report; everything else as how much there was of it."""
        at, other, refused = clock.stamp(clock.now()), Counter[str](), Counter[str]()
        for ask, answer in zip(request.asks, answers, strict=True):
            did = type(ask).__struct_config__.tag
            if isinstance(ask, UnwrapFor):
                place = ask.place.decode("ascii", "replace")
                failed = int(bool(answer.code))
                self._trail.add(at=at, who=request.who, did=str(did), place=place, refused=failed)
            elif not isinstance(ask, Holds):
                other[str(did)] += 1
                refused[str(did)] += bool(answer.code)
        for did, times in sorted(other.items()):
            self._trail.add(at=at, who=request.who, did=did, times=times, refused=refused[did])


def listen(path: Path, *, shared: bool = False) -> socket.socket:
    """What is left of an opener that has died makes way. Raises OSError.

    shared: another account may connect, as far as the folder lets it; `serve` asks who it is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o111 if shared else 0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(SEATS_MAX)
    return listener


def serve(
    listener: socket.socket,
    answering: Answering,
    trail: Trail,
    *,
    peers: Collection[int],
    seats: Seats | None = None,
) -> None:
    """Until the process ends. peers: whose processes may ask, by user id."""
    threading.Thread(target=_flushing, args=(trail,), daemon=True).start()
    seats = seats or Seats()
    while True:
        connection, _ = listener.accept()
        pid, uid = _peer(connection)
        if uid not in peers or (number := seats.take(connection, pid)) is None:
            connection.close()
            continue
        threading.Thread(target=_serve_one, args=(connection, answering, seats, number), daemon=True).start()


def _serve_one(connection: socket.socket, answering: Answering, seats: Seats, number: int) -> None:
    begins_s = FIRST_BYTE_S
    try:
        with connection:
            while (asked := read_frame(connection, begins_s=begins_s, within_s=FRAME_S)) is not None:
                if not seats.begin(number):
                    return
                answers = ENCODER.encode(answering.answer(REQUESTS.decode(asked)))
                seats.rest(number)
                send_frame(connection, answers, within_s=FRAME_S)
                begins_s = IDLE_S
    except TimeoutError:
        pass  # whoever still wants something connects again
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        logs.event("opener_connection_ended", level=logging.WARNING)
    finally:
        seats.leave(number)


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Process and account, as the kernel knows them."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, _ = _PEER.unpack(found)
    return int(pid), int(uid)


def _flushing(trail: Trail) -> None:
    while True:
        time.sleep(FLUSH_EVERY_S)
        try:
            trail.flush()
        except OSError as error:
            logs.event("opener_trail_not_written", level=logging.ERROR, error=error)
