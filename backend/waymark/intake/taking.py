"""Decides what becomes of what comes in one commit: the rules of `waymark_sync`, beside what is stored."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from waymark.identity.devices.rekeying import sign_keys
from waymark.intake import store
from waymark.intake.devices import store as devices
from waymark.intake.erasing import store as erasing
from waymark.intake.records import Arrival, Standing
from waymark.intake.rules import runs
from waymark.kernel.db import Connection
from waymark_sync import intake_rules
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import LABEL_ITEM
from waymark_sync.seal import signature_valid


class Desk:
    """Decides one arrival after another, knowing what is stored and what it has just taken itself."""

    def __init__(self, db: Connection, arrivals: Sequence[Arrival], *, received_at: str) -> None:
        self._db = db
        self._received_at = received_at
        self._next = store.last_pos(db) + 1
        self._by_id = store.known_by_id(db, {a.header.item_id for a in arrivals})
        self._by_seq = _known_by_seq(db, arrivals)
        # Of what was erased the place stays, so most pushes ask nothing.
        self._erased = erasing.erased_among(db, self._by_id)
        self._unproven = store.unproven(db, self._by_id)
        self._conflicts: dict[tuple[str, bytes], Known] = {}
        self._items: dict[str, dict[str, Any]] = {}
        self._conflict_rows: list[dict[str, Any]] = []
        self._come: dict[tuple[str, str], set[int]] = defaultdict(set)

    def take(self, arrival: Arrival, *, worked: bool) -> Standing:
        header, sha256 = arrival.header, arrival.envelope.sha256
        by_id = self._by_id.get(header.item_id)
        if by_id is not None and (header.item_id, sha256) in self._erased:
            return Standing(verdict="duplicate", pos=by_id.pos, gone=True)
        place = (header.device_id, header.epoch, header.seq)
        by_seq = self._by_seq.get(place)
        verdict = intake_rules.verdict(sha256=sha256, item_id=header.item_id, by_id=by_id, by_seq=by_seq)
        if arrival.lane == "enrolled" and verdict != "duplicate":
            self._come[place[:2]].add(header.seq)
        if verdict == "accepted":
            known = Known(item_id=header.item_id, sha256=sha256, pos=self._allot())
            self._by_id[header.item_id] = self._by_seq[place] = known
            row = store.row_of(arrival, pos=known.pos, received_at=self._received_at)
            self._items[header.item_id] = {**row, "worked": worked}
            return Standing(verdict="accepted", pos=known.pos)
        if verdict == "duplicate" and by_id is not None:
            self._sign_anew(arrival)
            return Standing(verdict="duplicate", pos=by_id.pos)
        why = "same_id_other_bytes" if by_id is not None else "sequence_reused"
        return Standing(verdict="conflict", pos=self._keep_conflict(arrival, why).pos)

    def write(self, db: Connection) -> None:
        if self._items:
            store.add_items(db, list(self._items.values()))
        if self._conflict_rows:
            store.add_conflicts(db, self._conflict_rows)
        for (device_id, epoch), seqs in self._come.items():
            for first, last in runs(seqs):
                devices.note_run(db, device_id, epoch, first=first, last=last)

    def _sign_anew(self, arrival: Arrival) -> None:
        """It came before, was not opened, and comes with another signature: one of the two was altered.

        The better one stays. Whoever alters it on the way can only delay: the receipt speaks of what came,
        so the device sends again.
        """
        header, sent = arrival.header, arrival.envelope
        just_now = self._items.get(header.item_id)
        before = just_now["sig"] if just_now else self._unproven.get(header.item_id)
        if before is None or before == sent.sig:
            return
        own = (header.public_key,) if header.public_key else sign_keys(self._db, header.device_id)
        if not any(signature_valid(key, LABEL_ITEM + sent.sha256, sent.sig) for key in own):
            return
        if just_now:
            just_now["sig"] = sent.sig
            return
        self._unproven[header.item_id] = sent.sig
        store.resign(self._db, item_id=header.item_id, sha256=sent.sha256, sig=sent.sig)

    def _keep_conflict(self, arrival: Arrival, why: str) -> Known:
        """The same bytes in conflict again are the same conflict."""
        item_id, sha256 = arrival.header.item_id, arrival.envelope.sha256
        known = self._conflicts.get((item_id, sha256))
        known = known or store.known_conflict(self._db, item_id=item_id, sha256=sha256)
        if known is None:
            known = Known(item_id=item_id, sha256=sha256, pos=self._allot())
            row = store.row_of(arrival, pos=known.pos, received_at=self._received_at)
            self._conflict_rows.append({**row, "why": why})
        self._conflicts[item_id, sha256] = known
        return known

    def _allot(self) -> int:
        pos, self._next = self._next, self._next + 1
        return pos


def _known_by_seq(db: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[str, str, int], Known]:
    asked: dict[tuple[str, str], set[int]] = defaultdict(set)
    for arrival in arrivals:
        asked[arrival.header.device_id, arrival.header.epoch].add(arrival.header.seq)
    return {
        (device_id, epoch, seq): known
        for (device_id, epoch), seqs in asked.items()
        for seq, known in store.known_by_seq(db, device_id, epoch, seqs).items()
    }
