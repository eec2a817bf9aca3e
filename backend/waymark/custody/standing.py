"""How far a database had come, written down outside it: so that an older copy, put back by hand, is noticed.

One small file for each lineage, among the keys, because those stay out of every backup of the data. Several
services may share a folder of keys. Beside it stands how old a backup of that lineage may be to be restored.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from waymark.kernel.keys import make_folder, sync_folder, write_durably

FOLDER: Final = "lineage"
RESTORABLE: Final = ".restorable"


class Standing(Struct, frozen=True, kw_only=True):
    """What a database of this lineage must hold at least."""

    incarnation: str
    pos: int = 0
    sha256: str = ""
    """Of what stands at `pos`, in hexadecimal."""
    audit_pos: int = 0
    audit_hash: str = ""
    superseded: bool = False
    """Another lineage goes on from here: whoever has this one is a copy of something older."""


def last_kept(keys: Path, incarnation: str) -> Standing | None:
    """None when nothing was ever kept, or when it cannot be read."""
    try:
        return msgspec.json.decode((_folder(keys) / f"{incarnation}.json").read_bytes(), type=Standing)
    except (OSError, msgspec.DecodeError):
        return None


def keep(keys: Path, standing: Standing) -> None:
    """In place of what was kept before, whole or not at all. Raises OSError."""
    _put(keys, f"{standing.incarnation}.json", msgspec.json.encode(standing) + b"\n")


def supersede(keys: Path, incarnation: str) -> None:
    """Before the next lineage begins, so that what is cut short is still noticed. Raises OSError."""
    before = last_kept(keys, incarnation) or Standing(incarnation=incarnation)
    keep(keys, replace(before, superseded=True))


def restorable_from(keys: Path, incarnation: str) -> str | None:
    """When the oldest backup was made that the floor counts. None: none was ever counted."""
    try:
        return (_folder(keys) / f"{incarnation}{RESTORABLE}").read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def let_go_of_older(keys: Path, incarnations: Iterable[str], made_at: str) -> None:
    """Before the floor is told: from then on devices may lack what an older backup lacks. Never taken back.

    incarnations: all that the database has gone through: older backups are of earlier ones. Raises OSError.
    """
    for incarnation in incarnations:
        with _alone(keys):
            if made_at > (restorable_from(keys, incarnation) or ""):
                _put(keys, f"{incarnation}{RESTORABLE}", made_at.encode("ascii") + b"\n")


@contextmanager
def _alone(keys: Path) -> Iterator[None]:
    """One thread of one process at a time: between looking and writing nobody else may write."""
    make_folder(_folder(keys))
    folder = os.open(_folder(keys), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _folder(keys: Path) -> Path:
    return keys / FOLDER


def _put(keys: Path, name: str, content: bytes) -> None:
    folder = _folder(keys)
    make_folder(folder)
    draft = folder / f".{name}.{secrets.token_hex(4)}"
    write_durably(draft, content)
    draft.rename(folder / name)
    sync_folder(folder)
