"""Reading a push, and proving what was stored: tables."""

import hashlib

import pytest
from msgspec.structs import replace

from support.reports import Device, push_of
from waymark.intake.answers import answers
from waymark.intake.records import Committed, Standing
from waymark.intake.rules import read_push
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode_push, encode
from waymark_sync.intake_rules import merkle_path, merkle_proofs, merkle_root, root_from_path
from waymark_sync.protocol import Verdict


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 20, 31, 64])
def test_proofs_in_one_walk_are_those_of_the_protocol(size: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]

    root, paths = merkle_proofs(leaves)

    assert root == merkle_root(leaves)
    assert paths == [merkle_path(leaves, index) for index in range(size)]
    for index, path in enumerate(paths):
        assert root_from_path(leaves[index], index=index, size=size, path=path) == root


@pytest.mark.parametrize("content_type", [JSON, MSGPACK])
def test_one_bad_item_condemns_only_itself(ring: KeyRing, content_type: str) -> None:
    phone = Device()
    good, altered, unreadable = (phone.report(ring) for _ in range(3))
    sealed = bytes([altered.envelope.sealed[0] ^ 1]) + altered.envelope.sealed[1:]
    digest = hashlib.sha256(b"?" + unreadable.envelope.sealed).digest()
    request = replace(
        push_of(good),
        items=(
            replace(altered.envelope, sealed=sealed),
            good.envelope,
            replace(unreadable.envelope, header=b"?", sha256=digest),
        ),
    )

    push = read_push(decode_push(encode(request, content_type), content_type))

    assert [(a.index, a.header.item_id) for a in push.arrivals] == [(1, good.item_id)]
    assert [(r.index, r.item_id, r.verdict, r.reason) for r in push.unstored] == [
        (0, altered.item_id, "rejected", "hash_wrong"),
        (2, "", "rejected", "header_unreadable"),
    ]


def test_results_come_in_the_order_of_the_request(ring: KeyRing) -> None:
    phone = Device()
    first, second = phone.report(ring), phone.report(ring)
    request = replace(
        push_of(first),
        items=(first.envelope, replace(first.envelope, sha256=bytes(32)), second.envelope),
    )
    push = read_push(decode_push(encode(request, MSGPACK), MSGPACK))
    standings: tuple[tuple[Verdict, int], ...] = (("duplicate", 4), ("accepted", 9))
    committed = Committed(
        incarnation="3b1f8a52-3f0d-4b0e-9a43-0d6f0a1b2c3d",
        restore_floor=0,
        downstream=False,
        standings=tuple(Standing(verdict=verdict, pos=pos) for verdict, pos in standings),
    )

    [told] = answers([push], [committed], ring, at=1)

    assert [(r.index, r.verdict, r.pos) for r in told.results] == [
        (0, "duplicate", 4),
        (1, "rejected", None),
        (2, "accepted", 9),
    ]
    assert [r.leaf and (r.leaf.index, r.leaf.size) for r in told.results] == [(0, 2), None, (1, 2)]
    assert told.receipt is not None


def test_nothing_stored_means_no_receipt(ring: KeyRing) -> None:
    request = replace(push_of(Device().report(ring)), items=())
    push = read_push(decode_push(encode(request, JSON), JSON))
    committed = Committed(incarnation="x", restore_floor=0, downstream=False, standings=())

    [told] = answers([push], [committed], ring, at=1)

    assert (told.results, told.receipt) == ((), None)
