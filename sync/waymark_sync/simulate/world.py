"""One story: devices, a service, its operator, and a network between; then everything heals."""

import hashlib
from typing import Final

from waymark_sync.codec import MSGPACK, encode
from waymark_sync.core_parts import Wake
from waymark_sync.intake_rules import next_chain
from waymark_sync.messages import ReceiptBody
from waymark_sync.protocol import ItemResult, Leaf, leaf_bytes
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.clockwork import HOUR_MS, Clockwork
from waymark_sync.simulate.disk import Feed, Posted
from waymark_sync.simulate.drainer import Drainer
from waymark_sync.simulate.faults import Ablation, Chance
from waymark_sync.simulate.ledger import Ledger
from waymark_sync.simulate.network import Network
from waymark_sync.simulate.operator import Operator
from waymark_sync.simulate.phone import VISITS_MAX, Phone
from waymark_sync.simulate.service import Service

STEPS: Final = 120
STEP_MS: Final = 15 * 60_000
"""On average: a story lasts a day and more, longer than any waiting time."""
PHONES_MAX: Final = 6


class World:
    def __init__(self, seed: int, ablation: Ablation | None = None) -> None:
        self.chance, self.ledger, self.clock = Chance(seed), Ledger(), Clockwork()
        self.service = Service(self.ledger, ablation)
        self.operator = Operator(self.service, self.chance)
        self.network = Network(self.clock, self.chance)
        self.phones: list[Phone] = []
        self.gone: list[Phone] = []
        self.drainers: dict[str, list[Drainer]] = {}
        self.stuck = False
        self._trace = hashlib.sha256()
        for visitor in (False, False, True):
            self.add_phone(visitor=visitor)
        if self.chance.draw.random() < 0.3:
            self.add_drainer(self.phones[0])

    # People and processes.

    def add_phone(self, *, visitor: bool) -> Phone:
        phone = Phone(
            f"phone {len(self.phones) + len(self.gone)}",
            self.chance,
            self.ledger,
            self.operator,
            visitor=visitor,
        )
        self.join(phone)
        return phone

    def join(self, phone: Phone) -> None:
        self.phones.append(phone)
        self.drainers[phone.name] = []
        self.add_drainer(phone)
        if not phone.visitor:
            self.service.disk.feeds.setdefault(phone.device_id, Feed())

    def add_drainer(self, phone: Phone) -> Drainer:
        drainer = Drainer(phone, self.clock, self.network)
        self.drainers[phone.name].append(drainer)
        return drainer

    def some_phone(self) -> Phone:
        return self.chance.draw.choice(self.phones)

    def some_drainer(self, phone: Phone) -> Drainer:
        return self.chance.draw.choice(self.drainers[phone.name])

    def all_drainers(self) -> list[Drainer]:
        return [drainer for phone in self.phones for drainer in self.drainers[phone.name]]

    def note(self, what: str) -> None:
        self._trace.update(f"{self.clock.now_ms} {what}\n".encode())

    @property
    def trace(self) -> str:
        """The same seed tells the same story."""
        return self._trace.hexdigest()

    # The service's own work.

    def open_reports(self) -> None:
        """The opener opens each new report's feed, and posts its receipt: of one in three, to save time."""
        disk = self.service.disk
        for known in disk.entries[disk.opened :]:
            feed_id = disk.feed_of.get(known.item_id)
            if feed_id is None or disk.by_id.get(known.item_id) != known:
                continue
            disk.feeds.setdefault(feed_id, Feed())
            if known.pos % 3:
                continue
            leaf = leaf_bytes(known.item_id, known.sha256, known.pos, "accepted")
            result = ItemResult(
                item_id=known.item_id,
                index=0,
                verdict="accepted",
                pos=known.pos,
                leaf=Leaf(index=0, size=1, path=()),
            )
            body = ReceiptBody(item_id=known.item_id, result=result, receipt=self.service.receipt([leaf]))
            self.post(feed_id, "receipt", encode(body, MSGPACK))
        disk.opened = disk.head

    def say(self) -> None:
        """A person answers one of the reports."""
        feeds = sorted(self.service.disk.feeds)
        if feeds:
            kind = self.chance.draw.choice(("ack", "message", "status", "of a later version"))
            self.post(self.chance.draw.choice(feeds), kind, self.chance.draw.randbytes(24))

    def post(self, feed_id: str, kind: str, sealed: bytes) -> None:
        """One transaction: position, running hash, message."""
        feed = self.service.disk.feeds.setdefault(feed_id, Feed())
        message_id, pos = stand_ins.uuid(self.chance.draw), feed.last_pos + 1
        message = stand_ins.signed_message(
            feed_id, message_id, pos=pos, kind=kind, sealed=sealed, kid=self.service.kids[-1]
        )
        posted = Posted(pos, message, next_chain(feed.chain, message_id, sealed))
        feed.last_pos = pos
        if self.service.ablation == "early_pos" and self.chance.draw.random() < 0.3:
            delay = round(self.chance.draw.random() * STEP_MS)
            self.clock.after(delay, lambda: self._commit_late(feed_id, posted))
            return
        feed.chain, feed.posted = posted.chain, (*feed.posted, posted)

    def _commit_late(self, feed_id: str, posted: Posted) -> None:
        """A position taken before the commit: a later one may be seen first."""
        feed = self.service.disk.feeds.get(feed_id)
        if feed is not None and all(one.pos != posted.pos for one in feed.posted):
            feed.posted = tuple(sorted((*feed.posted, posted), key=lambda one: one.pos))
            feed.last_pos = max(feed.last_pos, posted.pos)

    # Time.

    def pass_time(self, mean_ms: int = STEP_MS) -> None:
        wait_ms = round(self.chance.draw.expovariate(1 / mean_ms))
        self.clock.run_until(self.clock.now_ms + wait_ms)
        self.open_reports()

    def heal(self) -> None:
        """Nothing fails any more; people open their apps, and up to three days go by, twice:
        a report that is tried daily, on a device whose clock was set back meanwhile, waits longest.

        First the service still fails on its poison; then that is mended, too.
        """
        self.chance.on = False
        for poison, invariant in ((set(self.service.poison), "I6 isolation"), (set[str](), "I5 liveness")):
            self.service.poison = poison
            self._open_apps("start")
            if self._queued(but=poison):
                self.stuck = True
                self.ledger.broken(invariant)
        for turn in range(VISITS_MAX):
            for phone in self.phones:
                phone.feed_turn = turn
            self._wake("asked")  # a clock that was set back may make a device wait for a day
            self.clock.run_until(self.clock.now_ms + HOUR_MS)

    def _open_apps(self, reason: Wake) -> None:
        self._wake(reason)
        for wait_ms in (HOUR_MS, *(6 * HOUR_MS,) * 11):
            self.clock.run_until(self.clock.now_ms + wait_ms)
            self.open_reports()
            if not self._queued(but=self.service.poison):
                return

    def _wake(self, reason: Wake) -> None:
        for drainer in self.all_drainers():
            drainer.off = False
            drainer.thaw()
        for phone in self.phones:
            self.drainers[phone.name][0].wake(reason)

    def _queued(self, *, but: set[str]) -> bool:
        return any(
            row.state == "queued" and row.item_id not in but
            for phone in self.phones
            for row in phone.store.items()
        )
