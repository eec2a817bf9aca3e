"""Kiosks of a centre, which write down when they called what saved, and what was acknowledged to them.

python -m faults.powercut.tablets SERVICE TRUST FOLDER TOLD REPORTS CODE...

FOLDER: of their homes, one for each code. TOLD: a file of what they were told, a line for each; beside it, in
`files`, lie copies of what they have sealed.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from support.files import noise
from waymark_sync.codec import decode
from waymark_sync.device import enrol, keep_device
from waymark_sync.kiosk.adding import add_report
from waymark_sync.kiosk.home import Settings, opened, read_trust, set_up
from waymark_sync.kiosk.reports import EXAMPLE
from waymark_sync.kiosk.sending import one_pass
from waymark_sync.protocol import STORED, AttState, ManifestResponse, PushResponse, Receipt, decode_header
from waymark_sync.transport import HttpTransport, Reply

PHOTO_BYTES: Final = 150_000
PASSES_MAX: Final = 200


class Saved(Struct, frozen=True, kw_only=True, tag="saved"):
    """By a kiosk, to the person before it."""

    at: int
    home: str
    item_id: str
    sha256: bytes
    files: tuple[str, ...]


class Acknowledged(Struct, frozen=True, kw_only=True, tag="acknowledged"):
    """By the service, of a report."""

    at: int
    item_id: str
    pos: int
    incarnation: str


class Piece(Struct, frozen=True, kw_only=True, tag="piece"):
    """By the service, of a file: so many bytes have reached its disk."""

    at: int
    att_id: str
    offset: int
    pos: int | None
    """Of the file itself, once it is complete."""


class Floor(Struct, frozen=True, kw_only=True, tag="floor"):
    """By the service: backups and log hold everything up to there."""

    at: int
    floor: int


Told = Saved | Acknowledged | Piece | Floor


class Book:
    """What was told, with the moment after which it holds."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, told: Told) -> None:
        os.write(self._file, msgspec.json.encode(told) + b"\n")


def read_told(path: Path) -> list[Told]:
    lines = path.read_bytes().splitlines()
    return sorted((msgspec.json.decode(line, type=Told) for line in lines), key=lambda told: told.at)


class Listening(HttpTransport):
    """Notes each answer when it has come."""

    def __init__(self, origin: str, book: Book) -> None:
        super().__init__(origin)
        self._book = book

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = super().post(path, body, headers)
        if reply.status == 200:
            self._note(path, reply)
        return reply

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = super().patch(path, body, headers)
        if reply.status == 200:
            self._note(path, reply)
        return reply

    def _note(self, path: str, reply: Reply) -> None:
        at, kind = time.monotonic_ns(), reply.headers.get("content-type", "")
        receipt: Receipt | None = None
        if path == "/sync/v1/push":
            pushed = decode(reply.body, kind, PushResponse)
            receipt = pushed.receipt
            for result in pushed.results:
                if result.verdict in STORED and result.pos is not None:
                    self._book.note(
                        Acknowledged(
                            at=at, item_id=result.item_id, pos=result.pos, incarnation=pushed.incarnation
                        )
                    )
        elif path == "/sync/v1/manifest":
            receipt = decode(reply.body, kind, ManifestResponse).receipt
        elif path.startswith("/sync/v1/att"):
            state = decode(reply.body, kind, AttState)
            receipt, pos = state.receipt, state.pos if state.complete else None
            self._book.note(Piece(at=at, att_id=state.att_id, offset=state.offset, pos=pos))
        if receipt is not None:
            self._book.note(Floor(at=at, floor=receipt.restore_floor))


class Kiosk(threading.Thread):
    """Seals, sends, seals more. Waits for a service that is away."""

    def __init__(self, home: Path, settings: Settings, code: str, reports: int, told: Path) -> None:
        super().__init__()
        self._home, self._settings, self._code, self._reports = home, settings, code, reports
        self._copies = told.parent / "files"
        self._book = Book(told)
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - a thread has no other way to fail
            self.failure = error

    def _run(self) -> None:
        with set_up(self._home, self._settings) as outbox:
            keep_device(outbox, enrol(self._code, HttpTransport(self._settings.service)))
        for number in range(self._reports):
            self._add(number)
            self._pass()
        for _ in range(PASSES_MAX):
            if self._pass():
                return
            time.sleep(0.02)

    def _add(self, number: int) -> None:
        """Every second report has a photo."""
        photo = self._copies / f"{self._home.name}-{number}"
        photo.write_bytes(noise(PHOTO_BYTES, number))
        with opened(self._home) as home:
            added = add_report(home, EXAMPLE, [(photo, "image/jpeg")] if number % 2 else [], form=None)
            at = time.monotonic_ns()
            row = home.outbox.item(added.item_id)
            assert row is not None
            files = tuple(file.att_id for file in decode_header(row.header).att)
            for att_id in files:
                shutil.copyfile(home.files / att_id, self._copies / att_id)
        self._book.note(
            Saved(at=at, home=self._home.name, item_id=row.item_id, sha256=row.sha256, files=files)
        )

    def _pass(self) -> bool:
        """True when all has arrived."""
        transport = Listening(self._settings.service, self._book)
        try:
            with opened(self._home) as home:
                return one_pass(home, transport, asked=True).done
        finally:
            transport.close()


def main(service: str, trust: str, folder: str, told: str, reports: str, *codes: str) -> int:
    settings = Settings(service=service, trust=read_trust(Path(trust)))
    (Path(told).parent / "files").mkdir()
    kiosks = [
        Kiosk(Path(folder) / f"home-{n}", settings, code, int(reports), Path(told))
        for n, code in enumerate(codes)
    ]
    for kiosk in kiosks:
        kiosk.start()
    for kiosk in kiosks:
        kiosk.join()
    failures = [kiosk.failure for kiosk in kiosks if kiosk.failure]
    for failure in failures:
        sys.stderr.write(f"{failure!r}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
