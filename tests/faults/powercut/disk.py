"""A disk as POSIX promises it, and no better: what was not synced may be there, in part, or not at all.

Bytes are certain once a sync of their file has come back that began after them, names once one of their
folder has. Of all else a cut draws what is left, for each file by itself: nothing, everything, what came
before some moment with the last write torn, or any of it in sectors. File systems in use are kinder.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

from msgspec import Struct, field

from faults.powercut.shim import Record

SECTORS: Final = (512, 4096)
MAPPED: Final = "-shm"


class Change(Struct, frozen=True):
    """One write, or a cut to `offset` where there are no `bytes`."""

    number: int
    offset: int
    bytes: bytes | None


class File(Struct, eq=False):
    certain: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def settle(self, upto: int) -> None:
        for change in self.pending:
            if change.number <= upto:
                _apply(self.certain, change)
        self.pending = [change for change in self.pending if change.number > upto]

    def left(self, draw: Random, how: str) -> bytes:
        content, sector = bytearray(self.certain), draw.choice(SECTORS)
        kept = self.pending
        if how == "nothing":
            kept = []
        elif how == "a part":
            kept = kept[: draw.randint(0, len(kept))]
        for number, change in enumerate(kept):
            torn = how == "anything" or (how == "a part" and number == len(kept) - 1)
            for part in _torn(change, draw, sector) if torn else [change]:
                _apply(content, part)
        return bytes(content)


class Folder(Struct, eq=False):
    pass


Node = File | Folder


class Renamed(Struct, frozen=True):
    """A name in a folder that was given, or taken away (`node` is None), or given in place of `before`."""

    number: int
    path: str
    node: Node | None
    before: str = ""

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)


class Sync(Struct, frozen=True):
    """One that has begun. It makes certain what was done before: up to `upto`."""

    upto: int
    file: File | None
    folder: str


class Disk:
    """What lies below `root`, where processes saw it. It begins with a copy from `before`, all certain."""

    def __init__(self, root: Path, *, before: Path, lies: Callable[[str], bool] = lambda path: False) -> None:
        """lies: of which files the disk says that they are synced when they are not."""
        self._root = str(root.resolve())
        self._lies = lies
        self._certain: dict[str, Node] = {}
        self._pending: list[Renamed] = []
        self._files: dict[int, File] = {}
        self._paths: dict[int, str] = {}
        self._syncs: dict[int, Sync] = {}
        self._number = 0
        for path in sorted(before.rglob("*")):
            name = f"{self._root}/{path.relative_to(before)}"
            self._certain[name] = Folder() if path.is_dir() else File(bytearray(path.read_bytes()))
        self._names = dict(self._certain)
        """As the processes see them."""

    def take(self, record: Record) -> None:
        self._number += 1
        match record.kind:
            case "C":
                file = File()
                self._files[record.file], self._paths[record.file] = file, record.path
                self._named(Renamed(self._number, record.path, file))
            case "N":
                known = self._names[record.path]
                assert isinstance(known, File), record.path
                self._files[record.file], self._paths[record.file] = known, record.path
            case "M":
                self._named(Renamed(self._number, record.path, Folder()))
            case "U":
                self._named(Renamed(self._number, record.path, None))
            case "R":
                before, _, after = record.path.partition("\0")
                assert PurePosixPath(before).parent == PurePosixPath(after).parent, "one folder at a time"
                self._named(Renamed(self._number, after, self._names[before], before))
            case "W":
                self._files[record.file].pending.append(Change(self._number, record.offset, record.bytes))
            case "T":
                self._files[record.file].pending.append(Change(self._number, record.offset, None))
            case "B":
                self._syncs[record.offset] = Sync(self._number, self._files.get(record.file), record.path)
            case "E":
                self._synced(self._syncs.pop(record.offset), self._paths.get(record.file, ""))

    def left(self, draw: Random, *, worst: bool = False, best: bool = False) -> dict[str, bytes | None]:
        """What a cut now leaves, by path; None is a folder. worst: nothing but what is certain."""
        names = dict(self._certain)
        for change in self._kept(draw, "nothing" if worst else "everything" if best else _mode(draw)):
            _rename(names, change)
        return {
            path: node.left(draw, "nothing" if worst else "everything" if best else _mode(draw))
            if isinstance(node, File)
            else None
            for path, node in names.items()
            if self._reached(path, names)
        }

    def _kept(self, draw: Random, how: str) -> list[Renamed]:
        if how == "nothing":
            return []
        if how == "a part":
            return self._pending[: draw.randint(0, len(self._pending))]
        return [change for change in self._pending if how == "everything" or draw.random() < 0.5]

    def _reached(self, path: str, names: dict[str, Node]) -> bool:
        """Nothing is found in a folder that is gone."""
        folder = str(PurePosixPath(path).parent)
        return folder == self._root or (folder in names and self._reached(folder, names))

    def _named(self, change: Renamed) -> None:
        assert not change.before or isinstance(change.node, File), "no folder changes its name"
        self._pending.append(change)
        _rename(self._names, change)

    def _synced(self, sync: Sync, path: str) -> None:
        if sync.folder:
            for change in self._pending:
                if change.folder == sync.folder and change.number <= sync.upto:
                    _rename(self._certain, change)
            self._pending = [c for c in self._pending if c.folder != sync.folder or c.number > sync.upto]
        elif sync.file is not None and not self._lies(path):
            sync.file.settle(sync.upto)


def laid_out(left: dict[str, bytes | None], root: Path, into: Path) -> Path:
    """What is left below `root`, as a folder of its own."""
    into.mkdir(parents=True, mode=0o700)
    base = str(root.resolve())
    for path, content in sorted(left.items()):
        if not path.startswith(base + "/"):
            continue
        place = into / path[len(base) + 1 :]
        if content is None:
            place.mkdir(mode=0o700)
        else:
            place.write_bytes(content)
            place.chmod(0o600)
    return into


def _mode(draw: Random) -> str:
    return draw.choice(("nothing", "nothing", "everything", "a part", "anything"))


def _rename(names: dict[str, Node], change: Renamed) -> None:
    if change.before:
        names.pop(change.before, None)
    if change.node is None:
        names.pop(change.path, None)
    else:
        names[change.path] = change.node


def _apply(content: bytearray, change: Change) -> None:
    if change.bytes is None:
        del content[change.offset :]
        content.extend(bytes(max(0, change.offset - len(content))))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.bytes)] = change.bytes


def _torn(change: Change, draw: Random, sector: int) -> list[Change]:
    """Some sectors of it; a cut happens or does not."""
    if change.bytes is None:
        return [change] if draw.random() < 0.5 else []
    parts, at, end = [], change.offset, change.offset + len(change.bytes)
    while at < end:
        upto = min(end, (at // sector + 1) * sector)
        if draw.random() < 0.5:
            parts.append(Change(change.number, at, change.bytes[at - change.offset : upto - change.offset]))
        at = upto
    return parts
