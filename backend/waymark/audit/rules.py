"""The hash chain. An edit, a deletion or a swap breaks it from that entry on.

It proves nothing against someone who rewrites the whole chain; for that its head has to be kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from waymark.audit.records import GENESIS, Break, Entry

_LABEL = b"waymark-audit/1\n"
_json = msgspec.json.Encoder(order="deterministic")


def detail_text(detail: Mapping[str, str | int | bool | list[str]]) -> str:
    """Sorted JSON. Raises ValueError for anything but short codes, counts and lists of codes."""
    for value in detail.values():
        for code in value if isinstance(value, list) else [value]:
            if isinstance(code, str) and (len(code) > 64 or not code.isascii() or " " in code):
                raise ValueError("the audit trail takes codes, not words")
    return _json.encode(detail).decode()


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 over the position, the hash before and every field. `entry.hash` is not looked at."""
    fields = (
        entry.at,
        entry.actor_id,
        entry.actor_role,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.detail,
    )
    head = _LABEL + entry.pos.to_bytes(8, "big") + entry.prev_hash
    return hashlib.sha256(head + msgspec.json.encode(fields)).digest()


def first_break(entries: Iterable[Entry], *, after: int = 0, head: bytes = GENESIS) -> Break | None:
    """The first entry that does not fit. `entries` come in order and follow `after`, `head`."""
    for expected, entry in enumerate(entries, start=after + 1):
        if entry.pos != expected:
            return Break(pos=expected, why="missing")
        if entry.prev_hash != head:
            return Break(pos=entry.pos, why="does_not_follow")
        if entry.hash != entry_hash(entry):
            return Break(pos=entry.pos, why="altered")
        head = entry.hash
    return None
