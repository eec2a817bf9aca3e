"""One process of a swarm: a few devices, each with an outbox and a ledger of its own. It may be killed.

Started again with the same orders it goes on where the disk says that it was. Told by JSON on standard input.
"""

import random
import sys
import threading
import time
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec import Struct

from waymark.cli import swarm_files
from waymark.cli.swarm_faults import FlakyTransport
from waymark.cli.swarm_files import Photos
from waymark.cli.swarm_ledger import SUFFIX, Ledger, Made, MadeFile
from waymark.kernel.clock import milliseconds, now, stamp
from waymark_sync import shapes
from waymark_sync.client import Client
from waymark_sync.device import Device, capture, keep_device, kept_device, new_visitor
from waymark_sync.file_sender import PreparedFile
from waymark_sync.outbox import Outbox, Row
from waymark_sync.protocol import KeySet, SignedKeySet, decode_header
from waymark_sync.report import ReportBody
from waymark_sync.transport import FileTransport, HttpTransport

TICK_S: Final = 0.25


class Order(Struct, frozen=True, kw_only=True):
    """One device's part."""

    name: str
    seed: int
    reports: int
    centre_id: str
    tablet: bool = False
    """Its outbox holds its identity already. Otherwise every report is another visitor's."""


class Orders(Struct, frozen=True, kw_only=True):
    """What one process is told."""

    folder: str
    origin: str
    root: bytes
    keys: SignedKeySet
    policy_version: str
    flaky: bool
    begins_at: float
    """Seconds since 1970, as are the others."""
    faults_until: float
    ends_at: float
    """By then the process ends, drained or not."""
    devices: tuple[Order, ...]


class Progress(Struct, frozen=True, kw_only=True):
    """A line on standard output, whenever something has changed."""

    name: str
    made: int
    queued: int
    sent: int
    photos: int
    photos_sent: int


class _Runner(threading.Thread):
    """One device. Its outbox and its client belong to this thread."""

    def __init__(self, orders: Orders, order: Order, tell: "_Teller") -> None:
        super().__init__(name=order.name)
        self._orders, self._order, self._tell = orders, order, tell
        # Another seed after each start, or a killed device would repeat its luck.
        self._chance = random.Random(f"{order.seed}-{time.time_ns()}")  # noqa: S311 - faults, not secrets
        self._photos = Photos(Path(orders.folder) / f"{order.name}{swarm_files.SUFFIX}", order.seed)

    def run(self) -> None:
        folder = Path(self._orders.folder)
        ledger = Ledger(folder / f"{self._order.name}{SUFFIX}")
        outbox = Outbox(folder / f"{self._order.name}.db")
        http = HttpTransport(self._orders.origin)
        wire = FlakyTransport(http, self._chance, self._bad)
        try:
            self._settle(ledger, outbox)
            self._live(ledger, outbox, self._device(outbox), wire)
        finally:
            outbox.close()
            http.close()
            ledger.close()

    def _live(self, ledger: Ledger, outbox: Outbox, device: Device, wire: FileTransport) -> None:
        client = self._client(outbox, device, wire)
        keys = msgspec.msgpack.decode(self._orders.keys.payload, type=KeySet)
        while time.time() < self._orders.ends_at:
            if self._due(len(ledger.made)):
                author = device if self._order.tablet else new_visitor()
                row = self._captured(outbox, author, keys, number=len(ledger.made))
                ledger.add(_line(row, self._order.name))
            client.drain(asked=not self._bad() or self._chance.random() < 0.5)
            rows = outbox.items()
            self._photos.send(rows, wire, keys)
            self._say(ledger, rows)
            done = not _queued(rows) and not self._photos.waiting(rows)
            if done and len(ledger.made) >= self._order.reports:
                return
            time.sleep(self._chance.uniform(0.2, 1) * TICK_S)

    def _captured(self, outbox: Outbox, author: Device, keys: KeySet, *, number: int) -> Row:
        files = self._photos.prepared(number)
        return capture(
            outbox,
            author,
            keys,
            report=lambda item_id: self._report(item_id, files),
            created_at=stamp(now()),
            att=tuple(file.attachment for file in files),
        )

    def _settle(self, ledger: Ledger, outbox: Outbox) -> None:
        """A kill may fall between the outbox and the ledger: what the outbox has saved is made."""
        for row in outbox.items():
            if row.item_id not in ledger.made:
                ledger.add(_line(row, self._order.name))

    def _device(self, outbox: Outbox) -> Device:
        device = kept_device(outbox)
        if device is None:
            device = new_visitor()
            keep_device(outbox, device)
        return device

    def _client(self, outbox: Outbox, device: Device, wire: FileTransport) -> Client:
        return Client(
            outbox=outbox,
            device=device,
            transport=wire,
            root=self._orders.root,
            now_ms=lambda: milliseconds(now()),
            random=self._chance.random,
            pinned=self._orders.keys,
            app_build="swarm",
        )

    def _due(self, made: int) -> bool:
        """Spread over the time that faults last."""
        span = max(0.001, self._orders.faults_until - self._orders.begins_at)
        share = (time.time() - self._orders.begins_at) / span
        return made < self._order.reports and made <= share * self._order.reports

    def _bad(self) -> bool:
        return self._orders.flaky and time.time() < self._orders.faults_until

    def _report(self, item_id: str, files: tuple[PreparedFile, ...]) -> ReportBody:
        at = stamp(now())
        body = {
            "item_id": item_id,
            "form_version": "core-1",
            "policy_version": self._orders.policy_version,
            "app_build": "swarm",
            "capture": {"channel": "centre_tablet" if self._order.tablet else "self_phone"},
            "centre_id": self._order.centre_id,
            "ui_language": "en",
            "started_at": at,
            "completed_at": at,
            "answers": {
                "confidentiality_limits_ack": {"at": at, "text_version": "limits-1"},
                "reporter_role": "witness",
                "narrative_original": f"DEMONSTRATION – not a real report. Made by {self._order.name}.",
                "when": {"precision": "dont_know"},
                "sharing_choice": self._chance.choice(("P1", "P2", "P3", "U1", "A1")),
            },
            "attachments": tuple(file.inside for file in files),
        }
        return msgspec.convert(body, ReportBody)

    def _say(self, ledger: Ledger, rows: list[Row]) -> None:
        queued = _queued(rows)
        photos = sum(len(made.files) for made in ledger.made.values())
        self._tell(
            Progress(
                name=self._order.name,
                made=len(ledger.made),
                queued=queued,
                sent=len(rows) - queued,
                photos=photos,
                photos_sent=photos - self._photos.waiting(rows),
            )
        )


class _Teller:
    """Lines of many threads, whole, and only what is new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, Progress] = {}

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            if self._last.get(progress.name) != progress:
                self._last[progress.name] = progress
                click.echo(msgspec.json.encode(progress).decode())


def main() -> None:
    shapes.work_out()
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    tell = _Teller()
    runners = [_Runner(orders, order, tell) for order in orders.devices]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()


def _line(row: Row, device: str) -> Made:
    files = tuple(
        MadeFile(att_id=file.att_id, sha256=file.sha256.hex()) for file in decode_header(row.header).att
    )
    return Made(item_id=row.item_id, sha256=row.sha256.hex(), device=device, files=files)


def _queued(rows: list[Row]) -> int:
    return sum(row.state == "queued" for row in rows)


if __name__ == "__main__":
    main()
