"""Sealed reports in a file, carried by hand. Same bytes, so the same report wherever it comes in."""

from pathlib import Path

from waymark_sync.codec import JSON, WireError, decode, encode
from waymark_sync.kiosk import files
from waymark_sync.kiosk.clock import utc_now
from waymark_sync.kiosk.home import Home, KioskFault, write_durably
from waymark_sync.protocol import ExportedQueue


def export_queue(home: Home, path: Path) -> tuple[int, int]:
    """How many reports went into the file, and how many of their files did not.

    Nothing that stands at `path` is written over: it may be the only copy of another queue.
    """
    if path.exists():
        raise KioskFault(f"{path} is there already. Choose another name.")
    queue = home.outbox.export()
    write_durably(path.absolute(), encode(queue, JSON))
    return len(queue.items), files.waiting(home, home.outbox.items())


def import_queue(home: Home, path: Path) -> tuple[int, int]:
    """How many were new, and how many the file holds. Raises KioskFault, NotSaved; then none was taken."""
    try:
        queue = decode(path.read_bytes(), JSON, ExportedQueue)
    except WireError as error:
        raise KioskFault(
            f"{path} is no exported queue, or was damaged on the way: {error}. Carry it again."
        ) from error
    return home.outbox.import_queue(queue, created_at=utc_now()), len(queue.items)
