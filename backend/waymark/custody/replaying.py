"""Take back from the intake log what the database lacks: after an older backup was put in place, or a copy.

It goes the way of any push, so what is there already stays one, whatever came meanwhile. Nothing is erased
or written in the log.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from waymark.attachments import actions as attachments
from waymark.attachments import shelf
from waymark.attachments.shelf import Shelf
from waymark.custody import store
from waymark.custody.journal import Entry, Frame, frames, opened_entry, segments_of
from waymark.intake import actions as intake
from waymark.intake.rules import read_push
from waymark.kernel.db import Connection, Database
from waymark.kernel.problems import Problem
from waymark.kernel.vault import Vault
from waymark_sync.codec import PushFrame
from waymark_sync.protocol import ITEMS_MAX, PushRequest

NOBODY = "00000000-0000-4000-8000-000000000000"
"""Who sends: no device, so no heartbeat."""


async def replay(
    database: Database, vault: Vault, files: Shelf, root: Path, *, only_behind: bool = False
) -> Counter[str]:
    """How many of each verdict; `unreadable` where the key is gone. Raises OSError.

    only_behind: pass over a series of which the database holds the end of each segment.
    """
    found: Counter[str] = Counter()
    for folder in _series(root):
        if only_behind and await database.read(_holds_ends, folder):
            continue
        for segment in segments_of(folder):
            for frame in frames(segment):
                found.update(await _take(database, vault, frame))
                for entry in frame.group.entries:
                    if entry.kind == "file" and not entry.gone:
                        found[await _take_file(database, files, Shelf(root / "files"), entry, frame)] += 1
    return found


def _series(root: Path) -> list[Path]:
    """Oldest first, so that what came first gets the lower positions again."""
    begun = [(frame.group.at, folder) for folder in root.iterdir() if (frame := _first(folder))]
    return [folder for _, folder in sorted(begun)]


def _first(folder: Path) -> Frame | None:
    segments = segments_of(folder) if folder.is_dir() else []
    return next(frames(segments[0]), None) if segments else None


def _holds_ends(db: Connection, folder: Path) -> bool:
    for segment in segments_of(folder):
        last: Entry | None = None
        for frame in frames(segment):
            last = frame.group.entries[-1]
        if last is not None and not any(one.sha256 == last.sha256 for one in store.held(db, [last.id])):
            return False
    return True


async def _take(database: Database, vault: Vault, frame: Frame) -> Counter[str]:
    found: Counter[str] = Counter()
    items = [entry for entry in frame.group.entries if entry.kind == "item"]
    opened = [opened_entry(vault, entry, key) for entry, key in zip(items, frame.keys, strict=True)]
    found["unreadable"] += opened.count(None)
    envelopes = [envelope for envelope in opened if envelope is not None]
    at = datetime.fromisoformat(frame.group.at)
    for start in range(0, len(envelopes), ITEMS_MAX):
        request = PushRequest(device_id=NOBODY)
        push = read_push(PushFrame(request=request, items=tuple(envelopes[start : start + ITEMS_MAX])))
        (committed,) = await database.write(intake.commit_pushes, [push], now=at)
        found.update(standing.verdict for standing in committed.standings)
    return +found


async def _take_file(database: Database, files: Shelf, logged: Shelf, entry: Entry, frame: Frame) -> str:
    """What a device would do, done with the bytes that the log kept."""
    now = datetime.fromisoformat(frame.group.at)
    try:
        known, _ = await database.write(attachments.begin, entry.item_id, entry.id, now=now)
        if known.state != "waiting":
            return "duplicate"
        with files.locked(entry.id) as file:
            at = 0
            for chunk in _content(logged, entry):
                shelf.append(file, chunk, at=at)
                at += len(chunk)
            if at != known.size or shelf.digest(file) != entry.sha256:
                return "unreadable"
        await database.write(attachments.advance, known, known.size, now=now)
    except (Problem, FileNotFoundError):
        return "unreadable"
    return "accepted"


def _content(logged: Shelf, entry: Entry) -> Iterator[bytes]:
    yield from logged.read(entry.id)
