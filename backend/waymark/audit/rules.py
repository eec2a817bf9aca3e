"""The hash chain. An edit, a deletion or a swap breaks it from that entry on.

It proves nothing against someone who writes all of it anew: for that there are checkpoints, kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from waymark.audit.records import (
    GENESIS,
    LINEAGE_BEGUN,
    Begun,
    Break,
    Checkpoint,
    Entry,
    Examined,
    KeptCheckpoint,
    Lost,
)
from waymark.kernel.clock import stamp

CHECKPOINT_ENTRIES: Final = 1_000
CHECKPOINT_AGE: Final = timedelta(hours=1)
"""What is added may be altered unnoticed until the next one."""

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


def checkpoint_due(last: KeptCheckpoint | None, head: Entry | None, *, now: datetime) -> bool:
    """After so many entries, or an hour after the last one where anything was added."""
    if head is None or (last is not None and head.pos <= last.pos):
        return False
    if last is None or head.pos - last.pos >= CHECKPOINT_ENTRIES:
        return True
    return last.made_at <= stamp(now - CHECKPOINT_AGE)


class Examiner:
    """Takes in a whole trail in order, a part at a time, and says what became of it."""

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        """checkpoints: their signatures are known to hold."""
        self._told = sorted(set(checkpoints), key=lambda one: one.pos)
        self._wanted = {one.pos for one in self._told}
        self._there: dict[int, str] = {}
        self._begun: list[Begun] = []
        self._pos, self._head = 0, GENESIS
        self._broken: Break | None = None

    def take(self, entries: Sequence[Entry]) -> None:
        """Behind a break the hashes as they stand are still compared: they show how far it reaches."""
        if self._broken is None:
            self._broken = first_break(entries, after=self._pos, head=self._head)
        for entry in entries:
            if entry.pos in self._wanted:
                self._there[entry.pos] = entry.hash.hex()
            if entry.action == LINEAGE_BEGUN:
                self._begun.append(Begun(pos=entry.pos, incarnation=entry.subject_id, at=entry.at))
        if entries:
            self._pos, self._head = entries[-1].pos, entries[-1].hash

    def examined(self) -> Examined:
        agreed = [one for one in self._told if self._there.get(one.pos) == one.hash]
        missed = [one for one in self._told if self._there.get(one.pos) != one.hash]
        sound = self._broken.pos if self._broken else self._pos + 1
        lost = [one for one in missed if self._cut_off(one)]
        return Examined(
            entries=self._pos,
            head=self._head.hex(),
            broken=self._broken,
            agreed=len(agreed),
            agreed_upto=max((one.pos for one in agreed if one.pos < sound), default=0),
            contradicted=tuple(one for one in missed if one not in lost),
            lost=_furthest(lost),
            begun=tuple(self._begun),
        )

    def _cut_off(self, told: Checkpoint) -> bool:
        """Did a later lineage begin before this position? Then a restore had gone back behind it."""
        numbers = {begun.incarnation: number for number, begun in enumerate(self._begun)}
        # One that the trail does not know began after the backup that was restored, and went with it.
        later = self._begun[numbers.get(told.incarnation, 0) + 1 :]
        return any(begun.pos <= told.pos for begun in later)


def _furthest(lost: Iterable[Checkpoint]) -> tuple[Lost, ...]:
    found: dict[str, Lost] = {}
    for one in lost:  # in order of position
        found[one.incarnation] = Lost(incarnation=one.incarnation, reached=one.pos, at=one.at)
    return tuple(found.values())
