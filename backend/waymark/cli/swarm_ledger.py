"""What a swarm of devices says that it made, and whether the service holds it: the verdict.

A line is on the disk before its report counts as made, and is written only after the outbox has read it back.
The verdict trusts nothing but these lines, the service's database and, for photos, the bytes on its disk.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from waymark.cli.store import StoredFile, StoredItem

SUFFIX: Final = ".ledger"
HELD: Final = frozenset({"quarantined", "dead_letter"})


class MadeFile(Struct, frozen=True, kw_only=True):
    """One sealed photo of a report."""

    att_id: str
    sha256: str


class Made(Struct, frozen=True, kw_only=True):
    """One report, as its device saved it."""

    item_id: str
    sha256: str
    device: str
    files: tuple[MadeFile, ...] = ()


class Ledger:
    """One device's. Nothing in it is ever changed; a line that a kill cut short never counted."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file = path.open("rb+", buffering=0)
        whole = self._file.read()
        complete = whole.rfind(b"\n") + 1
        self._file.truncate(complete)
        self._file.seek(complete)
        self.made: dict[str, Made] = {
            line.item_id: line for line in map(_read, whole[:complete].splitlines())
        }

    def add(self, made: Made) -> None:
        """Returns when it is on the disk."""
        self._file.write(msgspec.json.encode(made) + b"\n")
        os.fsync(self._file.fileno())
        self.made[made.item_id] = made

    def close(self) -> None:
        self._file.close()


class Photos(Struct, frozen=True, kw_only=True):
    """Of the files that follow reports."""

    made: int = 0
    received: int = 0
    """Complete at the service, and on its disk with the very bytes that were made."""
    lost: int = 0
    """Not there, not whole, or not on the disk."""
    doubled: int = 0
    """Of our reports, and in no ledger."""
    altered: int = 0
    shown: int = 0
    """Of those received: with a picture that a desk may look at. It comes after the receipt."""
    unshown: int = 0
    """Given up. The original is kept all the same, so nothing is lost by it."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.altered)

    def __str__(self) -> str:
        counts = f"{self.made} made, {self.received} received, {self.lost} lost, {self.doubled} doubled"
        more = (("altered", self.altered), ("shown", self.shown))
        return f"photos: {counts}" + "".join(f", {count} {name}" for name, count in more if count)


class Verdict(Struct, frozen=True, kw_only=True):
    """`good` only when every report that was made is there once, byte for byte, and was dealt with."""

    made: int
    received: int
    """Made reports that the service holds with the very bytes that were made."""
    lost: int
    doubled: int
    """Stored twice, in conflict with themselves, or from our devices and in no ledger."""
    altered: int
    opened: int
    held: int
    unsettled: int
    """Stored, but neither screened nor held for a person."""
    photos: Photos = Photos()

    @property
    def good(self) -> bool:
        whole = not (self.lost or self.doubled or self.altered or self.unsettled)
        return self.made > 0 and whole and self.photos.good

    def __str__(self) -> str:
        words = f"{self.made} made, {self.received} received, {self.lost} lost, {self.doubled} doubled"
        more = (("altered", self.altered), ("not dealt with", self.unsettled))
        words += "".join(f", {count} {name}" for name, count in more if count)
        return f"{words}\n{self.photos}"


NO_PHOTOS: Final = Photos()


def read_ledgers(folder: Path) -> dict[str, Made]:
    """Every device's lines by item id. A torn last line is no line."""
    found: dict[str, Made] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        whole = path.read_bytes()
        for line in map(_read, whole[: whole.rfind(b"\n") + 1].splitlines()):
            found[line.item_id] = line
    return found


def judge(
    made: Mapping[str, Made],
    stored: Sequence[StoredItem],
    conflicts: Iterable[str],
    devices: Iterable[str],
    photos: Photos = NO_PHOTOS,
) -> Verdict:
    """devices: ids that the swarm sent under; what they sent and nobody made counts as doubled."""
    ours = frozenset(devices)
    times = Counter(item.item_id for item in stored)
    by_id = {item.item_id: item for item in stored}
    there = [(line, by_id[line.item_id]) for line in made.values() if line.item_id in by_id]
    same = [item for line, item in there if item.sha256.hex() == line.sha256]
    strangers = sum(item.device_id in ours and item.item_id not in made for item in stored)
    return Verdict(
        made=len(made),
        received=len(same),
        lost=len(made) - len(there),
        altered=len(there) - len(same),
        doubled=sum(times[item_id] > 1 for item_id in made)
        + sum(item_id in made for item_id in conflicts)
        + strangers,
        opened=sum(item.state == "opened" for item in same),
        held=sum(item.state in HELD for item in same),
        unsettled=sum(item.state not in HELD and not item.screened for item in same),
        photos=photos,
    )


def judge_photos(
    made: Mapping[str, Made], stored: Iterable[StoredFile], digest: Callable[[str], str | None]
) -> Photos:
    """digest: SHA-256 of what the service's disk holds under an id; None where it holds nothing."""
    rows = {file.att_id: file for file in stored if file.item_id in made}
    ours = {file.att_id: file for line in made.values() for file in line.files}
    on_disk = {
        att_id: digest(att_id) for att_id in ours if att_id in rows and rows[att_id].state != "waiting"
    }
    there = [ours[att_id] for att_id, found in on_disk.items() if found is not None]
    same = [file for file in there if on_disk[file.att_id] == rows[file.att_id].sha256.hex() == file.sha256]
    states = Counter(rows[file.att_id].state for file in same)
    return Photos(
        made=len(ours),
        received=len(same),
        lost=len(ours) - len(there),
        altered=len(there) - len(same),
        doubled=len(rows.keys() - ours.keys()),
        shown=states["shown"],
        unshown=states["unshown"],
    )


def _read(line: bytes) -> Made:
    return msgspec.json.decode(line, type=Made)
