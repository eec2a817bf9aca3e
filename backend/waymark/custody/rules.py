"""What custody decides. Pure: the rules that devices are held to are in `waymark_sync.intake_rules`."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from waymark.custody.records import Backup, Checkpoint, Explained, Gap, Looked, Mark, Policy
from waymark.custody.store import Placed
from waymark.identity.rules import order_of
from waymark.kernel.clock import stamp
from waymark.kernel.keys import KeyRing
from waymark_sync import intake_rules
from waymark_sync.intake_rules import Known, manifest_leaves, merkle_root
from waymark_sync.protocol import ManifestRequest, ManifestResponse

CHAIN_START: Final = bytes(32)
GAP_PRESUMED_LOST_AFTER: Final = timedelta(days=14)
"""A tablet that is only away for a holiday comes back before that."""
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
    return ManifestResponse(
        incarnation=looked.incarnation,
        missing=looked.missing,
        receipt=receipt,
        revoke=order_of(looked.revoked, keys) if looked.revoked else None,
    )


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


def gaps(
    marks: Sequence[Mark],
    come: Mapping[str, Sequence[tuple[int, int]]],
    queued: Mapping[str, int],
    *,
    now: datetime,
) -> tuple[Gap, ...]:
    """What one device has made and what never came. Empty while it says that it still holds as many.

    marks: of one device, the first and the last of each epoch and those around its holes. come: the runs of
    numbers that came, ascending, by epoch. queued: how many it said last that it holds, by epoch. Nobody
    signs what a device says: this tells a person whom to ask.
    """
    marks = sorted(marks, key=lambda mark: mark.at)
    epochs = list(dict.fromkeys(mark.epoch for mark in marks))
    found: list[Gap] = []
    for epoch in epochs:
        said = sorted((mark for mark in marks if mark.epoch == epoch), key=lambda mark: mark.max_seq)
        missing = list(holes(come.get(epoch, ()), upto=max(mark.max_seq for mark in said)))
        over = epoch != epochs[-1]
        if over or sum(last - first + 1 for first, last in missing) > queued.get(epoch, 0):
            found += [_gap(first, last, said, over=over, now=now) for first, last in missing]
    return tuple(found)


def holes(come: Sequence[tuple[int, int]], *, upto: int) -> Iterator[tuple[int, int]]:
    """Between the runs, so that a device that claims to have made a billion costs nothing."""
    expected = 1
    for first, last in (*come, (upto + 1, upto + 1)):
        if expected < min(first, upto + 1):
            yield expected, min(first, upto + 1) - 1
        expected = max(expected, last + 1)


def explained(gaps: Iterable[Gap], told: Sequence[Explained]) -> tuple[Gap, ...]:
    """What is told of a hole holds for what is left of it. It stays in the list: nothing has come."""
    return tuple(_told(gap, told) for gap in gaps)


def _told(gap: Gap, told: Sequence[Explained]) -> Gap:
    last = gap.first_seq + gap.count - 1
    about = [
        one
        for one in told
        if one.epoch == gap.epoch and one.first_seq <= gap.first_seq and last <= one.last_seq
    ]
    if not about:
        return gap
    newest = max(about, key=lambda one: one.at)
    return replace(gap, explained=newest.why, explained_at=newest.at)


def _gap(first: int, last: int, said: Sequence[Mark], *, over: bool, now: datetime) -> Gap:
    noticed = next(mark.at for mark in said if mark.max_seq >= last)
    before = [mark.at for mark in said if mark.max_seq < first]
    lost = over or noticed < stamp(now - GAP_PRESUMED_LOST_AFTER)
    return Gap(
        epoch=said[0].epoch,
        count=last - first + 1,
        first_seq=first,
        made_after=before[-1] if before else None,
        made_before=noticed,
        state="presumed_lost" if lost else "missing",
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
