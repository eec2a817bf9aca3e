"""What each push of one commit is told: results, and receipts that may be shared. Pure."""

from collections.abc import Sequence
from typing import Final

from waymark.intake.records import Answered, Arrival, Committed, Push, Standing, Stored
from waymark.kernel.eol import EndOfLife
from waymark.kernel.keys import KeyRing
from waymark_sync.intake_rules import merkle_proofs
from waymark_sync.protocol import STORED, Alert, ItemResult, Leaf, leaf_bytes

SHARED_ITEMS_MAX: Final = 8
"""A push of so many shares its receipt with its neighbours': at most 2 KB of longer paths in its answer."""


def answers(
    pushes: Sequence[Push], committed: Sequence[Committed], keys: KeyRing, *, at: int
) -> list[Answered]:
    """What each push of one commit is told. at: server time in milliseconds, after the commit.

    Small pushes share one tree and so one signature: a signature costs what storing a report does. A push of
    many keeps a tree of its own, because in the large one every one of its paths would be longer.
    """
    small = [n for n, push in enumerate(pushes) if 0 < len(push.arrivals) <= SHARED_ITEMS_MAX]
    alone = [[n] for n in range(len(pushes)) if n not in frozenset(small)]
    told: dict[int, Answered] = {}
    for together in [small, *alone] if small else alone:
        for n, answered in zip(
            together, _under_one_root(together, pushes, committed, keys, at=at), strict=True
        ):
            told[n] = answered
    return [told[n] for n in range(len(pushes))]


def _under_one_root(
    places: Sequence[int], pushes: Sequence[Push], committed: Sequence[Committed], keys: KeyRing, *, at: int
) -> list[Answered]:
    standings = [list(zip(pushes[n].arrivals, committed[n].standings, strict=True)) for n in places]
    leaves = [_leaf(arrival, standing) for pairs in standings for arrival, standing in pairs]
    receipt, paths = None, list[tuple[bytes, ...]]()
    if leaves:
        root, paths = merkle_proofs(leaves)
        first = committed[places[0]]
        receipt = keys.sign_receipt(
            incarnation=first.incarnation, restore_floor=first.restore_floor, at=at, root=root
        )
    told, start = [], 0
    for n, pairs in zip(places, standings, strict=True):
        results = [
            _result(arrival, standing, Leaf(index=start + place, size=len(leaves), path=paths[start + place]))
            for place, (arrival, standing) in enumerate(pairs)
        ]
        start += len(pairs)
        in_order = sorted([*results, *pushes[n].unstored], key=lambda result: result.index)
        told.append(
            Answered(
                committed=committed[n],
                at=at,
                results=tuple(in_order),
                receipt=receipt if pairs else None,
            )
        )
    return told


def _leaf(arrival: Arrival, standing: Standing) -> bytes:
    if standing.verdict not in STORED:
        raise AssertionError("what was committed is stored")
    sent = arrival.envelope
    return leaf_bytes(arrival.header.item_id, sent.sha256, standing.pos, standing.verdict, sent.sig)


def _result(arrival: Arrival, standing: Standing, leaf: Leaf) -> ItemResult:
    return ItemResult(
        item_id=arrival.header.item_id,
        index=arrival.index,
        verdict=standing.verdict,
        pos=standing.pos,
        leaf=leaf,
        gone=standing.gone,
    )


def newly_stored(pushes: Sequence[Push], committed: Sequence[Committed]) -> list[Stored]:
    """What was put at a position, in order; a conflict that was known before is among it once more."""
    found = {
        standing.pos: Stored(pos=standing.pos, item_id=arrival.header.item_id, envelope=arrival.envelope)
        for push, each in zip(pushes, committed, strict=True)
        for arrival, standing in zip(push.arrivals, each.standings, strict=True)
        if standing.verdict != "duplicate"
    }
    return [found[pos] for pos in sorted(found)]


def alert_for(app_build: str, *, soft: EndOfLife | None, hard: EndOfLife | None) -> Alert | None:
    """What an old build is told. Its queue is taken all the same."""
    if hard is not None and hard.names(app_build):
        return Alert(level="hard_eol", on=hard.on, url=hard.url)
    if soft is not None and soft.names(app_build):
        return Alert(level="soft_eol", on=soft.on, url=soft.url)
    return None
