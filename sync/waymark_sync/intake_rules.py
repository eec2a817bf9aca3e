"""The rules of verdicts, receipts, purging and cursors: pure functions of what is stored and what came.

The server's intake, the client and the simulation call these same objects. Nothing here knows a
database, a clock or a network; nothing here opens a seal or judges content.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from waymark_sync.codec import UNREADABLE, from_base64url, to_base64url
from waymark_sync.protocol import (
    HEADER_BYTES_MAX,
    PROTOCOL_VERSION,
    SEALED_BYTES_MAX,
    Envelope,
    Header,
    Natural,
    Retained,
    Uuid,
    Verdict,
    decode_header,
    leaf_bytes,
)

CHAIN_START = bytes(32)
"""The running hash of a feed that holds no message."""
POS_MAX = 2**53 - 1  # as `Natural` has it: a forged position must not be more than a database can hold

HASHED_AT_ONCE = 2_047  # bytes; hashlib keeps the interpreter to itself only below 2,048

HELD = "held"
"""In a leaf, in place of a verdict: the service answered a manifest."""

Fault = Literal["too_large", "hash_wrong", "version_unknown", "header_unreadable"]


class Known(Struct, frozen=True, kw_only=True):
    """What the service already holds under an item's id, or under its (device_id, epoch, seq)."""

    item_id: str
    sha256: bytes
    pos: int


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a device has read its feed, and proof that it read this lineage's feed."""

    incarnation: Uuid
    pos: Natural
    """Of the last message applied; 0 before the first."""
    chain: Annotated[bytes, Meta(min_length=32, max_length=32)]
    """Running hash of the feed up to `pos`, by `next_chain`."""
    caps: Annotated[bytes, Meta(min_length=32, max_length=32)]
    """`caps_hash` of what the device said it understands: a device that learns more reads again."""


class _VersionOnly(Struct):
    v: int


# What becomes of an item.


def verdict(*, sha256: bytes, item_id: str, by_id: Known | None, by_seq: Known | None) -> Verdict:
    """Decide what an item is that has no structural fault. Never `rejected`, never `retry`.

    The same bytes are a duplicate however often they come. The same id with other bytes, or a number
    that another item already used, is a conflict: both are kept and a person looks.
    """
    if by_id is not None:
        return "duplicate" if by_id.item_id == item_id and by_id.sha256 == sha256 else "conflict"
    return "accepted" if by_seq is None else "conflict"


def structural_fault(envelope: Envelope) -> Fault | None:
    """Say why an envelope must be `rejected`, or None. Signature and key are the opener's to judge.

    A device asks the same of its own bytes before it believes that they were refused.
    """
    if len(envelope.header) > HEADER_BYTES_MAX or len(envelope.sealed) > SEALED_BYTES_MAX:
        return "too_large"
    if _sha256(envelope.header + envelope.sealed) != envelope.sha256:
        return "hash_wrong"
    if read_header(envelope.header) is not None:
        return None
    return "version_unknown" if _other_version(envelope.header) else "header_unreadable"


def _sha256(content: bytes) -> bytes:
    """In small pieces: around a large one hashlib lets other threads run, and the way back costs more."""
    hasher = hashlib.sha256()
    for start in range(0, len(content), HASHED_AT_ONCE):
        hasher.update(content[start : start + HASHED_AT_ONCE])
    return hasher.digest()


def read_header(raw: bytes) -> Header | None:
    """None for anything that is no header of this version."""
    try:
        return decode_header(raw)
    except UNREADABLE:
        return None


def _other_version(raw: bytes) -> bool:
    try:
        return msgspec.msgpack.decode(raw, type=_VersionOnly).v != PROTOCOL_VERSION
    except UNREADABLE:
        return False


def purgeable(*, receipt_incarnation: str, current_incarnation: str, pos: int, restore_floor: int) -> bool:
    """True when every backup that may still be restored holds the item, so the device may let go.

    restore_floor: of a verified receipt that covers this very item at `pos`. The floor of another item's
    receipt proves nothing: meanwhile the database may have been copied back by hand.
    """
    return receipt_incarnation == current_incarnation and pos <= restore_floor


# What every backup holds, and what a device asks before it lets go.


def missing(retained: Iterable[Retained], held: Iterable[Known]) -> tuple[str, ...]:
    """Ids of those that the service does not hold with these bytes at this position.

    held: whatever is stored under the ids asked for: items, conflicts, complete files. At another position
    counts as missing: after a restore by hand another report may stand where the device's receipt says,
    and the floor would speak of that one. It is sent again, is a `duplicate`, and has a new receipt.
    """
    known = {(one.item_id, one.sha256, one.pos) for one in held}
    return tuple(one.id for one in retained if (one.id, one.sha256, one.pos) not in known)


