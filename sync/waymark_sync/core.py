"""What a device does next: one pass pushes what is due, asks after what it retains, and pulls what came.

`step` is a pure function of a state and an event: no clock, no chance, no I/O, nothing awaited. A state is
memory alone: forget it at any moment, start again from `State()`, and nothing is lost, because every fact
lies in the outbox and every effect on it is one transaction. Any number of these may run on one outbox.

A shell performs the effects in order and hands back the event that each names. It must answer every
request, if only by Failed after a time; late answers are welcome. Whatever ends a pass sets a timer while
anything is queued.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from waymark_sync.answers import NOT_THE_SERVICE, Failure, ends_pass
from waymark_sync.core_parts import (
    Applied,
    Apply,
    CarryOut,
    DueRead,
    Effect,
    Event,
    Failed,
    KeepPage,
    ManifestAnswered,
    MarkApplied,
    OpenReceipts,
    PageCame,
    PushAnswered,
    QueueRead,
    ReadDue,
    ReadQueue,
    ReadRetained,
    ReceiptsOpened,
    Remember,
    RenewKeys,
    Rest,
    RetainedRead,
    SendManifest,
    SendNow,
    SendPull,
    SendPush,
    SetAside,
    SetTimer,
    TakeReceipt,
    Woken,
    Write,
)
from waymark_sync.core_settle import (
    heed,
    manifest_holds,
    manifest_page,
    next_batch,
    settle_failure,
    settle_manifest,
    settle_push,
)
from waymark_sync.trust import covers

PAUSE_MS_MAX = 30 * 3_600_000  # a clock that was set back must not silence the device for longer
PASS_REQUESTS_MAX = 1_000  # 64,000 reports: no device comes near
MANIFESTS_MAX = (
    2  # a pass: once to learn what is missing, once to let go; a service that contradicts itself waits
)
CHECK_IN_MS = 6 * 3_600_000  # while bytes are retained: a restore that nobody announced is found within that
TIMER_MS_MIN = 1_000
LATE = 0
"""The number of what an answer changes that no pass waits for any more."""

Waiting = Literal[
    "nothing", "hurry", "due", "push", "push_kept", "retained", "manifest", "manifest_kept", "page",
    "page_kept", "receipts", "receipts_kept", "queue",
]  # fmt: skip
"""What the state waits for: the answer to its last effect. `_kept`: the transaction of an answer."""

Stepped = tuple["State", tuple[Effect, ...]]


class State(Struct, frozen=True, kw_only=True):
    """Between two events of one drainer."""

    waiting: Waiting = "nothing"
    number: int = 1
    """Of the last request or transaction; an answer to another is late. Nought is never one."""
    seen: str | None = None
    """The lineage known when last read."""
    pushed: bool = False
    requests: int = 0
    manifests: int = 0
    after: tuple[str, str] = ("", "")
    """Device and report up to which it was asked what is missing."""
    offered: bool = False
    """Something went back to queued since the last push."""
    more: bool = False
    came: bool = False
    """The page had messages."""
    pulls: bool = True
    """There is a feed to ask."""
    woken: bool = False
    """Again, in the middle of a pass."""
    stored: int = 0
    refused: int = 0
    received: int = 0
    failure: Failure | None = None
    unheard: bool = False
    """A push got no answer of the service: it may have come there all the same, and the feed would say so."""


def step(state: State, event: Event) -> Stepped:
    """The next state, and what is to be done, in order."""
    match event:
        case Woken():
            return _woken(state, event)
        case DueRead():
            return _due_read(state, event)
        case PushAnswered():
            return _push_answered(state, event)
        case RetainedRead():
            return _retained_read(state, event)
        case ManifestAnswered():
            return _manifest_answered(state, event)
        case PageCame():
            return _page_came(state, event)
        case ReceiptsOpened():
            return _receipts_opened(state, event)
        case Failed():
            return _failed(state, event)
        case Applied():
            return _applied(state, event)
        case QueueRead():
            return _queue_read(state, event)


def _woken(state: State, event: Woken) -> Stepped:
    if state.waiting != "nothing":
        return replace(state, woken=True), ()
    fresh = State(number=state.number)
    if event.reason == "asked":
        return _apply(fresh, "hurry", (SendNow(), Remember(key="not_before", value=0)))
    return _read_due(fresh, event.now_ms)


def _read_due(state: State, now_ms: int) -> Stepped:
    return replace(state, waiting="due"), (ReadDue(now_ms=now_ms),)


def _due_read(state: State, event: DueRead) -> Stepped:
    if state.waiting != "due":
        return state, ()
    state = replace(state, seen=event.incarnation, pulls=event.pulls)
    left_ms = _pause_left(event.not_before, event.now_ms)
    if left_ms:
        failure = Failure(kind="later", reason="pausing", floor_s=left_ms / 1000)
        return _rest(replace(state, failure=failure))
    if state.requests >= PASS_REQUESTS_MAX:
        return _rest(state)
    if event.rows or (event.heartbeat and not state.pushed):
        number = state.number + 1
        sent = replace(
            state, waiting="push", number=number, pushed=True, offered=False, requests=state.requests + 1
        )
        return sent, (SendPush(number=number, rows=next_batch(event.rows), seen=state.seen),)
    if state.manifests >= MANIFESTS_MAX:
        return _pull(state)
    return _read_retained(replace(state, manifests=state.manifests + 1, after=("", "")))


def _push_answered(state: State, event: PushAnswered) -> Stepped:
    writes = settle_push(event)
    told = sum(isinstance(write, TakeReceipt) for write in writes)
    refused = sum(isinstance(write, SetAside) for write in writes)
    current = _counts(state, "push", event.request.number)
    if current:
        state = replace(state, stored=state.stored + told, refused=state.refused + refused)
    state, effects = _apply(
        state,
        "push_kept",
        writes,
        current=current,
        incarnation=event.response.incarnation,
        seen=event.request.seen,
    )
    return state, (*effects, RenewKeys(issued_at=event.response.keys_issued_at))


def _read_retained(state: State) -> Stepped:
    device_id, item_id = state.after
    return replace(state, waiting="retained"), (ReadRetained(device_id=device_id, item_id=item_id),)


def _retained_read(state: State, event: RetainedRead) -> Stepped:
    if state.waiting != "retained":
        return state, ()
    state = replace(state, seen=event.incarnation)
    if not event.held:
        return _read_due(state, event.now_ms) if state.offered else _pull(state)
    page, number = manifest_page(event.held), state.number + 1
    device_id = event.held[0].device_id
    asked = replace(
        state,
        waiting="manifest",
        number=number,
        requests=state.requests + 1,
        after=(device_id, page[-1].id),
    )
    return asked, (SendManifest(number=number, device_id=device_id, retained=page, seen=state.seen),)


def _manifest_answered(state: State, event: ManifestAnswered) -> Stepped:
    if not manifest_holds(event.request.retained, event.response):
        failed = Failed(now_ms=event.now_ms, luck=event.luck, request=event.request, failure=NOT_THE_SERVICE)
        return _failed(state, failed)
    current = _counts(state, "manifest", event.request.number)
    if current and event.response.missing:
        state = replace(state, offered=True)
    return _apply(
        state,
        "manifest_kept",
        settle_manifest(event),
        current=current,
        incarnation=event.response.incarnation,
        seen=event.request.seen,
    )


def _pull(state: State) -> Stepped:
    if not state.pulls:
        return _rest(state)
    number = state.number + 1
    asked = replace(state, waiting="page", number=number, requests=state.requests + 1)
    return asked, (SendPull(number=number, seen=state.seen),)


def _page_came(state: State, event: PageCame) -> Stepped:
    writes: tuple[Write, ...] = (
        KeepPage(feed_id=event.feed_id, page=event.page),
        Remember(key="challenge", value=event.page.challenge),
    )
    current = _counts(state, "page", event.request.number)
    if current:
        state = replace(
            state,
            received=state.received + len(event.page.messages),
            more=event.page.more,
            came=bool(event.page.messages),
        )
    return _apply(
        state,
        "page_kept",
        writes,
        current=current,
        incarnation=event.page.incarnation,
        seen=event.request.seen,
    )


def _receipts_opened(state: State, event: ReceiptsOpened) -> Stepped:
    """A receipt that came through the feed counts like one that came at once, if it is of this lineage."""
    if state.waiting != "receipts":
        return state, ()
    writes: list[Write] = []
    for found in event.receipts:
        body, row = found.body, found.row
        if body.receipt.incarnation != event.incarnation:
            continue
        if covers(body.receipt, body.result, item_id=row.item_id, sha256=row.sha256):
            writes += [TakeReceipt(body=body, sha256=row.sha256), MarkApplied(message_id=found.message_id)]
    if not writes:
        return _after_page(state)
    return _apply(
        state, "receipts_kept", tuple(writes), incarnation=event.incarnation, seen=event.incarnation
    )


def _failed(state: State, event: Failed) -> Stepped:
    request, failure = event.request, event.failure
    rows = request.rows if isinstance(request, SendPush) else ()
    writes = settle_failure(rows, failure, batch_size=len(rows), now_ms=event.now_ms, luck=event.luck)
    writes += heed(event)
    kind: Waiting = (
        "push"
        if isinstance(request, SendPush)
        else "manifest"
        if isinstance(request, SendManifest)
        else "page"
    )
    if not _counts(state, kind, request.number):
        return _apply(state, state.waiting, writes, current=False)
    if kind != "push":
        # An older service has no manifest; what waits in the feed does not depend on it.
        return _failed_asking(state, event, writes)
    if ends_pass(failure):
        state = replace(state, failure=failure, unheard=failure.kind in ("silent", "unreachable"))
    return _apply(state, "push_kept", writes)


def _failed_asking(state: State, event: Failed, writes: tuple[Write, ...]) -> Stepped:
    unknown = event.failure.reason in ("http_404", "http_405")
    if isinstance(event.request, SendManifest) and unknown:
        return _pull(state)
    state = replace(state, failure=state.failure or event.failure, unheard=False)
    return _apply(state, "page_kept", writes) if writes else _rest(state)


def _applied(state: State, event: Applied) -> Stepped:
    if event.number == LATE and state.waiting == "nothing":
        return _rest(state)  # it may have queued something again, and no pass is under way to set a timer
    if event.number != state.number or not state.waiting.endswith(("kept", "hurry")):
        return state, ()
    if state.unheard and state.waiting == "push_kept":
        return _pull(state)
    if state.failure is not None and (not state.unheard or event.requeued or event.stale):
        return _rest(state)
    if event.requeued or event.stale:
        return _read_due(state, event.now_ms)
    match state.waiting:
        case "manifest_kept":
            return _read_retained(state)
        case "page_kept":
            if not state.came:
                return _after_page(state)
            return replace(state, waiting="receipts"), (OpenReceipts(),)
        case "receipts_kept":
            return _after_page(state)
        case _:
            return _read_due(state, event.now_ms)


def _after_page(state: State) -> Stepped:
    if state.more and state.requests < PASS_REQUESTS_MAX:
        return _pull(state)
    return _rest(state)


def _apply(
    state: State,
    waiting: Waiting,
    writes: tuple[Write, ...],
    *,
    current: bool = True,
    incarnation: str | None = None,
    seen: str | None = None,
) -> Stepped:
    """A late answer is taken as it comes, and moves no pass on."""
    effect = Apply(
        number=state.number if current else LATE, writes=writes, incarnation=incarnation, seen=seen
    )
    return replace(state, waiting=waiting) if current else state, (effect,)


def _rest(state: State) -> Stepped:
    return replace(state, waiting="queue"), (ReadQueue(),)


def _queue_read(state: State, event: QueueRead) -> Stepped:
    if state.waiting != "queue":
        return state, ()
    soon_ms = event.now_ms + TIMER_MS_MIN
    rest = Rest(stored=state.stored, refused=state.refused, received=state.received, failure=state.failure)
    timer = SetTimer(at_ms=soon_ms if state.woken else _timer(event))
    return State(number=state.number), (*_last_orders(event), timer, rest)


def _last_orders(event: QueueRead) -> tuple[Effect, ...]:
    """First everything arrives; then the keys go; then, once no backup lacks any of it, all that is left."""
    if event.leaving is None or event.draining:
        return ()
    return (CarryOut(scope="keys" if event.holding or event.stuck else event.leaving),)


def _timer(event: QueueRead) -> int | None:
    now_ms, due_ms = event.now_ms, event.next_try_ms
    if due_ms is None:
        return now_ms + CHECK_IN_MS if event.holding else None
    at_ms = due_ms if now_ms < due_ms <= now_ms + PAUSE_MS_MAX else now_ms
    return max(at_ms, now_ms + _pause_left(event.not_before, now_ms), now_ms + TIMER_MS_MIN)


def _pause_left(not_before: int, now_ms: int) -> int:
    """Milliseconds. A clock may stand before 1970, or have been set back by years."""
    left_ms = not_before - now_ms
    return left_ms if not_before and 0 < left_ms <= PAUSE_MS_MAX else 0


def _counts(state: State, waiting: Waiting, number: int) -> bool:
    """Is this the answer that the pass waits for?"""
    return state.waiting == waiting and state.number == number
