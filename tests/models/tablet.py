"""A centre's tablet: the real outbox on a real disk, the real client, the kiosk's way of keeping files."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from models.wire import Crash, Delivery, Wire
from support.reports import CANARY, a_body
from waymark.kernel.keys import KeyRing
from waymark_sync.client import Client, Drained
from waymark_sync.codec import MSGPACK, encode, to_base64url
from waymark_sync.device import Device, capture, keep_device, kept_device
from waymark_sync.file_sender import KeptFile
from waymark_sync.kiosk import files
from waymark_sync.kiosk.home import FILES, Home, PinnedKeys, Settings, Trust
from waymark_sync.kiosk.sending import send_files
from waymark_sync.outbox import Outbox, Row
from waymark_sync.protocol import PushRequest
from waymark_sync.report import ReportBody

DAY_MS = 86_400_000


class Saved(Struct, frozen=True, kw_only=True):
    """What a person was told is saved."""

    item_id: str
    sha256: bytes
    header: bytes
    sealed: bytes
    sig: bytes
    files: dict[str, bytes]
    """SHA-256 of the sealed bytes by id."""


class Tablet:
    def __init__(self, folder: Path, wire: Wire, ring: KeyRing, luck: Callable[[], float]) -> None:
        self.folder, self.wire, self._ring, self._luck = folder, wire, ring, luck
        self.now_ms = 1_767_225_600_000
        self.saved: list[Saved] = []
        self.wake_at_ms: int | None = 0
        self.home = self._opened()
        self.secret = self.home.device.seal_key.private_numbers().private_value.to_bytes(32, "big")
        """What reads its answers."""

    @classmethod
    def new(
        cls, folder: Path, device: Device, wire: Wire, ring: KeyRing, luck: Callable[[], float]
    ) -> "Tablet":
        (folder / FILES).mkdir(parents=True)
        outbox = Outbox(folder / "outbox.db")
        keep_device(outbox, device)
        outbox.close()
        return cls(folder, wire, ring, luck)

    def clone(self, folder: Path) -> "Tablet":
        """Its disk, put into another machine: the same identity, the same numbers."""
        self.home.outbox.close()
        shutil.copytree(self.folder, folder)
        self.home = self._opened()
        twin = Tablet(folder, self.wire, self._ring, self._luck)
        twin.saved = list(self.saved)
        return twin

    def save(self, *plain: bytes) -> Saved:
        """With one file for each of `plain`."""
        prepared = [self._kept(each) for each in plain]
        keys = self._client().keyring.held()
        assert keys is not None

        def body(item_id: str) -> ReportBody:
            inside = tuple(file.inside for file in prepared)
            made = a_body(item_id)
            return ReportBody(**{**_fields(made), "attachments": inside})

        row = capture(
            self.home.outbox,
            self.home.device,
            keys,
            report=body,
            created_at="2026-01-02T03:04:05.678Z",
            att=tuple(file.attachment for file in prepared),
        )
        self.saved.append(_saved(row, {f.attachment.att_id: f.attachment.sha256 for f in prepared}))
        self.wake_at_ms = 0
        return self.saved[-1]

    def _kept(self, plain: bytes) -> KeptFile:
        chosen = self.folder / "chosen.jpg"
        chosen.write_bytes(plain)
        return files.keep(self.home, chosen, media_type="image/jpeg")

    def drain(self, *, asked: bool = False) -> Drained | None:
        """Reports, then files. None: the process ended in the middle, and was started again."""
        try:
            client = self._client()
            done = client.drain(asked=asked)
            send_files(self.home, client, self.wire, done.failure)
        except Crash:
            self.restart()
            return None
        self.wake_at_ms = done.wake_at_ms
        return done

    def push_part(self, rows: list[Row]) -> None:
        """Some other process of the same device sends some of the queue, and ends before the answer."""
        request = PushRequest(
            device_id=self.home.device.device_id, items=tuple(row.envelope() for row in rows if row.sealed)
        )
        self.wire.deliver(push_delivery(request))

    def pull(self) -> None:
        try:
            self._client().pull_once()
        except Crash:
            self.restart()

    def beside(self) -> None:
        """A second process on the same outbox drains."""
        outbox = Outbox(self.folder / "outbox.db")
        try:
            self._client(outbox).drain(asked=True)
        finally:
            outbox.close()

    def restart(self) -> None:
        self.home.outbox.close()
        self.home, self.wake_at_ms = self._opened(), 0

    def settled(self) -> bool:
        rows = self.rows()
        return not any(row.state == "queued" for row in rows) and not files.waiting(self.home, rows)

    def rows(self) -> list[Row]:
        return self.home.outbox.items()

    def heal(self, rounds: int) -> int:
        """Wait, as its own timer says, and drain, until nothing waits. How many rounds that took."""
        for number in range(rounds):
            if self.settled() and number:
                return number
            self.now_ms += 2 * DAY_MS
            self.drain()
        return rounds

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def close(self) -> None:
        self.home.outbox.close()

    def _client(self, outbox: Outbox | None = None) -> Client:
        return Client(
            outbox=outbox or self.home.outbox,
            device=self.home.device,
            transport=self.wire,
            root=self._ring.root_public,
            now_ms=lambda: self.now_ms,
            random=self._luck,
            pinned=self._ring.signed_key_set(),
        )

    def _opened(self) -> Home:
        outbox = Outbox(self.folder / "outbox.db")
        device = kept_device(outbox)
        assert device is not None
        signed = self._ring.signed_key_set()
        keyset = PinnedKeys(payload=to_base64url(signed.payload), sig=to_base64url(signed.sig))
        trust = Trust(root=to_base64url(self._ring.root_public), instance="", keyset=keyset)
        return Home(self.folder, Settings(service="https://waymark.test", trust=trust), outbox, device)


def push_delivery(request: PushRequest) -> Delivery:
    return Delivery("POST", "/sync/v1/push", encode(request, MSGPACK), {"content-type": MSGPACK})


def _saved(row: Row, named: dict[str, bytes]) -> Saved:
    assert row.sealed is not None
    assert hashlib.sha256(row.header + row.sealed).digest() == row.sha256
    return Saved(
        item_id=row.item_id,
        sha256=row.sha256,
        header=row.header,
        sealed=row.sealed,
        sig=row.sig,
        files=named,
    )


def _fields(made: ReportBody) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__struct_fields__}


def canary_in(raw: bytes) -> bool:
    return CANARY.encode() in raw
