"""What has to hold at every moment of a story, and when all of it has healed.

Named as in the protocol's list of invariants. Those that no story can show are in docs/reliability.md.
"""

from collections import Counter
from typing import Final

from hypothesis.stateful import RuleBasedStateMachine, invariant

from models.hub import Hub
from models.tablet import Tablet, canary_in
from models.wire import Wire
from waymark_sync.kiosk.standing import standing_of
from waymark_sync.outbox import Row

TOLD_ROUNDS_MAX: Final = 40
HEAL_ROUNDS_MAX: Final = 40


class Promises(RuleBasedStateMachine):
    hub: Hub
    wire: Wire
    tablets: list[Tablet]
    revoked: set[str]
    judged: list[list[Row]]
    """Of each tablet, when all had healed."""

    # What holds at every moment.

    def _let_go(self) -> set[bytes]:
        """Bytes that no device has any more."""
        gone = set()
        for tablet in self.tablets:
            held = {row.sha256 for row in tablet.rows() if row.sealed}
            gone |= {each.sha256 for each in tablet.saved} - held
            for each in tablet.saved:
                for att_id, sha256 in each.files.items():
                    if not (tablet.home.files / att_id).exists():
                        gone.add(sha256)
        return gone

    @invariant()
    def nothing_is_a_bug(self) -> None:
        assert self.wire.bad == []

    @invariant()
    def i2_nothing_is_stored_twice(self) -> None:
        items = [row for row in self.hub.stored() if row.state != "conflict"]
        assert len({row.item_id for row in items}) == len(items), "I2"
        assert len({(row.device_id, row.epoch, row.seq) for row in items}) == len(items), "I2"
        everything = self.hub.stored()
        assert len({row.sha256 for row in everything}) == len(everything), "I2"

    @invariant()
    def i3_a_receipt_tells_the_truth(self) -> None:
        current = self.hub.incarnation()
        at = {row.pos: row.sha256 for row in self.hub.stored()}
        for tablet in self.tablets:
            for row in tablet.rows():
                if row.state == "receipted" and row.incarnation == current:
                    assert at.get(row.pos or 0) == row.sha256, "I3"

    @invariant()
    def i4_what_was_let_go_is_in_every_backup(self) -> None:
        gone = self._let_go()
        for name in self.hub.restorable() if gone else ():
            assert gone <= self.hub.contents[name], "I4"

    @invariant()
    def i5_a_queue_has_a_timer(self) -> None:
        for tablet in self.tablets:
            if any(row.state == "queued" for row in tablet.rows()):
                assert tablet.wake_at_ms is not None, "I5"

    @invariant()
    def i7_every_number_is_accounted_for(self) -> None:
        for tablet in self.tablets:
            for epoch in tablet.home.outbox.custody(tablet.home.device.device_id):
                assert epoch.whole, "I7"
                states = epoch.queued + epoch.receipted + epoch.quarantined + epoch.tombstones
                assert states == epoch.max_seq, "I7"

    @invariant()
    def i8_bytes_never_change(self) -> None:
        for tablet in self.tablets:
            for saved in tablet.saved:
                row = tablet.home.outbox.item(saved.item_id)
                assert row is not None, "I1"
                assert (row.header, row.sha256, row.sig) == (saved.header, saved.sha256, saved.sig), "I8"
                assert row.sealed in (None, saved.sealed), "I8"

    @invariant()
    def i16_what_is_shown_is_what_is_held(self) -> None:
        for tablet in self.tablets:
            shown, states = standing_of(tablet.home), Counter(row.state for row in tablet.rows())
            assert shown.made == len(tablet.saved), "I16"
            assert shown.waiting == states["queued"], "I16"
            assert shown.let_go == states["tombstone"], "I16"
            assert shown.sent == states["receipted"] + states["tombstone"], "I16"
            assert shown.held_for_a_person == states["quarantined"], "I16"

    @invariant()
    def i13_complete_means_whole(self) -> None:
        for att_id, sha256 in self.hub.whole_files().items():
            assert self.hub.file_digest(att_id) == sha256, "I13"

    def look(self) -> None:
        """At everything that holds at every moment, where a story is told by hand."""
        for holds in (
            self.nothing_is_a_bug,
            self.i2_nothing_is_stored_twice,
            self.i3_a_receipt_tells_the_truth,
            self.i4_what_was_let_go_is_in_every_backup,
            self.i5_a_queue_has_a_timer,
            self.i7_every_number_is_accounted_for,
            self.i8_bytes_never_change,
            self.i13_complete_means_whole,
            self.i16_what_is_shown_is_what_is_held,
        ):
            holds()

    # What holds when everything has healed.

    def teardown(self) -> None:
        if not hasattr(self, "hub"):
            return
        try:
            self._heal()
            self._judge()
            self.judged = [tablet.rows() for tablet in self.tablets]
        finally:
            for tablet in self.tablets:
                tablet.close()
            self.hub.stop()

    def _heal(self) -> None:
        self.wire.faults, self.wire.poison = [], None
        for delivery in self.wire.held:
            self.wire.deliver(delivery)
        for tablet in self.tablets:
            assert tablet.heal(HEAL_ROUNDS_MAX) < HEAL_ROUNDS_MAX, "I5: the queue does not drain"
        self.hub.opened()
        for tablet in self.tablets:  # what the opener answered, and what a neighbour brought about
            tablet.drain()

    def _judge(self) -> None:
        stored = Counter(row.sha256 for row in self.hub.stored())
        whole = self.hub.whole_files()
        for tablet in self.tablets:
            for saved in tablet.saved:
                assert stored[saved.sha256] == 1, "I1"
                row = tablet.home.outbox.item(saved.item_id)
                assert row is not None
                assert row.state in ("receipted", "tombstone"), "I1"
                for att_id, sha256 in saved.files.items():
                    assert whole.get(att_id) == sha256, "I13"
            self._judge_feed(tablet)
            self._judge_keys(tablet)
            assert not canary_in(tablet.bytes_on_disk()), "I11"
        assert not canary_in(self.hub.crash_free_bytes()), "I11"
        self.nothing_is_a_bug()

    def _judge_keys(self, tablet: Tablet) -> None:
        """A restore may forget a revocation, but no device forgets the order that it has read."""
        order = tablet.home.outbox.order()
        if self.hub.out_of_service(tablet.home.device.device_id):
            assert order is not None, "I15: it was never told"
        if order is not None:
            assert order.leaving is None, "I15: all has arrived, and the keys are there still"
            assert tablet.secret not in tablet.bytes_on_disk(), "I15"
        else:
            assert tablet.secret in tablet.bytes_on_disk()

    def _judge_feed(self, tablet: Tablet) -> None:
        """What is made of its files may still be told: it is asked for until it has come."""
        device_id = tablet.home.device.device_id
        for _ in range(TOLD_ROUNDS_MAX):
            told = set(self.hub.feed(device_id))
            came = [message.id for message in tablet.home.outbox.messages(device_id)]
            assert len(came) == len(set(came)), "I9"
            if device_id in self.revoked or told <= set(came):
                return
            tablet.drain(asked=True)
        raise AssertionError("I9: a message never came")
