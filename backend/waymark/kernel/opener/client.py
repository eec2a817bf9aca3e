"""The vault of a process that holds no key that opens a report: it asks the opener."""

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from waymark.kernel.asking import ASKING
from waymark.kernel.holders import Holders
from waymark.kernel.opener.frames import read_frame, send_frame
from waymark.kernel.opener.records import (
    ANSWERS,
    ENCODER,
    HELD,
    Answer,
    Ask,
    Digest,
    Holds,
    NewKey,
    OpenItem,
    Request,
    Unwrap,
    UnwrapFor,
)
from waymark.kernel.problems import Problem, problem
from waymark.kernel.vault import CannotDecrypt, Held, IndexNotNow, KeyUnknown, Vault
from waymark_sync.seal import CannotOpen

WAIT_S: Final = 2.0
"""For an opener that is being restarted. Longer, and whoever asked is told."""
AWAY_S: Final = 2.0
PAUSE_S: Final = 0.05
ANSWER_WITHIN_S: Final = 30.0
RETRY_AFTER_S: Final = 5


class FarVault(Vault):
    """Raises Problem busy where the opener does not answer, or where too much was asked of it."""

    def __init__(self, path: Path, holders: Holders | None) -> None:
        self._path, self._holders = path, holders
        self._away_until = 0.0
        self._own = threading.local()

    def __repr__(self) -> str:
        return "FarVault()"

    def held(self) -> Held:
        """Waits for none that is being restarted: others may be asked meanwhile."""
        try:
            (answer,) = self._exchange((Holds(),))
        except OSError:
            raise problem("busy", headers={"Retry-After": str(RETRY_AFTER_S)}) from None
        return HELD.decode(answer.content)

    def open_item(self, kid: str, header: bytes, sealed: bytes) -> bytes:
        return self._ask(OpenItem(kid, header, sealed)).content

    def new_key(self) -> tuple[bytes, bytes]:
        answer = self._ask(NewKey())
        return answer.content, answer.wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._ask(Unwrap(wrapped)).content

    def unwrap_for(self, wrapped: bytes, place: bytes) -> bytes:
        return self._ask(UnwrapFor(wrapped, place)).content

    def digest(self, holder: str, text: bytes) -> bytes:
        """Raises IndexNotNow, too. Waits for nothing: what is not found today is found tomorrow."""
        try:
            (answer,) = self._exchange((Digest(holder, text),))
        except (OSError, Problem):
            raise IndexNotNow from None
        if answer.code == "used_up":
            raise IndexNotNow
        return _done(answer).content

    def is_there(self) -> bool:
        """Does the opener answer? Waits for none that is being restarted."""
        try:
            self._exchange((Holds(),))
        except OSError:
            return False
        return True

    @classmethod
    def answering(cls, path: Path) -> bool:
        """Is there an opener at this socket?"""
        far = cls(path, None)
        found = far.is_there()
        far.close()
        return found

    def close(self) -> None:
        """This thread's connection."""
        if connection := getattr(self._own, "connection", None):
            connection.close()
            self._own.connection = None

    def _ask(self, ask: Ask) -> Answer:
        (answer,) = self._all((ask,))
        return _done(answer)

    def _all(self, asks: tuple[Ask, ...]) -> Sequence[Answer]:
        """Once somebody has waited in vain, nobody else waits for a while: a writer may be held up by it."""
        began = time.monotonic()
        until = began + (WAIT_S if began > self._away_until else 0.0)
        while True:
            try:
                return self._exchange(asks)
            except OSError:
                if time.monotonic() >= until:
                    self._away_until = time.monotonic() + AWAY_S
                    raise problem("busy", headers={"Retry-After": str(RETRY_AFTER_S)}) from None
                time.sleep(PAUSE_S)

    def _exchange(self, asks: tuple[Ask, ...]) -> Sequence[Answer]:
        """Raises OSError, Problem busy. A connection that has failed is not used again."""
        used = getattr(self._own, "connection", None)
        self._own.connection = None
        if used is not None:
            try:
                return self._exchange_over(used, asks)
            except TimeoutError:
                raise
            except OSError:
                pass  # it rested for too long, or its opener has been started again
        return self._exchange_over(self._connected(), asks)

    def _exchange_over(self, connection: socket.socket, asks: tuple[Ask, ...]) -> Sequence[Answer]:
        try:
            send_frame(connection, ENCODER.encode(Request(ASKING.get(), asks)))
            frame = read_frame(connection)
            if frame is None:
                raise OSError("the opener has ended")
            found = ANSWERS.decode(frame)
        except TimeoutError:
            connection.close()
            raise
        except (OSError, msgspec.DecodeError) as error:
            connection.close()
            raise OSError("the opener does not answer") from error
        self._own.connection = connection
        if found.retry_after_s:
            raise problem("busy", headers={"Retry-After": str(found.retry_after_s)})
        return found.answers

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        return connection


def _done(answer: Answer) -> Answer:
    """Raises KeyUnknown, CannotOpen, CannotDecrypt."""
    match answer.code:
        case "":
            return answer
        case "key_unknown":
            raise KeyUnknown
        case "cannot_open":
            raise CannotOpen
        case _:
            raise CannotDecrypt
