"""The network between a device and the application: it forgets, repeats and garbles as it is told."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from litestar.testing import TestClient
from msgspec import Struct

from waymark_sync.transport import NoAnswer, Reply

Fault = Literal[
    "none",
    "lost",
    "answer_lost",
    "held",
    "portal",
    "cut",
    "crash_before",
    "crash_after",
    "401",
    "413",
    "429",
    "503",
    "507",
    "500",
]
FAULTS: Final[tuple[Fault, ...]] = Fault.__args__  # type: ignore[attr-defined]


class Crash(BaseException):
    """The device's process ends here. No Exception: nothing may tidy up after it."""


class Delivery(Struct, frozen=True):
    """A request as it left a device."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Wire:
    """`faults` are taken one by one, one per request."""

    def __init__(self, client: Callable[[], TestClient]) -> None:  # type: ignore[type-arg]
        self._client = client
        self.faults: list[Fault] = []
        self.sent: list[Delivery] = []
        self.held: list[Delivery] = []
        self.poison: str | None = None
        """What carries the item of this id brings the service down: it answers 500, and stores nothing."""
        self.meanwhile: Callable[[], object] | None = None
        """Done once, after the next push was stored and before its answer is read."""
        self.bad: list[tuple[Delivery, int]] = []
        """Answers that no fault of this network explains."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._send(Delivery("POST", path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self._send(Delivery("GET", path, b"", headers))

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._send(Delivery("PATCH", path, body, headers))

    def deliver(self, sent: Delivery) -> Reply:
        """As the service gets it, whoever still waits for the answer."""
        answer = self._client().request(
            sent.method, sent.path, content=sent.body, headers=dict(sent.headers), follow_redirects=False
        )
        if answer.status_code >= 500:
            self.bad.append((sent, answer.status_code))
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(status=answer.status_code, headers=names, body=answer.content)

    def _send(self, sent: Delivery) -> Reply:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "lost":
            raise NoAnswer(sent=False)
        if fault == "crash_before":
            raise Crash
        if fault == "held":
            self.held.append(sent)
            raise NoAnswer(sent=True)
        if fault == "portal":
            return Reply(status=200, headers={"content-type": "text/html"}, body=b"<title>Free Wi-Fi</title>")
        if fault.isdigit():
            return Reply(status=int(fault), headers={"retry-after": "120"}, body=b"{}")
        if self.poison and self.poison.encode() in sent.body and sent.path == "/sync/v1/push":
            return Reply(status=500, headers={}, body=b"{}")
        self.sent.append(sent)
        reply = self.deliver(sent)
        if self.meanwhile and sent.path == "/sync/v1/push":
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if fault == "crash_after":
            raise Crash
        if fault == "answer_lost":
            raise NoAnswer(sent=True)
        return (
            Reply(status=reply.status, headers=reply.headers, body=reply.body[:-9])
            if fault == "cut"
            else reply
        )
