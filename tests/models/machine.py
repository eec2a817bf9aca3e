"""Devices, their network, a service and its operator: any order of what may befall them.

What has to hold is named as in the protocol's list of invariants.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.hub import Hub
from models.tablet import DAY_MS, Tablet, canary_in, push_delivery
from models.wire import FAULTS, Fault, Wire
from support.desk import PEOPLE, enrol_device
from support.files import a_photo, noise
from support.reports import Device as Known
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark_sync.codec import MSGPACK, decode
from waymark_sync.device import Device, new_epoch
from waymark_sync.protocol import Envelope, PushRequest, PushResponse, decode_header

TABLETS_MAX: Final = 4
TOLD_ROUNDS_MAX: Final = 40
HEAL_ROUNDS_MAX: Final = 40
WHICH = st.integers(0, 7)
TEN_YEARS_MS: Final = 3_652 * DAY_MS
MISHAPS = st.lists(st.sampled_from(FAULTS), max_size=6)
JUMPS = st.integers(-TEN_YEARS_MS, TEN_YEARS_MS)
ODDITIES: Final = ("clock", "pull", "part", "drain_twice_at_once", "restart", "clone", "poison")
INTERVENTIONS: Final = (
    "deliver_again",
    "deliver_what_was_held",
    "poison_is_cured",
    "same_id_other_bytes",
    "acknowledge",
    "revoke",
)


class Story(RuleBasedStateMachine):
    """`begin` makes the service: set by the test, one for each engine."""

    begin: Callable[[], Hub]
    happened: ClassVar[Counter[str]] = Counter()

    @initialize(luck=st.randoms(use_true_random=False))
    def start(self, luck: "object") -> None:
        self.hub = type(self).begin()
        self.wire = Wire(lambda: self.hub.client)
        self.luck = luck.random  # type: ignore[attr-defined]
        pack = self.hub.client.app.state.pack
        self.hub.write(identity.seed_demo, pack, PEOPLE.values(), now=clock.now())
        self.tablets: list[Tablet] = []
        self.revoked: set[str] = set()
        self.conflicting: list[tuple[str, bytes]] = []
        for _ in range(2):
            self._enrol()

    def _enrol(self) -> None:
        known = Known(visitor=False)
        self.hub.write(enrol_device, known)
        device = Device(
            device_id=known.id, epoch=new_epoch(), sign_key=known.sign_key, seal_key=known.seal_key
        )
        folder = self.hub.settings.data.parent / f"tablet-{len(self.tablets)}"
        self.tablets.append(Tablet.new(folder, device, self.wire, self.hub.ring, self.luck))

    def _one(self, which: int) -> Tablet:
        return self.tablets[which % len(self.tablets)]

    def _note(self, what: str) -> None:
        type(self).happened[what] += 1

    # Hypothesis leaves out some rules of each story, so a rule holds several verbs: no story does without
    # sending, and every second one is restored.

    @rule(which=WHICH, saves=st.integers(0, 2), file=st.booleans())
    def a_good_hour(self, which: int, saves: int, file: bool) -> None:
        self._saves(which, saves, file)
        self.drain(which, [], asked=True)

    @rule(which=WHICH, saves=st.integers(0, 2), file=st.booleans(), mishaps=MISHAPS, asked=st.booleans())
    def a_bad_hour(self, which: int, saves: int, file: bool, mishaps: list[Fault], asked: bool) -> None:
        self._saves(which, saves, file)
        self.drain(which, mishaps, asked=asked)

    @rule(which=WHICH, what=st.sampled_from(ODDITIES), ms=JUMPS, mishaps=MISHAPS)
    def an_oddity(self, which: int, what: str, ms: int, mishaps: list[Fault]) -> None:
        match what:
            case "clock":
                self.clock_jumps(which, ms)
            case "pull":
                self.pull(which, mishaps)
            case "part":
                self.send_part_and_lose_the_answer(which, [True, False])
            case _:
                getattr(self, what)(which)

    @rule(which=WHICH, what=st.sampled_from(INTERVENTIONS))
    def somebody_intervenes(self, which: int, what: str) -> None:
        getattr(self, what)(which)

    @rule(which=WHICH, saves=st.integers(1, 2), tested=st.booleans())
    def a_night(self, which: int, saves: int, tested: bool) -> None:
        """A backup, perhaps with its test; in the morning something new is sent."""
        self.back_up()
        if tested:
            self.verify_backup(which)
        self._saves(which, saves, file=False)
        self.drain(which, [], asked=True)

    @rule(which=WHICH, how=st.sampled_from(("oldest", "newest", "copy")), twice=st.booleans())
    def a_disaster(self, which: int, how: str, twice: bool) -> None:
        for _ in range(1 + twice):
            if how == "copy" and self.hub.copies:
                self.put_back_by_hand(which)
            elif how == "copy":
                self.copy_by_hand()
            elif self.hub.contents:
                self.restore(how == "oldest")

    def _saves(self, which: int, count: int, file: bool) -> None:
        for _ in range(count):
            self.save_with_file(which, photo=False) if file else self.save(which, 1)

    # What devices do.

    def save(self, which: int, count: int) -> None:
        for _ in range(count):
            self._one(which).save()
        self._note("saved")

    def save_with_file(self, which: int, photo: bool) -> None:
        self._one(which).save(a_photo(64, 48) if photo else noise(40_000))
        self._note("attached")

    def drain(self, which: int, mishaps: list[Fault], asked: bool) -> None:
        self.wire.faults = list(mishaps)
        crashed = self._one(which).drain(asked=asked) is None
        self.wire.faults = []
        self._note("crashed" if crashed else "drained")

    def send_part_and_lose_the_answer(self, which: int, keep: list[bool]) -> None:
        tablet = self._one(which)
        rows = [row for number, row in enumerate(tablet.rows()) if row.sealed and keep[number % len(keep)]]
        tablet.push_part(rows[:20])
        self._note("part")

    def pull(self, which: int, mishaps: list[Fault]) -> None:
        self.wire.faults = list(mishaps)
        self._one(which).pull()
        self.wire.faults = []
        self._note("pulled")

    def drain_twice_at_once(self, which: int) -> None:
        tablet = self._one(which)
        self.wire.meanwhile = tablet.beside
        tablet.drain(asked=True)
        self.wire.meanwhile = None
        self._note("two_drainers")

    def clock_jumps(self, which: int, ms: int) -> None:
        self._one(which).now_ms = max(0, self._one(which).now_ms + ms)
        self._note("clock")

    def restart(self, which: int) -> None:
        self._one(which).restart()
        self._note("restarted")

    def clone(self, which: int) -> None:
        if len(self.tablets) == TABLETS_MAX:
            return
        folder = self.hub.settings.data.parent / f"tablet-{len(self.tablets)}"
        self.tablets.append(self._one(which).clone(folder))
        self._note("cloned")

    # What the network does.

    def deliver_again(self, which: int) -> None:
        if not self.wire.sent:
            return
        self.wire.deliver(self.wire.sent[which % len(self.wire.sent)])
        self._note("late_duplicate")

    def deliver_what_was_held(self, which: int) -> None:
        if not self.wire.held:
            return
        self.wire.deliver(self.wire.held.pop(which % len(self.wire.held)))
        self._note("late_or_reordered")

    def poison(self, which: int) -> None:
        waiting = [row.item_id for row in self._one(which).rows() if row.state == "queued"]
        self.wire.poison = waiting[0] if waiting else None
        self._note("poison")

    def poison_is_cured(self, which: int) -> None:
        self.wire.poison = None

    def same_id_other_bytes(self, which: int) -> None:
        """I8: never a duplicate, and kept for a person to look at."""
        saved = [each for tablet in self.tablets for each in tablet.saved]
        if not saved:
            return
        victim = saved[which % len(saved)]
        other = bytes([victim.sealed[0] ^ 1]) + victim.sealed[1:]
        if any(row.sha256 == victim.sha256 for row in self.hub.stored()):
            sha256, answer = self._push_raw(victim.header, other, victim.sig)
            assert answer.results[0].verdict in ("conflict", "duplicate")
            repeated = (victim.item_id, sha256) in self.conflicting
            assert answer.results[0].verdict == "conflict" or repeated, "I8"
            assert any(row.sha256 == sha256 for row in self.hub.stored()), "I8: the other bytes are kept"
            self.conflicting.append((victim.item_id, sha256))
            self._note("conflict")

    def _push_raw(self, header: bytes, sealed: bytes, sig: bytes) -> tuple[bytes, PushResponse]:
        sha256 = hashlib.sha256(header + sealed).digest()
        envelope = Envelope(header=header, sealed=sealed, sha256=sha256, sig=sig)
        request = PushRequest(device_id=decode_header(header).device_id, items=(envelope,))
        reply = self.wire.deliver(push_delivery(request))
        assert reply.status == 200
        return sha256, decode(reply.body, MSGPACK, PushResponse)

    # What people at the desk and the operator do.

    def acknowledge(self, which: int) -> None:
        self.hub.opened()
        stored = sorted(row.item_id for row in self.hub.stored() if row.state == "opened")
        if stored:
            assert self.hub.acknowledge(stored[which % len(stored)]) in (200, 404, 409)
            self._note("acknowledged")

    def revoke(self, which: int) -> None:
        device_id = self._one(which).home.device.device_id
        self.hub.revoke(device_id)
        self.revoked.add(device_id)
        self._note("revoked")

    def back_up(self) -> None:
        self.hub.opened()
        self.hub.back_up()
        self._note("backed_up")

    def verify_backup(self, which: int) -> None:
        self.hub.verify(which)
        self._note("verified")

    def restore(self, oldest: bool) -> None:
        names = self.hub.restorable()
        self.hub.restore(names[0 if oldest else -1])
        self._note("restored_oldest" if oldest else "restored_newest")

    def copy_by_hand(self) -> None:
        self.hub.opened()
        self.hub.copy_by_hand()
        self._note("copied")

    def put_back_by_hand(self, which: int) -> None:
        """Only what is as new as a backup may be: policy says nothing of copies."""
        copy = self.hub.copies[which % len(self.hub.copies)]
        if self._let_go() <= copy.held:
            self.hub.put_back_by_hand(copy)
            self._note("put_back")

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
        ):
            holds()

    # What holds when everything has healed.

    def teardown(self) -> None:
        if not hasattr(self, "hub"):
            return
        try:
            self._heal()
            self._judge()
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
            assert not canary_in(tablet.bytes_on_disk()), "I11"
        assert not canary_in(self.hub.crash_free_bytes()), "I11"
        self.nothing_is_a_bug()

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
