"""The client of one device: push what waits, ask after what is retained, pull what came.

What to do next is decided in `core`; this performs it, with the outbox, the network and the keys. Time,
randomness and transport are passed in. Nothing here blocks a capture: with no network every verb returns a
failure and leaves the reports queued. Two clients on one outbox do no harm.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from msgspec import Struct

from waymark_sync import core_parts as core
from waymark_sync import device_keys, shapes
from waymark_sync.answers import (
    NOT_THE_SERVICE,
    Failure,
    failure_of,
    no_answer,
    receipt_holds,
    understand,
    understand_manifest,
)
from waymark_sync.backoff import Random
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.contact import note_alert
from waymark_sync.core import State, step
from waymark_sync.core_settle import next_batch, settle_failure, settle_push
from waymark_sync.device import Device, carry_out, kept_device
from waymark_sync.inbox import Inbox, Pulled
from waymark_sync.keyring import Keyring
from waymark_sync.locking import lock_now
from waymark_sync.outbox import Outbox, Settled
from waymark_sync.outbox_rows import KeptOrder, Row
from waymark_sync.protocol import (
    ITEMS_MAX,
    MANIFEST_MAX,
    InService,
    ManifestRequest,
    ManifestResponse,
    PushRequest,
    PushResponse,
    QueueState,
    Revocation,
    SignedKeySet,
)
from waymark_sync.transport import NoAnswer, Reply, Transport
from waymark_sync.trust import in_service_valid, order_valid, rekeyed_valid

__all__ = ["CAPS", "Client", "Drained", "Pushed", "next_batch"]

Answer = TypeVar("Answer", PushResponse, ManifestResponse)

CAPS = ("ack", "message", "needs_attention", "receipt")


class Pushed(Struct, frozen=True, kw_only=True):
    """What one request achieved. `failure` None: the service answered."""

    sent: int
    stored: int = 0
    refused: int = 0
    failure: Failure | None = None
    downstream: bool = False
    requeued: bool = False


class Drained(Struct, frozen=True, kw_only=True):
    """One pass. `next_try_ms`: when the next report falls due, None when nothing waits."""

    stored: int
    refused: int
    received: int
    failure: Failure | None
    next_try_ms: int | None
    wake_at_ms: int | None = None
    """When to drain again, should nothing else be a reason before. None: no need."""


class Client:
    """Belongs to one thread, as its outbox does."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        device: Device,
        transport: Transport,
        root: bytes,
        now_ms: Callable[[], int],
        random: Random,
        pinned: SignedKeySet | None = None,
        app_build: str = "",
        files_waiting: Callable[[], bool] = lambda: False,
    ) -> None:
        """root and pinned: the public key and the key set this build was made with.

        files_waiting: of reports sent from here. A device that leaves keeps its keys for as long.
        """
        self._outbox, self._device, self._transport = outbox, device, transport
        self._now_ms, self._random, self._app_build = now_ms, random, app_build
        self._files_waiting = files_waiting
        self.keyring = Keyring(outbox=outbox, transport=transport, root=root, pinned=pinned)
        self.inbox = Inbox(outbox=outbox, device=device, transport=transport, keyring=self.keyring)

    def drain(self, *, asked: bool = False) -> Drained:
        """One pass: push until nothing is due, ask what is missing, pull to the end of the feed.

        asked: a person wants it now, so waiting times are set aside.
        """
        self._read_device()
        state, wake_at_ms = State(), None
        event: core.Event | None = core.Woken(now_ms=self._now_ms(), reason="asked" if asked else "timer")
        while event is not None:
            state, effects = step(state, event)
            event = None
            for effect in effects:
                if isinstance(effect, core.Rest):
                    return self._drained(effect, wake_at_ms)
                if isinstance(effect, core.SetTimer):
                    wake_at_ms = effect.at_ms
                event = self._perform(effect) or event
        raise AssertionError("a pass ends with Rest")

    def push_once(self) -> Pushed:
        """Send what is due, as much as fits one request; with nothing due, a heartbeat."""
        rows = next_batch(self._outbox.due(self._now_ms(), limit=ITEMS_MAX))
        request = core.SendPush(number=1, rows=rows, seen=self._outbox.state("incarnation"))
        event = self._push(request)
        if isinstance(event, core.Failed):
            writes = settle_failure(
                rows, event.failure, batch_size=len(rows), now_ms=event.now_ms, luck=event.luck
            )
            self._outbox.apply(core.Apply(number=0, writes=writes))
            return Pushed(sent=len(rows), failure=event.failure)
        writes, response = settle_push(event), event.response
        settled = self._outbox.apply(
            core.Apply(number=0, writes=writes, incarnation=response.incarnation, seen=request.seen)
        )
        self._renew_keys(response.keys_issued_at)
        return Pushed(
            sent=len(rows),
            stored=sum(isinstance(write, core.TakeReceipt) for write in writes),
            refused=sum(isinstance(write, core.SetAside) for write in writes),
            downstream=response.downstream,
            requeued=settled.requeued,
        )

    def pull_once(self) -> Pulled:
        """One page of the feed."""
        return self.inbox.pull_once()

    def _drained(self, rest: core.Rest, wake_at_ms: int | None) -> Drained:
        return Drained(
            stored=rest.stored,
            refused=rest.refused,
            received=rest.received,
            failure=rest.failure,
            next_try_ms=self._outbox.next_try_ms(),
            wake_at_ms=wake_at_ms,
        )

    def _perform(self, effect: core.Effect) -> core.Event | None:
        match effect:
            case core.ReadDue(now_ms=now_ms):
                return self._read_due(now_ms)
            case core.ReadRetained():
                return self._read_retained(effect)
            case core.SendPush():
                return self._push(effect)
            case core.SendManifest():
                return self._ask(effect)
            case core.SendPull():
                return self._pull(effect)
            case core.Apply():
                return self._applied(effect.number, self._outbox.apply(effect))
            case core.OpenReceipts():
                return self._open_receipts()
            case core.ReadQueue():
                return self._read_queue()
            case core.RenewKeys(issued_at=issued_at):
                self._renew_keys(issued_at)
            case core.CarryOut(scope=scope):
                carry_out(self._outbox, scope)
        return None

    def _read_due(self, now_ms: int) -> core.DueRead:
        return core.DueRead(
            now_ms=now_ms,
            rows=tuple(self._outbox.due(now_ms, limit=ITEMS_MAX)),
            incarnation=self._outbox.state("incarnation"),
            not_before=int(self._outbox.state("not_before") or 0),
            pulls=self._order() is None,
        )

    def _order(self) -> KeptOrder | None:
        """That this device obeys: its feed is closed."""
        order = self._outbox.order()
        return order if order is not None and order.device_id == self._device.device_id else None

    def _read_queue(self) -> core.QueueRead:
        order = self._order()
        return core.QueueRead(
            now_ms=self._now_ms(),
            next_try_ms=self._outbox.next_try_ms(),
            holding=self._outbox.holding(),
            not_before=int(self._outbox.state("not_before") or 0),
            leaving=order.leaving if order else None,
            draining=self._outbox.draining() or self._files_waiting(),
            stuck=self._outbox.stuck(),
        )

    def _read_retained(self, effect: core.ReadRetained) -> core.RetainedRead:
        held = self._outbox.retained(device_id=effect.device_id, item_id=effect.item_id, limit=MANIFEST_MAX)
        return core.RetainedRead(
            now_ms=self._now_ms(), held=tuple(held), incarnation=self._outbox.state("incarnation")
        )

    def _applied(self, number: int, settled: Settled) -> core.Applied:
        return core.Applied(
            now_ms=self._now_ms(),
            number=number,
            stale=settled.stale,
            requeued=settled.requeued,
        )

    def _push(self, effect: core.SendPush) -> core.PushAnswered | core.Failed:
        answer = self._exchange("/sync/v1/push", self._request(effect.rows, effect.seen), understand)
        if isinstance(answer, Failure):
            return self._failed(effect, answer)
        note_alert(self._outbox, answer.alert, build=self._app_build)
        self._heard(answer.in_service)
        self._change_keys(answer)
        return core.PushAnswered(
            now_ms=self._now_ms(),
            luck=self._random(),
            request=effect,
            response=answer,
            order=self._told(answer.revoke),
            own_id=self._own_id,
        )

    def _ask(self, effect: core.SendManifest) -> core.ManifestAnswered | core.Failed:
        request = ManifestRequest(
            device_id=effect.device_id, incarnation_seen=effect.seen, retained=effect.retained
        )
        answer = self._exchange("/sync/v1/manifest", request, understand_manifest)
        if isinstance(answer, Failure):
            return self._failed(effect, answer)
        return core.ManifestAnswered(
            now_ms=self._now_ms(),
            luck=self._random(),
            request=effect,
            response=answer,
            order=self._told(answer.revoke),
            own_id=self._own_id,
        )

    def _pull(self, effect: core.SendPull) -> core.PageCame | core.Failed:
        page = self.inbox.page()
        if isinstance(page, Failure):
            return self._failed(effect, page, self.inbox.order)
        return core.PageCame(now_ms=self._now_ms(), request=effect, feed_id=self._device.device_id, page=page)

    def _failed(self, effect: core.Request, failure: Failure, order: Revocation | None = None) -> core.Failed:
        return core.Failed(
            now_ms=self._now_ms(),
            luck=self._random(),
            request=effect,
            failure=failure,
            order=self._told(order),
            own_id=self._own_id,
        )

    @property
    def _own_id(self) -> str | None:
        """A visitor belongs to nobody, so nobody takes it out of service."""
        return None if self._device.visitor else self._device.device_id

    def _told(self, order: Revocation | None) -> core.Order | None:
        if order is None:
            return None
        genuine = self.keyring.says(partial(order_valid, order))
        return core.Order(device_id=order.device_id, scope=order.scope, genuine=genuine)

    def _heard(self, word: InService | None) -> None:
        """It opens a device that had locked itself, if the service signed it and it is to this device."""
        if word is None or word.device_id != self._own_id:
            return
        if self.keyring.says(partial(in_service_valid, word)):
            lock_now(self._outbox, now_ms=self._now_ms(), word_at=word.at)

    def _change_keys(self, answer: PushResponse) -> None:
        """The service asks for new ones, or says that those it was shown count."""
        word, device_id = answer.rekeyed, self._device.device_id
        changed = False
        if word is not None and word.device_id == device_id:
            if not self.keyring.says(partial(rekeyed_valid, word)):
                return
            changed = device_keys.told(self._outbox, word, incarnation=answer.incarnation)
        elif answer.rekey:
            changed = device_keys.begin(self._outbox, device_id)
        if changed:
            self._read_device()

    def _read_device(self) -> None:
        """Its keys as the outbox has them: another process may have taken new ones."""
        kept = kept_device(self._outbox)
        if kept is not None and kept.device_id == self._own_id and not kept.out_of_service:
            self._device = kept
            self.inbox.of(kept)

    def _open_receipts(self) -> core.ReceiptsOpened:
        return core.ReceiptsOpened(
            now_ms=self._now_ms(),
            receipts=tuple(self.inbox.receipts()),
            incarnation=self._outbox.state("incarnation"),
        )

    def _exchange(
        self, path: str, request: Struct, understood: Callable[[bytes, str], Answer | None]
    ) -> Answer | Failure:
        headers = {"content-type": MSGPACK, "accept": MSGPACK}
        try:
            reply = self._transport.post(path, encode(request, MSGPACK), headers)
        except NoAnswer as error:
            return no_answer(sent=error.sent)
        return failure_of(reply.status, reply.headers) or self._believed(reply, understood)

    def _request(self, rows: tuple[Row, ...], seen: str | None) -> PushRequest:
        sender = rows[0].device_id if rows else self._device.device_id
        return PushRequest(
            device_id=sender,
            incarnation_seen=seen,
            app_build=self._app_build,
            caps=CAPS,
            queue=self._queue_state() if sender == self._device.device_id else None,
            items=tuple(row.envelope() for row in rows),
            rekey=device_keys.to_show(self._outbox, sender) if sender == self._own_id else (),
        )

    def _queue_state(self) -> QueueState | None:
        device_id, epoch = self._device.device_id, self._device.epoch
        for entry in self._outbox.custody(device_id):
            if entry.epoch == epoch:
                kids = self._outbox.queued_kids(device_id=device_id, epoch=epoch)[:16]
                now_ms = self._now_ms()
                return QueueState(
                    epoch=epoch,
                    max_seq=entry.max_seq,
                    queued=entry.queued,
                    oldest_age_s=_age_s(
                        self._outbox.oldest_queued(device_id=device_id, epoch=epoch), now_ms=now_ms
                    ),
                    kids=tuple(kids),
                    device_time=max(0, now_ms),
                    storage="durable",
                )
        return None

    def _believed(self, reply: Reply, understood: Callable[[bytes, str], Answer | None]) -> Answer | Failure:
        """The answer if it is the service's; a captive portal's is no answer."""
        response = understood(reply.body, reply.headers.get("content-type", ""))
        if response is None or not self.keyring.says(partial(receipt_holds, response)):
            return NOT_THE_SERVICE
        return response

    def _renew_keys(self, issued_at: int) -> None:
        held = self.keyring.held()
        if held is not None and issued_at > held.issued_at:
            self.keyring.renewed()


def _age_s(made_at: str | None, *, now_ms: int) -> int:
    """By the clock that made it. 0 for what was not made by a time that can be read."""
    try:
        made = datetime.fromisoformat(made_at or "")
    except ValueError:
        return 0
    if made.tzinfo is None:
        return 0
    return max(0, now_ms // 1_000 - int(made.timestamp()))


shapes.work_out()  # a program may have several clients, each in a thread of its own