def manifest_leaves(retained: Iterable[Retained], missing: Collection[str]) -> list[bytes]:
    """Leaves under the receipt of a manifest: all that is not missing, in the order asked for.

    The service signs their root; the device makes them again from what it asked.
    """
    gone = frozenset(missing)
    return [leaf_bytes(one.id, one.sha256, one.pos, HELD) for one in retained if one.id not in gone]


def common_pos(backup: Iterable[Known], stored: Iterable[Known]) -> int:
    """Up to which position a backup holds exactly what is stored now. Both in order of `pos`, from 1.

    Compared by content: a database that was copied back by hand goes on in the same lineage with
    other reports at the same positions.
    """
    pos = 0
    for theirs, ours in zip(backup, stored, strict=False):
        if theirs != ours:
            break
        pos = ours.pos
    return pos


def restore_floor(common: Iterable[int]) -> int:
    """common: `common_pos` of every backup that may still be restored. 0 when there is none.

    A floor only speaks of the moment: it may sink when a backup of another branch is allowed again.
    """
    return min(common, default=0)


# The tree under a receipt: RFC 9162, section 2.1.


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaves as `leaf_bytes` makes them. Raises ValueError when there is none."""
    if not leaves:
        raise ValueError("a tree without leaves has no root here: nothing stored, no receipt")
    if len(leaves) == 1:
        return _leaf_hash(leaves[0])
    split = _split(len(leaves))
    return _node_hash(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def merkle_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Sibling hashes from the leaf upwards. Empty for a tree of one."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*merkle_path(leaves[:split], index), merkle_root(leaves[split:]))
    return (*merkle_path(leaves[split:], index - split), merkle_root(leaves[:split]))


def merkle_proofs(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The root and every leaf's path, in one walk: 2n hashes where one path at a time takes n each.

    Equal to `merkle_root` and `merkle_path`, which a test holds it to. `leaves` is not empty.
    """
    paths: list[list[bytes]] = [[] for _ in leaves]
    level: list[tuple[bytes, tuple[int, ...]]] = [(_leaf_hash(leaf), (i,)) for i, leaf in enumerate(leaves)]
    while len(level) > 1:
        above: list[tuple[bytes, tuple[int, ...]]] = []
        for left, right in zip(level[::2], level[1::2], strict=False):
            for index in left[1]:
                paths[index].append(right[0])
            for index in right[1]:
                paths[index].append(left[0])
            above.append((_node_hash(left[0], right[0]), left[1] + right[1]))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0][0], [tuple(path) for path in paths]


def root_from_path(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its path lead to. Raises ValueError if no tree of `size` has such a path."""
    if not 0 <= index < size:
        raise ValueError("the leaf lies outside the tree")
    node, first, last = _leaf_hash(leaf), index, size - 1
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if first % 2 == 1 or first == last:
            node = _node_hash(sibling, node)
            while first % 2 == 0 and first != 0:
                first, last = first // 2, last // 2
        else:
            node = _node_hash(node, sibling)
        first, last = first // 2, last // 2
    if last != 0:
        raise ValueError("the path is too short")
    return node


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


# How a feed is read without missing or repeating anything, even across a restore.


def next_chain(previous: bytes, message_id: str, sealed: bytes) -> bytes:
    """Running hash of a feed after one more message."""
    return hashlib.sha256(previous + UUID(message_id).bytes + hashlib.sha256(sealed).digest()).digest()


def caps_hash(caps: Sequence[str]) -> bytes:
    """The same for the same set of capabilities, in whatever order they are named."""
    return hashlib.sha256("\n".join(sorted(set(caps))).encode()).digest()


def encode_cursor(cursor: Cursor) -> str:
    """Opaque to the device; holds no character that `pull_text` uses to separate."""
    return to_base64url(
        UUID(cursor.incarnation).bytes + cursor.pos.to_bytes(8, "big") + cursor.chain + cursor.caps
    )


def decode_cursor(text: str) -> Cursor | None:
    """None for anything that `encode_cursor` did not make: the feed then starts again."""
    try:
        raw = from_base64url(text)
    except ValueError:
        return None
    pos = int.from_bytes(raw[16:24], "big")
    if len(raw) != 16 + 8 + 32 + 32 or pos > POS_MAX:
        return None
    return Cursor(
        incarnation=str(UUID(bytes=raw[:16])),
        pos=pos,
        chain=raw[24:56],
        caps=raw[56:],
    )


def cursor_good(cursor: Cursor, *, incarnation: str, chain_at_pos: bytes | None, caps: bytes) -> bool:
    """May the feed go on after this cursor? If not, it is sent again from its first message.

    chain_at_pos: running hash of the stored feed up to and including `cursor.pos` (CHAIN_START for 0),
    None when no message of this feed stands at that position.
    """
    return cursor.incarnation == incarnation and cursor.chain == chain_at_pos and cursor.caps == caps
