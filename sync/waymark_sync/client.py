"""The client of one device: push what waits, pull what came, believe only what is signed.

Time, randomness and transport are passed in. Nothing here blocks a capture: with no network every verb
returns a failure and leaves the reports queued. Two clients on one outbox do no harm.
"""

from collections.abc import Callable

from msgspec import Struct

from waymark_sync.answers import (
    Doubted,
    Failure,
    Later,
    Refused,
    Stored,
    ends_pass,
    failure_of,
    judge,
    no_answer,
    receipt_holds,
    setback,
    understand,
)
from waymark_sync.backoff import Random, delay_s
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.device import Device
from waymark_sync.inbox import NOT_THE_SERVICE, Inbox, Pulled
from waymark_sync.keyring import Keyring
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox import Outbox, Row
from waymark_sync.protocol import (
    ITEMS_MAX,
    PUSH_BYTES_MAX,
    PushRequest,
    PushResponse,
    QueueState,
    SignedKeySet,
)
from waymark_sync.transport import NoAnswer, Reply, Transport

FRAME_BYTES = 2_048  # a request without its items, with room to spare
ITEM_FRAME_BYTES = 128  # names and lengths of one item's four fields
CAPS = ("ack", "message", "needs_attention", "receipt")
PAUSE_MS_MAX = 30 * 3_600_000  # a clock that was set back must not silence the device for longer
PASS_REQUESTS_MAX = 1_000  # 64,000 reports: no device comes near


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
    ) -> None:
        """root and pinned: the public key and the key set this build was made with."""
        self._outbox, self._device, self._transport = outbox, device, transport
        self._now_ms, self._random, self._app_build = now_ms, random, app_build
        self.keyring = Keyring(outbox=outbox, transport=transport, root=root, pinned=pinned)
        self.inbox = Inbox(outbox=outbox, device=device, transport=transport, keyring=self.keyring)

    def drain(self, *, asked: bool = False) -> Drained:
        """Push until nothing is due or the service asks for time; then pull to the end of the feed.

        asked: a person wants it now, so waiting times are set aside.
        """
        if asked:
            self._outbox.send_now()
            self._outbox.keep_state("not_before", 0)
        stored = refused = received = 0
        failure = self._pausing()
        for _ in range(PASS_REQUESTS_MAX):
            if failure is not None:
                break
            pushed = self.push_once()
            stored, refused = stored + pushed.stored, refused + pushed.refused
            if pushed.failure is not None and ends_pass(pushed.failure):
                failure = pushed.failure
            elif not self._outbox.due(self._now_ms(), limit=1):
                received, failure = self._pull_all()
                break
            else:
                failure = self._pausing()
        return Drained(
            stored=stored,
            refused=refused,
            received=received,
            failure=failure,
            next_try_ms=self._outbox.next_try_ms(),
        )

    def push_once(self) -> Pushed:
        """Send what is due, as much as fits one request; with nothing due, a heartbeat."""
        batch = next_batch(self._outbox.due(self._now_ms(), limit=ITEMS_MAX))
        answer = self._exchange(batch)
        if isinstance(answer, Failure):
            self._note_failure(batch, answer)
            return Pushed(sent=len(batch), failure=answer)
        requeued = self._outbox.adopt_incarnation(answer.incarnation)
        outcomes = [self._settle(row, index, answer) for index, row in enumerate(batch)]
        self._take_notice(answer)
        return Pushed(
            sent=len(batch),
            stored=outcomes.count("stored"),
            refused=outcomes.count("refused"),
            downstream=answer.downstream,
            requeued=requeued,
        )

    def pull_once(self) -> Pulled:
        """One page of the feed."""
        return self.inbox.pull_once()

    def _pull_all(self) -> tuple[int, Failure | None]:
        received = 0
        for _ in range(PASS_REQUESTS_MAX):
            pulled = self.pull_once()
            received += pulled.received
            if pulled.failure is not None or not pulled.more:
                return received, pulled.failure
        return received, None

    def _exchange(self, batch: list[Row]) -> PushResponse | Failure:
        headers = {"content-type": MSGPACK, "accept": MSGPACK}
        try:
            reply = self._transport.post("/sync/v1/push", encode(self._request(batch), MSGPACK), headers)
        except NoAnswer as error:
            return no_answer(sent=error.sent)
        return failure_of(reply.status, reply.headers) or self._believed(reply)

    def _request(self, batch: list[Row]) -> PushRequest:
        sender = batch[0].device_id if batch else self._device.device_id
        return PushRequest(
            device_id=sender,
            incarnation_seen=self._outbox.state("incarnation"),
            app_build=self._app_build,
            caps=CAPS,
            queue=self._queue_state() if sender == self._device.device_id else None,
            items=tuple(row.envelope() for row in batch),
        )

    def _queue_state(self) -> QueueState | None:
        device_id, epoch = self._device.device_id, self._device.epoch
        for entry in self._outbox.custody(device_id):
            if entry.epoch == epoch:
                kids = self._outbox.queued_kids(device_id=device_id, epoch=epoch)[:16]
                return QueueState(epoch=epoch, max_seq=entry.max_seq, queued=entry.queued, kids=tuple(kids))
        return None

    def _believed(self, reply: Reply) -> PushResponse | Failure:
        """The answer if it is the service's; a captive portal's is no answer."""
        response, keys = (
            understand(reply.body, reply.headers.get("content-type", "")),
            self.keyring.keys(),
        )
        if response is None or keys is None:
            return NOT_THE_SERVICE
        holds = receipt_holds(response, keys)
        if holds is None:
            renewed = self.keyring.renewed()
            holds = renewed is not None and receipt_holds(response, renewed)
        return response if holds else NOT_THE_SERVICE

    def _settle(self, row: Row, index: int, response: PushResponse) -> str:
        match judge(row, index, response):
            case Stored(result, receipt):
                body = ReceiptBody(item_id=row.item_id, result=result, receipt=receipt)
                self._outbox.record_receipt(body, sha256=row.sha256)
                return "stored"
            case Refused(reason):
                self._outbox.quarantine(row, error=reason)
                return "refused"
            case Doubted(reason):
                self._note_setback(row, Failure(kind="fault", reason=reason), batch_size=1, parts=False)
                return "later"
            case Later(reason, floor_s):
                wait_s = delay_s(row.attempts, random=self._random, floor_s=floor_s or None)
                self._outbox.record_retry(row, next_try_ms=self._in_ms(wait_s), error=reason)
                return "later"

    def _take_notice(self, response: PushResponse) -> None:
        self._outbox.keep_state("challenge", response.challenge)
        if response.receipt is not None:
            # The floor that is told outside the receipt is not signed, so nothing is let go for it.
            self._outbox.purge(
                incarnation=response.receipt.incarnation, restore_floor=response.receipt.restore_floor
            )
        if response.backoff_s:
            self._pause(float(response.backoff_s))
        held = self.keyring.held()
        if held is not None and response.keys_issued_at > held.issued_at:
            self.keyring.renewed()

    def _note_failure(self, batch: list[Row], failure: Failure) -> None:
        for row in batch:
            self._note_setback(row, failure, batch_size=len(batch))
        if failure.kind == "later" and failure.floor_s:
            self._pause(failure.floor_s)

    def _note_setback(self, row: Row, failure: Failure, *, batch_size: int, parts: bool = True) -> None:
        """parts: who failed is not known, so the batch must come apart."""
        back = setback(row, failure, batch_size=batch_size, now_ms=self._now_ms(), random=self._random)
        self._outbox.record_retry(
            row,
            next_try_ms=back.next_try_ms,
            error=back.error,
            attempts=back.attempts,
            companions=back.companions if parts else row.companions,
            solo_failures=back.solo_failures,
        )

    def _pause(self, floor_s: float) -> None:
        wait_s = delay_s(0, random=self._random, floor_s=floor_s)
        self._outbox.keep_state("not_before", self._in_ms(wait_s))

    def _pausing(self) -> Failure | None:
        not_before = int(self._outbox.state("not_before") or 0)
        left_ms = not_before - self._now_ms()
        if not_before and 0 < left_ms <= PAUSE_MS_MAX:  # a clock may stand before 1970
            return Failure(kind="later", reason="pausing", floor_s=left_ms / 1000)
        return None

    def _in_ms(self, wait_s: float) -> int:
        return self._now_ms() + round(wait_s * 1000)


def next_batch(due: list[Row]) -> list[Row]:
    """Those that may share the next request: one device's, as many as each allows, within a push's bytes."""
    batch: list[Row] = []
    room = PUSH_BYTES_MAX - FRAME_BYTES
    for row in due:
        if row.device_id != due[0].device_id:
            continue
        room -= _bytes_on_the_wire(row)
        if batch and (room < 0 or len(batch) >= min(ITEMS_MAX, row.companions)):
            break
        batch.append(row)
    return batch


def _bytes_on_the_wire(row: Row) -> int:
    return len(row.header) + len(row.sealed or b"") + len(row.sha256) + len(row.sig) + ITEM_FRAME_BYTES
