"""What custody decides. Pure: the rules that devices are held to are in `waymark_sync.intake_rules`."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waymark.custody.records import Backup, Checkpoint, Looked, Policy
from waymark.custody.store import Placed
from waymark.kernel.clock import stamp
from waymark.kernel.keys import KeyRing
from waymark_sync import intake_rules
from waymark_sync.intake_rules import Known, manifest_leaves, merkle_root
from waymark_sync.protocol import ManifestRequest, ManifestResponse

CHAIN_START: Final = bytes(32)
CHECKPOINT_EVERY: Final = 100
"""Where histories part, the floor is found to within so many positions, on the safe side."""


def answer(asked: ManifestRequest, looked: Looked, keys: KeyRing, *, at: int) -> ManifestResponse:
    """The receipt covers all that is held, at the floor that held when it was looked for."""
    leaves = manifest_leaves(asked.retained, looked.missing)
    receipt = None
    if leaves:
        receipt = keys.sign_receipt(
            incarnation=looked.incarnation,
            restore_floor=looked.restore_floor,
            at=at,
            root=merkle_root(leaves),
        )
    return ManifestResponse(incarnation=looked.incarnation, missing=looked.missing, receipt=receipt)


def next_chain(running: bytes, placed: Placed) -> bytes:
    step = placed.pos.to_bytes(8, "big") + UUID(placed.item_id).bytes + placed.sha256
    return hashlib.sha256(running + step).digest()


def chain_at(history: Iterable[Placed], pos: int) -> bytes | None:
    """The hash over everything up to `pos`; None where the history is shorter."""
    if pos == 0:
        return CHAIN_START
    return next((chain for placed, chain in chained(history) if placed.pos == pos), None)


def chained(history: Iterable[Placed]) -> Iterator[tuple[Placed, bytes]]:
    """Each position with the hash over everything up to it: two databases agree there or do not."""
    running = CHAIN_START
    for placed in history:
        running = next_chain(running, placed)
        yield placed, running


def checkpoints(history: Iterable[Placed], *, whole: Collection[str] | None = None) -> tuple[Checkpoint, ...]:
    """Every CHECKPOINT_EVERY positions and at the end. `whole`: the files that a backup has the bytes of.

    It ends before the first file that is not among them: from there on the backup is not a whole one.
    """
    found: list[Checkpoint] = []
    last: Checkpoint | None = None
    for placed, chain in chained(history):
        if whole is not None and placed.file and not placed.gone and placed.item_id not in whole:
            break
        last = Checkpoint(pos=placed.pos, item_id=placed.item_id, chain=chain.hex())
        if placed.pos % CHECKPOINT_EVERY == 0:
            found.append(last)
    if last is not None and (not found or found[-1] != last):
        found.append(last)
    return tuple(found)


def known_at(history: Iterable[Placed], positions: Collection[int]) -> dict[int, Known]:
    """The service's own history, where backups have their checkpoints."""
    return {
        placed.pos: Known(item_id=placed.item_id, sha256=chain, pos=placed.pos)
        for placed, chain in chained(history)
        if placed.pos in positions
    }


def floor_of(backups: Sequence[Backup], own: dict[int, Known]) -> int:
    """The lowest position up to which each of these holds just what the service holds.

    0 until one of them has been test-restored. One that failed may not be restored and does not count.
    One that has not been tested counts as what it says it holds: whoever restores it tests it first.
    """
    if not any(backup.tested == "good" for backup in backups):
        return 0
    return intake_rules.restore_floor(
        intake_rules.common_pos(
            (point.known for point in backup.manifest.checkpoints),
            (own[point.pos] for point in backup.manifest.checkpoints if point.pos in own),
        )
        for backup in backups
        if backup.tested != "failed"
    )


def allowed(backups: Iterable[Backup], policy: Policy, *, now: datetime) -> list[Backup]:
    """Those that may still be restored, newest first. The newest good one stays, whatever its age."""
    newest = sorted(backups, key=lambda backup: backup.manifest.made_at, reverse=True)
    oldest = stamp(now - timedelta(days=policy.keep_days))
    kept = [
        backup
        for place, backup in enumerate(newest)
        if place < policy.keep and backup.manifest.made_at >= oldest
    ]
    good = next((backup for backup in newest if backup.tested == "good"), None)
    return kept if good is None or good in kept else [*kept, good]
