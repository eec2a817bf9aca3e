"""The truth of a story: what was called saved, what was committed, and every promise that was broken."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from waymark_sync.intake_rules import Known
from waymark_sync.protocol import Header, Retained, Verdict
from waymark_sync.simulate.disk import Disk, Number


class Saved(Struct, frozen=True):
    """A report that somebody was told is saved, or a file of one."""

    sha256: bytes
    number: Number | None = None
    size: int = 0


class Ledger:
    def __init__(self) -> None:
        self.saved: dict[str, Saved] = {}
        self.files: dict[str, Saved] = {}
        self.let_go: set[str] = set()
        """Whose bytes a device gave up, trusting the service."""
        self.cloned: set[tuple[str, str]] = set()
        """Device and epoch of which there are two: numbers may clash there."""
        self.resealed: set[str] = set()
        self.conflicts = 0
        self.violations: Counter[str] = Counter()
        self._commits: set[tuple[str, int, str, bytes]] = set()

    def broken(self, invariant: str) -> None:
        self.violations[invariant] += 1

    def committed(self, incarnation: str, known: Known) -> None:
        self._commits.add((incarnation, known.pos, known.item_id, known.sha256))

    def carried_over(self, disk: Disk) -> None:
        """A restored database begins a lineage that holds what it holds."""
        self._commits.update((disk.incarnation, one.pos, one.item_id, one.sha256) for one in disk.entries)

    def was_committed(self, incarnation: str, known: Known) -> bool:
        return (incarnation, known.pos, known.item_id, known.sha256) in self._commits

    def said(self, header: Header, sha256: bytes, verdict: Verdict, disk: Disk) -> None:
        """I8: `duplicate` means the same bytes; nothing honest is ever a conflict."""
        known = disk.by_id.get(header.item_id)
        if verdict == "duplicate" and (known is None or known.sha256 != sha256):
            self.broken("I8 immutability")
        honest = (header.device_id, header.epoch) in self.cloned and known is None
        if verdict == "conflict" and not honest:
            self.conflicts += 1
            self.broken("I8 immutability")

    def check_receipt(self, incarnation: str, known: Known) -> None:
        """I3: a receipt exists, so those bytes were committed there."""
        if not self.was_committed(incarnation, known):
            self.broken("I3 receipt soundness")

    def check_let_go(self, held_id: str, sha256: bytes, backups: Iterable[Disk]) -> None:
        """I4: what is let go of is in every backup that may be restored."""
        self.let_go.add(held_id)
        if not all(backup.holds(held_id, sha256) for backup in backups):
            self.broken("I4 purge safety")

    def beyond_max_seq(self, retained: Iterable[Retained], disk: Disk) -> tuple[str, ...]:
        """The comparison that is no substitute for a manifest: what is above the largest number received."""
        largest: dict[tuple[str, str], int] = {}
        for device_id, epoch, seq in disk.by_number:
            largest[device_id, epoch] = max(seq, largest.get((device_id, epoch), 0))
        lacking: list[str] = []
        for one in retained:
            number = self.saved[one.id].number if one.id in self.saved else None
            if number is not None and number[2] > largest.get(number[:2], 0):
                lacking.append(one.id)
        return tuple(lacking)
