"""Devices, their network, a service and its operator: any order of what may befall them."""

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from models.hub import Hub
from models.promises import Promises
from models.tablet import DAY_MS, Tablet, push_delivery
from models.wire import FAULTS, Fault, Wire
from support.desk import PEOPLE, enrol_device
from support.files import a_photo, noise
from support.reports import Device as Known
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark_sync.codec import MSGPACK, decode
from waymark_sync.device import Device, OutOfService, new_epoch
from waymark_sync.protocol import Envelope, PushRequest, PushResponse, decode_header

TABLETS_MAX: Final = 4
PARTED_ROUNDS: Final = 4  # five reports, halved twice, and one more
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


class Story(Promises):
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
            with suppress(OutOfService):  # a tablet that has read so makes nothing new
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

    def others_arrive(self, which: int) -> None:
        """I6: beside a report that brings the service down, every other one is stored."""
        tablet = self._one(which)
        for _ in range(PARTED_ROUNDS):
            tablet.now_ms += DAY_MS
            tablet.drain()
        stored = {row.item_id for row in self.hub.stored()}
        assert {each.item_id for each in tablet.saved} - stored == {self.wire.poison}, "I6"

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
            told = self.hub.acknowledge(stored[which % len(stored)])
            assert told in (200, 404, 409), told
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
