"""What must hold before the service may take a report. Each fault is a sentence that says what to do.

`serve` refuses to start on any of them; `doctor` prints them all.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from waymark.kernel.db import Database, DatabaseFault
from waymark.kernel.holders import load_holders
from waymark.kernel.keys import KeyRing, KeysRefused, load_keys, make_folder
from waymark.kernel.migrate import pending
from waymark.kernel.parting import missing_keys
from waymark.kernel.settings import Settings

RESTORE_UNFINISHED: Final = "restore-unfinished"
"""Lies in the data folder while a backup is being put back."""

PAGES: Final = ("index.html", "desk.html", "sw.js")

SAFE_SQLITE: Final[Mapping[str, tuple[str, ...]]] = {
    "journal_mode": ("wal",),
    "synchronous": ("2", "3"),  # FULL, EXTRA
    "secure_delete": ("1",),
    "foreign_keys": ("1",),
}
SAFE_POSTGRES: Final[Mapping[str, tuple[str, ...]]] = {
    "fsync": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
    "full_page_writes": ("on",),
    "server_encoding": ("UTF8",),
}


class _Build(Struct, frozen=True):
    """What the build of the pages says of itself."""

    root: str
    """SHA-256 of the root's public key, in hexadecimal."""


def of_disk(settings: Settings) -> Iterator[str]:
    """Data folder, intake log, keys and pages."""
    yield from of_data_folder(settings.data)
    if settings.intake_log is not None:
        yield from of_intake_log(settings.intake_log, settings)
    try:
        ring = load_keys(settings.keys)
    except KeysRefused as refused:
        yield str(refused)
    else:
        yield from of_pages(settings.pwa, ring)
        yield from of_opening(settings)


def of_opening(settings: Settings) -> Iterator[str]:
    """What opens reports: here, where no opener of somebody else's has it."""
    try:
        load_holders(settings.keys)
        yield from missing_keys(settings.keys) if not settings.openers else ()
    except KeysRefused as refused:
        yield str(refused)


def of_data_folder(folder: Path) -> Iterator[str]:
    try:
        if not folder.is_dir():
            make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            os.fsync(file.fileno())
    except OSError:
        yield f"cannot write to {folder}: give it to the account that runs Waymark, or set WAYMARK_DATA"
        return
    if folder.stat().st_mode & 0o077:
        yield f"other accounts can enter {folder}: run chmod 700 {folder}"
    if (folder / RESTORE_UNFINISHED).exists():
        yield "a restore was interrupted: run `waymark restore` again"


def of_intake_log(folder: Path, settings: Settings) -> Iterator[str]:
    """What lies on the same disk goes with it."""
    try:
        if not folder.is_dir():
            make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            os.fsync(file.fileno())
    except OSError:
        yield f"cannot write to {folder}: mount it, or unset WAYMARK_INTAKE_LOG"
        return
    if folder.stat().st_mode & 0o077:
        yield f"other accounts can enter {folder}: run chmod 700 {folder}"
    if settings.profile == "production" and folder.stat().st_dev == settings.data.stat().st_dev:
        yield f"{folder} is on the disk of the data: set WAYMARK_INTAKE_LOG to a folder on another one"


def of_pages(folder: Path, ring: KeyRing) -> Iterator[str]:
    """A build that pins another root would refuse every receipt of this service, in silence."""
    if any(not (folder / page).is_file() for page in PAGES):
        yield f"there are no built pages in {folder}: run `make build`, or set WAYMARK_PWA"
        return
    if _pinned_root(folder) != hashlib.sha256(ring.root_public).hexdigest():
        yield f"the pages in {folder} were built for other keys: run `make build` again with these keys"


def _pinned_root(folder: Path) -> str | None:
    try:
        return msgspec.json.decode((folder / "build.json").read_bytes(), type=_Build).root
    except (OSError, msgspec.DecodeError):
        return None


async def of_database(database: Database) -> list[str]:
    """Durability, then the schema."""
    facts = await database.facts()
    wanted = SAFE_SQLITE if database.engine == "sqlite" else SAFE_POSTGRES
    faults = [
        f"the database has {name}={facts.get(name)}, so what is acknowledged may be lost: set it to {good[0]}"
        for name, good in wanted.items()
        if facts.get(name) not in good
    ]
    try:
        if waiting := await pending(database):
            faults.append(f"{len(waiting)} migrations wait to be applied: run `waymark migrate`")
    except DatabaseFault as fault:
        faults.append(str(fault))
    return faults
