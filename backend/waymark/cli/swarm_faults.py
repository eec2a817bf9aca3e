"""A network as it is in the field: requests and answers get lost, come late, or come twice."""

import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from waymark_sync.transport import FileTransport, NoAnswer, Reply

LOST_REQUEST: Final = 0.12
LOST_ANSWER: Final = 0.15
TWICE: Final = 0.10
LATE: Final = 0.20
LATE_S_MAX: Final = 0.4


class FlakyTransport:
    """The same verbs as any transport. `bad` says whether the network is bad at this moment."""

    def __init__(self, inner: FileTransport, chance: Random, bad: Callable[[], bool]) -> None:
        self._inner, self._chance, self._bad = inner, chance, bad

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._carry(lambda: self._inner.post(path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self._carry(lambda: self._inner.get(path, headers))

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._carry(lambda: self._inner.patch(path, body, headers))

    def _carry(self, send: Callable[[], Reply]) -> Reply:
        if not self._bad():
            return send()
        if self._chance.random() < LATE:
            time.sleep(self._chance.uniform(0, LATE_S_MAX))
        if self._chance.random() < LOST_REQUEST:
            raise NoAnswer(sent=True)  # the device cannot know that it never arrived
        reply = send()
        if self._chance.random() < TWICE:
            reply = send()
        if self._chance.random() < LOST_ANSWER:
            raise NoAnswer(sent=True)
        return reply
