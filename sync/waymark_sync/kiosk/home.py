"""The folder of one kiosk: which service it trusts, its identity, its queue, and its sealed files.

Whoever reads the folder can act as the device and sees how much was sent, never what was reported.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from waymark_sync.codec import WireError, from_base64url
from waymark_sync.device import Device, kept_device
from waymark_sync.kiosk.clock import now_ms
from waymark_sync.lock import Lock
from waymark_sync.locking import lock_now
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import KeySet, SignedKeySet
from waymark_sync.trust import Untrusted, open_key_set

SETTINGS: Final = "kiosk.json"
OUTBOX: Final = "outbox.db"
FILES: Final = "files"


class KioskFault(Exception):
    """Something a person has to mend; the text says what to do."""


class PinnedKeys(Struct, frozen=True, kw_only=True):
    """A signed key set as `waymark keys trust` writes it: base64url."""

    payload: str
    sig: str


class Trust(Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What a kiosk believes from the start. Comes with the service's own hands, never over the network."""

    root: str
    instance: str
    keyset: PinnedKeys

    @property
    def root_key(self) -> bytes:
        return from_base64url(self.root)

    @property
    def instance_id(self) -> bytes:
        return from_base64url(self.instance)

    @property
    def signed_keys(self) -> SignedKeySet:
        return SignedKeySet(payload=from_base64url(self.keyset.payload), sig=from_base64url(self.keyset.sig))

    def keys(self) -> KeySet:
        """Raises Untrusted."""
        return open_key_set(self.signed_keys, root=self.root_key)


class Settings(Struct, frozen=True, kw_only=True):
    service: str
    """Origin, for example `https://reports.example.org`."""
    trust: Trust


class Home:
    """An opened kiosk. Close it; belongs to one thread."""

    def __init__(self, folder: Path, settings: Settings, outbox: Outbox, device: Device) -> None:
        self.folder, self.settings, self.outbox, self.device = folder, settings, outbox, device

    @property
    def files(self) -> Path:
        return self.folder / FILES

    def lock(self) -> Lock:
        """By this machine's clock. What has to be destroyed by now is destroyed."""
        return lock_now(self.outbox, now_ms=now_ms())


@contextmanager
def opened(folder: Path) -> Iterator[Home]:
    """Raises KioskFault when nothing was set up here, or not to the end."""
    settings = _read_settings(folder)
    outbox = Outbox(folder / OUTBOX)
    try:
        lock_now(outbox, now_ms=now_ms())
        device = kept_device(outbox)
        if device is None:
            raise KioskFault(_not_set_up(folder))
        yield Home(folder, settings, outbox, device)
    finally:
        outbox.close()


@contextmanager
def set_up(folder: Path, settings: Settings) -> Iterator[Outbox]:
    """An empty kiosk, to put an identity into. Readable by this account alone.

    Raises KioskFault when there is one already: a second identity over it would orphan what waits.
    """
    missing = [each for each in folder.parents if not each.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for each in (folder, *missing):
        sync_folder(each.parent)
    outbox = Outbox(folder / OUTBOX)
    try:
        (folder / OUTBOX).chmod(0o600)
        if kept_device(outbox) is not None:
            raise KioskFault(f"There is a kiosk in {folder} already. Choose another folder with --home.")
        (folder / FILES).mkdir(mode=0o700, exist_ok=True)
        write_durably(folder / SETTINGS, msgspec.json.format(msgspec.json.encode(settings), indent=2))
        yield outbox
    finally:
        outbox.close()


def read_trust(path: Path) -> Trust:
    """Raises KioskFault unless the root signed the key set in it."""
    try:
        trust = msgspec.json.decode(path.read_bytes(), type=Trust)
        trust.keys()
    except (OSError, msgspec.DecodeError, WireError, Untrusted) as error:
        raise KioskFault(
            f"{path} is not what `waymark keys trust` writes. Ask those who run the service for that file."
        ) from error
    return trust


def write_durably(path: Path, content: bytes) -> None:
    """Whole or not at all, for this account alone, and on the disk when this returns."""
    draft = path.with_name(path.name + ".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A name is durable when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_settings(folder: Path) -> Settings:
    try:
        return msgspec.json.decode((folder / SETTINGS).read_bytes(), type=Settings)
    except FileNotFoundError:
        raise KioskFault(_not_set_up(folder)) from None
    except msgspec.DecodeError as error:
        raise KioskFault(f"{folder / SETTINGS} cannot be read: {error}") from error


def _not_set_up(folder: Path) -> str:
    return (
        f"There is no kiosk in {folder} yet. "
        "Set it up with: waymark-sync enrol CODE --service URL --trust FILE"
    )
