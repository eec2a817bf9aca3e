"""One process of a device: performs what the core asks for, and may die before or after any of it."""

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from waymark_sync import core_parts as core
from waymark_sync.answers import (
    NOT_THE_SERVICE,
    Failure,
    failure_of,
    no_answer,
    understand,
    understand_manifest,
)
from waymark_sync.codec import MSGPACK, WireError, decode, encode
from waymark_sync.core import State, step
from waymark_sync.messages import ReceiptBody
from waymark_sync.protocol import (
    ITEMS_MAX,
    MANIFEST_MAX,
    ManifestRequest,
    ManifestResponse,
    PullResponse,
    PushRequest,
    PushResponse,
    Revocation,
)
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.clockwork import Clockwork
from waymark_sync.simulate.files import FilePass
from waymark_sync.simulate.network import Asked, Network
from waymark_sync.simulate.phone import Phone
from waymark_sync.transport import Reply


class Drainer:
    def __init__(self, phone: Phone, clock: Clockwork, network: Network) -> None:
        self.phone, self._clock, self._network = phone, clock, network
        self._state = State()
        self.life = 0
        """A new one after each death; what was meant for an earlier one reaches nobody."""
        self.alive = True
        self.frozen = False
        self.off = False
        self._waiting: deque[core.Event] = deque()
        self._timer = 0
        self.timer_set = False

    @property
    def now_ms(self) -> int:
        """By the device's clock."""
        return self._clock.now_ms + self.phone.clock_offset_ms

    def wake(self, reason: core.Wake) -> None:
        if self.off:
            return
        if not self.alive:
            self._born()
            reason = "start"
        self.take(core.Woken(now_ms=self.now_ms, reason=reason))

    def die(self) -> None:
        """Nothing in memory survives, timers included."""
        self.life += 1
        self.alive = self.frozen = self.timer_set = False
        self._waiting.clear()

    def thaw(self) -> None:
        self.frozen = False
        self._run()

    def take(self, event: core.Event) -> None:
        if self.alive:
            self._waiting.append(event)
            self._run()

    def _born(self) -> None:
        self._state, self.alive = State(), True

    def _run(self) -> None:
        """A frozen tab takes nothing in; its answers wait."""
        while self._waiting and self.alive and not self.frozen:
            self._state, effects = step(self._state, self._waiting.popleft())
            for effect in effects:
                if self.phone.chance.on_the_device("client_crash"):
                    self.die()
                    return
                event = self._perform(effect)
                if not self.alive:
                    return
                if event is not None:
                    self._waiting.appendleft(event)

    def _perform(self, effect: core.Effect) -> core.Event | None:
        store = self.phone.store
        match effect:
            case core.ReadDue(now_ms=now_ms):
                return core.DueRead(
                    now_ms=now_ms,
                    rows=tuple(store.due(now_ms, limit=ITEMS_MAX)),
                    incarnation=store.state("incarnation"),
                    not_before=int(store.state("not_before") or 0),
                    pulls=store.order() is None,
                )
            case core.ReadRetained():
                held = store.retained(device_id=effect.device_id, item_id=effect.item_id, limit=MANIFEST_MAX)
                return core.RetainedRead(
                    now_ms=self.now_ms, held=tuple(held), incarnation=store.state("incarnation")
                )
            case core.ReadQueue():
                return core.QueueRead(
                    now_ms=self.now_ms,
                    next_try_ms=store.next_try_ms(),
                    holding=self.phone.holding,
                    not_before=int(store.state("not_before") or 0),
                    leaving=self.phone.leaving,
                    draining=self.phone.draining,
                    stuck=store.stuck(),
                )
            case core.Apply():
                return self._apply(effect)
            case core.OpenReceipts():
                return self._open_receipts()
            case core.SendPush():
                self._push(effect)
            case core.SendManifest():
                return self._ask(effect)
            case core.SendPull():
                return self._pull(effect)
            case core.CarryOut(scope=scope):
                self.phone.carry_out(scope)
            case core.SetTimer():
                self._set_timer(effect.at_ms)
            case core.RenewKeys(issued_at=issued_at):
                if issued_at > self.phone.issued_at:
                    self._renew_keys()
            case core.Rest():
                self._rest(effect)
        return None

    # Stores.

    def _apply(self, effect: core.Apply) -> core.Event | None:
        if effect.writes and self.phone.chance.on_the_device("disk_full_at_answer"):
            self.die()
            return None
        settled = self.phone.apply(effect)
        return core.Applied(
            now_ms=self.now_ms,
            number=effect.number,
            stale=settled.stale,
            requeued=settled.requeued,
        )

    def _open_receipts(self) -> core.ReceiptsOpened:
        store, found = self.phone.store, list[core.OpenedReceipt]()
        for feed_id in self.phone.identities:
            for message in store.messages(feed_id):
                if message.kind != "receipt" or message.applied:
                    continue
                body = decode(message.sealed, MSGPACK, ReceiptBody)
                row = store.item(body.item_id)
                if row is not None and stand_ins.receipt_good(body.receipt, self.phone.kids):
                    found.append(core.OpenedReceipt(message_id=message.id, body=body, row=row))
        return core.ReceiptsOpened(
            now_ms=self.now_ms, receipts=tuple(found), incarnation=store.state("incarnation")
        )

    # Requests.

    def _push(self, effect: core.SendPush) -> None:
        phone, rows = self.phone, effect.rows
        if phone.ablation == "reseal_on_retry":
            rows = tuple(phone.reseal(row) if row.attempts else row for row in rows)
            effect = core.SendPush(number=effect.number, rows=rows, seen=effect.seen)
        if phone.ablation == "remove_before_send":
            phone.forget(rows)
        request = PushRequest(
            device_id=rows[0].device_id if rows else phone.device_id,
            incarnation_seen=effect.seen,
            items=tuple(row.envelope() for row in rows),
        )
        body = encode(request, MSGPACK)
        ids = tuple(row.item_id for row in rows)
        self._send(effect, lambda: phone.operator.service.push(body), ids)

    def _ask(self, effect: core.SendManifest) -> core.Event | None:
        if self.phone.ablation == "no_manifest":
            unknown = Failure(kind="unreachable", reason="http_404")
            return core.Failed(now_ms=self.now_ms, luck=0, request=effect, failure=unknown)
        request = ManifestRequest(
            device_id=effect.device_id, incarnation_seen=effect.seen, retained=effect.retained
        )
        body = encode(request, MSGPACK)
        self._send(effect, lambda: self.phone.operator.service.manifest(body))
        return None

    def _pull(self, effect: core.SendPull) -> core.Event | None:
        feed_id = self.feed_id
        if feed_id is None:
            gone = Failure(kind="fault", reason="no_feed")
            return core.Failed(now_ms=self.now_ms, luck=0, request=effect, failure=gone)
        cursor = self.phone.store.cursor(feed_id)
        self._send(effect, lambda: self.phone.operator.service.pull(feed_id, cursor), feed_id=feed_id)
        return None

    @property
    def feed_id(self) -> str | None:
        """A visitor's phone reads its feeds in turn, one a pass."""
        feeds = self.phone.identities
        return feeds[self.phone.feed_turn % len(feeds)] if feeds else None

    def _send(
        self,
        effect: core.Request,
        answer: Callable[[], Reply],
        stored: tuple[str, ...] = (),
        feed_id: str = "",
    ) -> None:
        asked = Asked(answer=answer, stored=stored, device_id=self.phone.device_id)
        self._network.send(asked, _Flight(self, effect, self.life, feed_id))

    def understood(self, effect: core.Request, reply: Reply, feed_id: str) -> core.Event:
        """As the real shell: the status, then the form, then the signatures."""
        found = failure_of(reply.status, reply.headers) or self._read(effect, reply, feed_id)
        luck = self.phone.chance.draw.random()
        if isinstance(found, Failure):
            return self.failed(effect, found)
        if isinstance(effect, core.SendPush) and isinstance(found, PushResponse):
            order = self._order(found.revoke)
            own_id = None if self.phone.visitor else self.phone.device_id
            return core.PushAnswered(
                now_ms=self.now_ms, luck=luck, request=effect, response=found, order=order, own_id=own_id
            )
        if isinstance(effect, core.SendManifest) and isinstance(found, ManifestResponse):
            return core.ManifestAnswered(now_ms=self.now_ms, luck=luck, request=effect, response=found)
        if isinstance(effect, core.SendPull) and isinstance(found, PullResponse):
            return core.PageCame(now_ms=self.now_ms, request=effect, feed_id=feed_id, page=found)
        raise AssertionError("an answer is of its request's kind")

    def _order(self, told: Revocation | None) -> core.Order | None:
        if told is None:
            return None
        good = stand_ins.order_good(told, self.phone.kids)
        if good is None:
            self._renew_keys()
            good = stand_ins.order_good(told, self.phone.kids)
        return core.Order(device_id=told.device_id, scope=told.scope, genuine=bool(good))

    def failed(self, effect: core.Request, failure: Failure) -> core.Failed:
        if self.phone.ablation == "batch_4xx" and failure.reason == "http_400":
            failure = Failure(kind="unreachable", reason=failure.reason)
        luck = self.phone.chance.draw.random()
        return core.Failed(now_ms=self.now_ms, luck=luck, request=effect, failure=failure)

    def _read(self, effect: core.Request, reply: Reply, feed_id: str) -> Struct | Failure:
        kind = reply.headers.get("content-type", "")
        if isinstance(effect, core.SendPull):
            try:
                page = decode(reply.body, kind, PullResponse)
            except WireError:
                return NOT_THE_SERVICE
            return self._if(page, lambda: stand_ins.messages_good(feed_id, page.messages, self.phone.kids))
        read = understand if isinstance(effect, core.SendPush) else understand_manifest
        response = read(reply.body, kind)
        if response is None:
            return NOT_THE_SERVICE
        receipt = response.receipt
        if receipt is None:
            return response
        if receipt.incarnation != response.incarnation:
            return NOT_THE_SERVICE
        return self._if(response, lambda: stand_ins.receipt_good(receipt, self.phone.kids))

    def _if(self, told: Struct, holds: Callable[[], bool | None]) -> Struct | Failure:
        good = holds()
        if good is None:
            self._renew_keys()
            good = holds()
        return told if good else NOT_THE_SERVICE

    def _renew_keys(self) -> None:
        """A request of its own, which may fail like any."""
        if self.phone.chance.on and self.phone.chance.draw.random() < 0.2:
            return
        service = self.phone.operator.service
        self.phone.kids, self.phone.issued_at = set(service.kids), service.issued_at

    # Time.

    def _set_timer(self, at_ms: int | None) -> None:
        self._timer += 1
        self.timer_set = at_ms is not None
        if at_ms is not None:
            timer, life = self._timer, self.life
            self._clock.after(at_ms - self.now_ms, lambda: self._ring(timer, life))

    def _ring(self, timer: int, life: int) -> None:
        if timer == self._timer and life == self.life and self.alive:
            self.wake("timer")

    def _rest(self, rest: core.Rest) -> None:
        """I5: whatever ends a pass leaves a timer while anything is queued."""
        if self.phone.store.next_try_ms() is not None and not self.timer_set:
            self.phone.ledger.broken("I5 liveness")
        self.phone.feed_turn += 1
        if rest.failure is None or rest.failure.reason == "http_401":  # no feed; files are sent all the same
            FilePass(self, self._network)


class _Flight:
    """One request of one life of a drainer."""

    def __init__(self, drainer: Drainer, effect: core.Request, life: int, feed_id: str) -> None:
        self._drainer, self._effect, self._life, self._feed_id = drainer, effect, life, feed_id

    def came(self, reply: Reply) -> None:
        if self._life == self._drainer.life:
            self._drainer.take(self._drainer.understood(self._effect, reply, self._feed_id))

    def silent(self, *, sent: bool) -> None:
        if self._life == self._drainer.life:
            self._drainer.take(self._drainer.failed(self._effect, no_answer(sent=sent)))
