"""What the service has committed: rows, feeds, files. Copied whole for a backup, and for a restore."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from waymark_sync.intake_rules import CHAIN_START, Known
from waymark_sync.protocol import Message

Number = tuple[str, str, int]
"""device_id, epoch, seq."""
FIRST_INCARNATION: Final = "00000000-0000-4000-8000-000000000001"


class Posted(Struct, frozen=True):
    """One message of a feed, and the running hash up to it."""

    pos: int
    message: Message
    chain: bytes


class Feed(Struct):
    last_pos: int = 0
    chain: bytes = CHAIN_START
    posted: tuple[Posted, ...] = ()

    def chain_at(self, pos: int) -> bytes | None:
        if pos == 0:
            return CHAIN_START
        return next((one.chain for one in self.posted if one.pos == pos), None)


class Upload(Struct, frozen=True):
    """One attachment. `pos`: of its own, given when it was complete."""

    item_id: str
    size: int
    sha256: bytes
    held: bytes = b""
    pos: int | None = None


class Disk:
    """Entries stand in the order of `pos`, from 1, without gaps."""

    def __init__(self) -> None:
        self.incarnation = FIRST_INCARNATION
        self.floor = 0
        self.entries: list[Known] = []
        self.by_id: dict[str, Known] = {}
        self.by_number: dict[Number, Known] = {}
        self.conflicts: dict[tuple[str, bytes], Known] = {}
        self.announced: dict[str, str] = {}
        """Attachment to report: what the headers of stored reports list."""
        self.feeds: dict[str, Feed] = {}
        self.feed_of: dict[str, str] = {}
        self.uploads: dict[str, Upload] = {}
        self.opened = 0
        """How many entries the opener has seen."""

    def copy(self) -> "Disk":
        made = Disk()
        made.__dict__.update(self.__dict__)
        for name in ("by_id", "by_number", "conflicts", "announced", "feed_of", "uploads"):
            setattr(made, name, dict(getattr(self, name)))
        made.entries = list(self.entries)
        made.feeds = {name: Feed(feed.last_pos, feed.chain, feed.posted) for name, feed in self.feeds.items()}
        return made

    @property
    def head(self) -> int:
        return len(self.entries)

    def known_under(self, asked: str) -> Iterator[Known]:
        """Whatever stands under an id: a report, reports in conflict, a complete file."""
        if asked in self.by_id:
            yield self.by_id[asked]
        if self.conflicts:
            yield from (known for (item_id, _), known in self.conflicts.items() if item_id == asked)
        upload = self.uploads.get(asked)
        if upload is not None and upload.pos is not None:
            yield Known(item_id=asked, sha256=upload.sha256, pos=upload.pos)

    def holds(self, asked: str, sha256: bytes) -> bool:
        return any(known.sha256 == sha256 for known in self.known_under(asked))

    def allot(self, item_id: str, sha256: bytes) -> Known:
        known = Known(item_id=item_id, sha256=sha256, pos=self.head + 1)
        self.entries.append(known)
        return known
