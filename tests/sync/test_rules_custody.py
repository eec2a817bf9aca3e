"""What a device asks before it lets go, and how far every backup agrees with what is stored, as tables."""

import pytest

from waymark_sync import intake_rules as rules
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import Retained, leaf_bytes

A, B = b"a" * 32, b"b" * 32


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def kept(number: int, sha256: bytes = A, pos: int | None = None) -> Retained:
    return Retained(id=uuid(number), sha256=sha256, pos=number if pos is None else pos)


def known(number: int, sha256: bytes = A, pos: int | None = None) -> Known:
    return Known(item_id=uuid(number), sha256=sha256, pos=number if pos is None else pos)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([known(1), known(2)], ()),
        ([known(2)], (uuid(1),)),
        ([], (uuid(1), uuid(2))),
        ([known(1, B), known(2)], (uuid(1),)),
        ([known(1, pos=9), known(2)], (uuid(1),)),
        ([known(1, B, pos=7), known(1), known(2)], ()),  # its own bytes stand apart, as a conflict
    ],
)
def test_what_is_not_held_as_the_receipt_says_is_missing(
    held: list[Known], expected: tuple[str, ...]
) -> None:
    assert rules.missing([kept(1), kept(2)], held) == expected


def test_the_receipt_covers_what_is_not_missing_in_the_order_asked() -> None:
    asked = [kept(3), kept(1), kept(2)]

    leaves = rules.manifest_leaves(asked, [uuid(1)])

    assert leaves == [leaf_bytes(uuid(3), A, 3, "held"), leaf_bytes(uuid(2), A, 2, "held")]


@pytest.mark.parametrize(
    ("backup", "expected"),
    [
        ([], 0),
        ([known(1), known(2)], 2),
        ([known(1), known(2), known(3)], 3),
        ([known(1), known(5, pos=2), known(3)], 1),
        ([known(1, B), known(2), known(3)], 0),
    ],
)
def test_a_backup_counts_up_to_where_it_holds_something_else(backup: list[Known], expected: int) -> None:
    assert rules.common_pos(backup, [known(1), known(2), known(3)]) == expected


@pytest.mark.parametrize(("common", "floor"), [([], 0), ([7], 7), ([7, 3, 9], 3), ([7, 0], 0)])
def test_the_floor_is_that_of_the_poorest_backup(common: list[int], floor: int) -> None:
    assert rules.restore_floor(common) == floor
