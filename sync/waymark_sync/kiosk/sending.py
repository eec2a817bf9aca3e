"""One pass of sending, with each step told: reports first, then what the service asks after, then files."""

import random
from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from waymark_sync.answers import Failure
from waymark_sync.client import Client
from waymark_sync.contact import end_of_life, note_contact
from waymark_sync.kiosk import files
from waymark_sync.kiosk.clock import now_ms
from waymark_sync.kiosk.home import Home
from waymark_sync.kiosk.reports import APP_BUILD
from waymark_sync.outbox import Row
from waymark_sync.protocol import Alert
from waymark_sync.transport import FileTransport, Reply

Tell = Callable[[], None]
FEED_CLOSED: Final = "http_401"
OutOfService = Literal["sending", "done", "by_time"]
"""This kiosk was taken out of its centre. `done`: everything has arrived, and its keys are destroyed.
`by_time`: they are, because its service was out of reach for too long."""


class Passed(Struct, frozen=True, kw_only=True):
    """What a pass achieved, and what is left to do."""

    sent: int
    messages: int
    waiting: int
    files_waiting: int
    held_for_a_person: int
    erased: int
    """Of all ever sent from here: the service has erased them, and nothing of them is here any more."""
    problem: str = ""
    """Why not everything went, by code; empty when all did."""
    again_at_ms: int | None = None
    """When to try again, in milliseconds since 1970 by this machine's clock."""
    end_of_life: Alert | None = None
    """The service will stop taking new reports of this version, or has."""
    out_of_service: OutOfService | None = None

    @property
    def done(self) -> bool:
        return not self.waiting and not self.files_waiting


class _Watched:
    """Tells after each answer, or none: a person sees that something happens."""

    def __init__(self, inner: FileTransport, tell: Tell) -> None:
        self._inner, self._tell = inner, tell

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._told(lambda: self._inner.post(path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self._told(lambda: self._inner.get(path, headers))

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._told(lambda: self._inner.patch(path, body, headers))

    def _told(self, ask: Callable[[], Reply]) -> Reply:
        try:
            return ask()
        finally:
            self._tell()


def one_pass(home: Home, transport: FileTransport, *, asked: bool, tell: Tell = lambda: None) -> Passed:
    """asked: a person wants it now, so waiting times are set aside. Never raises for what a network does."""
    watched = _Watched(transport, tell)
    home.lock()  # whoever watches for months opens the folder once
    client = Client(
        outbox=home.outbox,
        device=home.device,
        transport=watched,
        root=home.settings.trust.root_key,
        now_ms=now_ms,
        random=random.SystemRandom().random,
        pinned=home.settings.trust.signed_keys,
        app_build=APP_BUILD,
        files_waiting=lambda: files.waiting(home, home.outbox.items()) > 0,
    )
    drained = client.drain(asked=asked)
    files.drop_erased(home, home.outbox.items())
    if drained.failure is None:
        note_contact(home.outbox, now_ms=now_ms())
    failure = send_files(home, client, watched, drained.failure)
    if out_of_service(home) == "sending" and _reached(failure):
        failure = client.drain().failure  # the files were the last that it waited for
    rows = home.outbox.items()
    return Passed(
        sent=drained.stored,
        messages=drained.received,
        waiting=count(rows, "queued"),
        files_waiting=files.waiting(home, rows),
        held_for_a_person=count(rows, "quarantined"),
        erased=sum(row.erased for row in rows),
        problem=failure.reason or failure.kind if failure else "",
        again_at_ms=drained.wake_at_ms,
        end_of_life=end_of_life(home.outbox, build=APP_BUILD),
        out_of_service=out_of_service(home),
    )


def send_files(
    home: Home, client: Client, transport: FileTransport, failure: Failure | None
) -> Failure | None:
    """After the reports, unless the service was not reached or asks for rest. Returns the first failure.

    A feed that does not open keeps nothing back: a revoked device still sends what it was trusted with.
    """
    keys = client.keyring.keys() if _reached(failure) else None
    if keys is None:
        return failure
    sent = files.send(home, home.outbox.items(), transport, keys)
    return failure or sent


def _reached(failure: Failure | None) -> bool:
    return failure is None or failure.reason == FEED_CLOSED


def out_of_service(home: Home) -> OutOfService | None:
    order = home.outbox.order()
    if order is None or order.device_id != home.device.device_id:
        return None
    if order.by_time:
        return "by_time"
    return "done" if order.leaving is None else "sending"


def count(rows: list[Row], state: str) -> int:
    return sum(row.state == state for row in rows)
