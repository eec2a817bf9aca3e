"""The rules of intake, the waiting times and the reference, as tables and as properties."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waymark_sync import intake_rules as rules
from waymark_sync.backoff import DELAY_MAX_S, delay_s
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import Envelope
from waymark_sync.reference import REFERENCE_LETTERS, read_reference, reference
from waymark_sync.seal import pad, unpad

A, B = b"a" * 32, b"b" * 32
ids = st.uuids(version=4).map(str)
leaves = st.lists(st.binary(max_size=80), min_size=1, max_size=70)


@pytest.mark.parametrize(
    ("by_id", "by_seq", "expected"),
    [
        (None, None, "accepted"),
        (Known(item_id="i", sha256=A, pos=1), None, "duplicate"),
        (Known(item_id="i", sha256=A, pos=1), Known(item_id="i", sha256=A, pos=1), "duplicate"),
        (Known(item_id="i", sha256=B, pos=1), None, "conflict"),
        (Known(item_id="i", sha256=B, pos=1), Known(item_id="i", sha256=B, pos=1), "conflict"),
        (None, Known(item_id="j", sha256=B, pos=1), "conflict"),
        (Known(item_id="i", sha256=A, pos=1), Known(item_id="j", sha256=B, pos=2), "duplicate"),
    ],
)
def test_verdicts(by_id: Known | None, by_seq: Known | None, expected: str) -> None:
    assert rules.verdict(sha256=A, item_id="i", by_id=by_id, by_seq=by_seq) == expected


@pytest.mark.parametrize(
    ("incarnation", "pos", "floor", "expected"),
    [("x", 5, 5, True), ("x", 4, 5, True), ("x", 6, 5, False), ("y", 1, 5, False), ("x", 1, 0, False)],
)
def test_bytes_go_only_under_the_floor_of_this_lineage(
    incarnation: str, pos: int, floor: int, expected: bool
) -> None:
    held = rules.purgeable(
        receipt_incarnation=incarnation, current_incarnation="x", pos=pos, restore_floor=floor
    )
    assert held is expected


@given(leaves, st.data())
def test_every_path_leads_to_the_root_and_no_other_leaf_fits(given_leaves: list[bytes], data: Any) -> None:
    index = data.draw(st.integers(0, len(given_leaves) - 1))
    root, path = rules.merkle_root(given_leaves), rules.merkle_path(given_leaves, index)

    def led(leaf: bytes) -> bytes:
        return rules.root_from_path(leaf, index=index, size=len(given_leaves), path=path)

    assert led(given_leaves[index]) == root
    assert led(given_leaves[index] + b"x") != root


@given(leaves, st.data())
def test_a_path_of_another_length_is_impossible(given_leaves: list[bytes], data: Any) -> None:
    index = data.draw(st.integers(0, len(given_leaves) - 1))
    path = rules.merkle_path(given_leaves, index)

    for wrong in ((*path, bytes(32)), path[:-1] if path else (bytes(32), bytes(32))):
        with pytest.raises(ValueError, match="path"):
            rules.root_from_path(given_leaves[index], index=index, size=len(given_leaves), path=wrong)


def test_nothing_stored_has_no_root() -> None:
    with pytest.raises(ValueError, match="no receipt"):
        rules.merkle_root([])


@given(st.binary(max_size=70_000))
def test_padding_comes_off_again(plain: bytes) -> None:
    assert unpad(pad(plain)) == plain


@given(ids, st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32), st.lists(st.text(max_size=5)))
def test_a_cursor_is_good_only_where_it_was_made(
    incarnation: str, pos: int, chain: bytes, caps: list[str]
) -> None:
    caps_hash = rules.caps_hash(caps)
    cursor = rules.Cursor(incarnation=incarnation, pos=pos, chain=chain, caps=caps_hash)

    assert rules.decode_cursor(rules.encode_cursor(cursor)) == cursor
    assert rules.cursor_good(cursor, incarnation=incarnation, chain_at_pos=chain, caps=caps_hash)
    for incarnation_now, chain_now, caps_now in (
        ("other", chain, caps_hash),
        (incarnation, None, caps_hash),
        (incarnation, bytes([chain[0] ^ 1]) + chain[1:], caps_hash),
        (incarnation, chain, rules.caps_hash([*caps, "learnt since"])),
    ):
        assert not rules.cursor_good(
            cursor, incarnation=incarnation_now, chain_at_pos=chain_now, caps=caps_now
        )


@given(st.text())
def test_no_text_breaks_the_reading_of_a_cursor(text: str) -> None:
    cursor = rules.decode_cursor(text)
    assert cursor is None or rules.encode_cursor(cursor) == text


def test_a_position_that_no_feed_reaches_is_no_cursor() -> None:
    most = rules.Cursor(incarnation=str(UUID(int=0)), pos=rules.POS_MAX, chain=bytes(32), caps=bytes(32))

    assert rules.decode_cursor(rules.encode_cursor(most)) == most
    for pos in (rules.POS_MAX + 1, 2**64 - 1):
        assert rules.decode_cursor(rules.encode_cursor(msgspec.structs.replace(most, pos=pos))) is None


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=50))
def test_no_header_breaks_the_structural_check(header: bytes, sealed: bytes) -> None:
    digest = hashlib.sha256(header + sealed).digest()
    sent = Envelope(header=header, sealed=sealed, sha256=digest, sig=bytes(64))

    assert rules.structural_fault(sent) in ("version_unknown", "header_unreadable")
    assert rules.structural_fault(msgspec.structs.replace(sent, sha256=bytes(32))) == "hash_wrong"


@given(st.integers(0, 5_000), st.floats(0, 1, exclude_max=True), st.one_of(st.none(), st.floats(1, 10_000)))
def test_waiting_is_bounded_and_never_shorter_than_asked(
    failures: int, drawn: float, floor_s: float | None
) -> None:
    waited = delay_s(failures, random=lambda: drawn, floor_s=floor_s)

    assert waited >= (floor_s or 0)
    assert waited <= max(DELAY_MAX_S, (floor_s or 0) * 1.2)


@pytest.mark.parametrize(("failures", "ceiling_s"), [(0, 2), (1, 4), (5, 64), (8, 512), (9, 900), (99, 900)])
def test_the_ceiling_doubles_up_to_a_quarter_of_an_hour(failures: int, ceiling_s: float) -> None:
    assert delay_s(failures, random=lambda: 0.5) == ceiling_s / 2


@given(ids, st.integers(0, 7), st.sampled_from(REFERENCE_LETTERS))
def test_one_wrong_letter_is_noticed(item_id: str, at: int, letter: str) -> None:
    letters = reference(item_id).replace("-", "")
    altered = letters[:at] + letter + letters[at + 1 :]

    assert UUID(item_id).version == 4
    assert (read_reference(altered) is not None) is (altered == letters)


@given(ids, st.integers(0, 6))
def test_two_letters_swapped_are_noticed(item_id: str, at: int) -> None:
    letters = reference(item_id).replace("-", "")
    swapped = letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]

    assert (read_reference(swapped) is not None) is (swapped == letters)


@given(st.text(max_size=15))
def test_no_typing_breaks_the_reading_of_a_reference(typed: str) -> None:
    read = read_reference(typed)
    assert read is None or read_reference(read) == read
