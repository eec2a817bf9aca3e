"""Vectors of whole passes: what the core is told, step by step, and what it asks for.

Recorded from Python's core: every answer of the tables, then whatever happens to it in simulated stories.
A core in another language is told the same events and must ask for the same.
"""

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from vector_parts import DEVICE, HERE, INCARNATION, uuid

from waymark_sync import core, intake_rules
from waymark_sync import core_parts as parts
from waymark_sync.answers import NOT_THE_SERVICE, failure_of, no_answer, understand
from waymark_sync.codec import from_base64url, to_base64url
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox_rows import Held, Row
from waymark_sync.protocol import (
    Envelope,
    Leaf,
    ManifestResponse,
    Message,
    PullResponse,
    PushResponse,
    Receipt,
    decode_header,
    leaf_bytes,
)
from waymark_sync.simulate import drainer, verdict

NOW = 1_767_323_045_678
STORIES = 200
STEPS_MAX = 16  # longer passes repeat themselves
NEW_MAX = 2  # of one story
BYTES_MAX = 950_000

Sent = TypeVar("Sent", bound=parts.Effect)
Recorded = tuple[parts.Event, tuple[parts.Effect, ...]]


class Tape:
    """One pass: from rest to rest, or until its drainer dies."""

    def __init__(self, state: core.State | None = None) -> None:
        self.first = self.state = state or core.State()
        self.steps: list[Recorded] = []

    def tell(self, event: parts.Event) -> tuple[parts.Effect, ...]:
        self.state, effects = core.step(self.state, event)
        self.steps.append((event, effects))
        return effects

    def mark(self) -> str:
        """The same for passes that go the same way."""
        return json.dumps([(_told(event), [_asked(effect) for effect in done]) for event, done in self.steps])


def passes(stories: int = STORIES) -> dict[str, Any]:
    """With fewer stories, the beginning of the same."""
    chosen, pool, marks = list[Any](), Pool(), set[str]()
    for tape in _tables():
        chosen.append(pool.tape(tape))
    for tapes in _stories(stories):
        found = 0
        for tape in tapes:
            mark = tape.mark()
            if mark in marks or len(tape.steps) > STEPS_MAX or found == NEW_MAX or pool.size > BYTES_MAX:
                continue
            marks.add(mark)
            chosen.append(pool.tape(tape))
            found += 1
    return {
        "about": "Passes of the core: `number` of its fresh state, then events, each with the effects that"
        " must follow. An object with `$` alone stands for that entry of `pool`. Bytes are base64url.",
        "pool": pool.entries,
        "passes": chosen,
    }


def write_passes(folder: Path) -> None:
    text = json.dumps(passes(), separators=(",", ":"), ensure_ascii=False)
    # A line for each pass, so that a difference can be read.
    (folder / "passes.json").write_text(text.replace('{"number"', '\n{"number"') + "\n", encoding="utf-8")


# Tables.


def _tables() -> Iterator[Tape]:
    vectors = json.loads((HERE / "push_answers.json").read_text(encoding="utf-8"))
    envelopes = [msgspec.convert(_raw(each), Envelope) for each in vectors["items"]]
    for case in vectors["cases"]:
        rows = tuple(_row(one, damaged=case.get("damaged", ())) for one in envelopes)
        yield _pushed(rows, case)
        yield _pushed((replace(rows[0], solo_failures=4, companions=1, attempts=4),), case)
    for status in (302, 400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504, 507, 599):
        for after in ({}, {"retry-after": "60"}) if status in (429, 500, 503, 507) else ({},):
            failure = failure_of(status, after)
            if failure is not None:
                for count in (1, 3):
                    yield _failed_push(tuple(map(_row, envelopes[:count])), failure)
                yield from (_failed_manifest(failure), _failed_pull(failure))
    for failure in (NOT_THE_SERVICE, no_answer(sent=True), no_answer(sent=False)):
        yield _failed_push(tuple(map(_row, envelopes)), failure)
        yield from (_failed_manifest(failure), _failed_pull(failure))
    for floor in (0, 2, 9):
        for gone in ((), (2,), (1, 2, 3)):
            yield _manifest(floor, gone, forged=False)
            yield _manifest(floor, gone, forged=True)
    yield from _unheard(tuple(map(_row, envelopes)), vectors["cases"][0])
    yield from _orders(tuple(map(_row, envelopes)), vectors["cases"][0])
    yield from _timers()
    yield from _quiet()
    yield from _too_late(tuple(map(_row, envelopes)), vectors["cases"][0])


def _raw(each: dict[str, str]) -> dict[str, bytes]:
    return {name: from_base64url(each[name]) for name in ("header", "sealed", "sha256", "sig")}


def _row(envelope: Envelope, damaged: Any = ()) -> Row:
    header = decode_header(envelope.header)
    sealed = envelope.sealed
    if header.item_id in (damaged or ()):
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    return Row(
        item_id=header.item_id,
        device_id=header.device_id,
        epoch=header.epoch,
        seq=header.seq,
        created_at="",
        header=envelope.header,
        sealed=sealed,
        sha256=envelope.sha256,
        sig=envelope.sig,
        state="queued",
        attempts=0,
        companions=64,
        solo_failures=0,
        next_try_at=None,
        last_error=None,
        receipt=None,
        incarnation=None,
        pos=None,
    )


def _begun(rows: tuple[Row, ...], reason: parts.Wake = "timer") -> tuple[Tape, parts.SendPush]:
    tape = Tape()
    tape.tell(parts.Woken(now_ms=NOW, reason=reason))
    if reason == "asked":
        tape.tell(parts.Applied(now_ms=NOW, number=tape.state.number))
    sent = _only(
        tape.tell(parts.DueRead(now_ms=NOW, rows=rows, incarnation=INCARNATION, not_before=0)), parts.SendPush
    )
    return tape, sent


def _pushed(rows: tuple[Row, ...], case: dict[str, Any]) -> Tape:
    tape, sent = _begun(rows, "asked")
    failure = failure_of(case["status"], case["headers"])
    response = None
    if failure is None and case["answer"] == "understood":
        kind = case["headers"].get("content-type", "")
        response = understand(from_base64url(case["body"]), kind)
    if response is None:
        told = failure or NOT_THE_SERVICE
        tape.tell(parts.Failed(now_ms=NOW, luck=0.375, request=sent, failure=told))
    else:
        tape.tell(parts.PushAnswered(now_ms=NOW, luck=0.375, request=sent, response=response))
    return _ended(tape)


def _failed_push(rows: tuple[Row, ...], failure: Any) -> Tape:
    tape, sent = _begun(rows)
    tape.tell(parts.Failed(now_ms=NOW, luck=0.75, request=sent, failure=failure))
    return _ended(tape)


def _nothing_due() -> Tape:
    tape = Tape()
    tape.tell(parts.Woken(now_ms=NOW, reason="visible"))
    tape.tell(_due(heartbeat=False))
    return tape


def _due(**changed: Any) -> parts.DueRead:
    return replace(parts.DueRead(now_ms=NOW, rows=(), incarnation=INCARNATION, not_before=0), **changed)


def _held() -> tuple[Held, ...]:
    return tuple(
        Held(device_id=DEVICE, item_id=uuid(f"held {pos}"), sha256=bytes([pos]) * 32, pos=pos)
        for pos in (3, 1, 2)
    )


def _asking() -> tuple[Tape, parts.SendManifest]:
    tape = _nothing_due()
    sent = _only(
        tape.tell(parts.RetainedRead(now_ms=NOW, held=_held(), incarnation=INCARNATION)), parts.SendManifest
    )
    return tape, sent


def _failed_manifest(failure: Any) -> Tape:
    tape, sent = _asking()
    tape.tell(parts.Failed(now_ms=NOW, luck=0.25, request=sent, failure=failure))
    return _ended(tape)


def _failed_pull(failure: Any) -> Tape:
    tape = _nothing_due()
    sent = _only(tape.tell(parts.RetainedRead(now_ms=NOW, held=(), incarnation=INCARNATION)), parts.SendPull)
    tape.tell(parts.Failed(now_ms=NOW, luck=0.25, request=sent, failure=failure))
    return _ended(tape)


def _manifest(floor: int, gone: tuple[int, ...], *, forged: bool) -> Tape:
    tape, sent = _asking()
    missing = tuple(one.id for one in sent.retained if one.pos in gone)
    leaves = intake_rules.manifest_leaves(sent.retained, missing)
    receipt = _receipt(intake_rules.merkle_root(leaves), floor) if leaves else None
    told = () if forged and missing else (sent.retained[0].id,) if forged else missing
    response = ManifestResponse(incarnation=INCARNATION, missing=told, receipt=receipt)
    tape.tell(parts.ManifestAnswered(now_ms=NOW, luck=0.5, request=sent, response=response))
    return _ended(tape)


def _receipt(root: bytes, floor: int) -> Receipt:
    return Receipt(incarnation=INCARNATION, restore_floor=floor, at=NOW, kid="r1", root=root, sig=bytes(64))


def _unheard(rows: tuple[Row, ...], stored: dict[str, Any]) -> Iterator[Tape]:
    """The answer to a push was lost: the feed is asked once, and may bring the receipt."""
    response = understand(from_base64url(stored["body"]), stored["headers"]["content-type"])
    if response is None or response.receipt is None:
        raise TypeError(stored["name"])
    result = msgspec.structs.replace(response.results[0], leaf=Leaf(index=0, size=1, path=()))
    leaf = leaf_bytes(rows[0].item_id, rows[0].sha256, result.pos or 0, result.verdict)
    receipt = _receipt(intake_rules.merkle_root([leaf]), response.receipt.restore_floor)
    body = ReceiptBody(item_id=rows[0].item_id, result=result, receipt=receipt)
    opened = parts.OpenedReceipt(message_id=uuid("message 1"), body=body, row=rows[0])
    message = Message(id=opened.message_id, pos=1, kind="receipt", sealed=bytes(16), kid="r1", sig=bytes(64))
    for failure in (NOT_THE_SERVICE, no_answer(sent=True), no_answer(sent=False)):
        for news in ({}, {"requeued": True}, {"stale": True}):
            tape = _asked_again(rows, failure)
            _page(tape, message, more=True)
            tape.tell(parts.Applied(now_ms=NOW, number=tape.state.number, **news))
            if tape.state.waiting == "receipts":
                lineage = response.receipt.incarnation
                tape.tell(parts.ReceiptsOpened(now_ms=NOW, receipts=(opened,), incarnation=lineage))
            yield _ended(tape)
    for failure in (failure_of(503, {"retry-after": "60"}), failure_of(404, {}), no_answer(sent=True)):
        tape = _asked_again(rows, no_answer(sent=True))
        sent = _only(tape.steps[-1][1], parts.SendPull)
        if failure is not None:
            tape.tell(parts.Failed(now_ms=NOW, luck=0.25, request=sent, failure=failure))
        yield _ended(tape)
    tape, sent = _begun(rows)
    tape.tell(
        parts.Failed(now_ms=NOW, luck=0.5, request=sent, failure=failure_of(503, {}) or NOT_THE_SERVICE)
    )
    yield _ended(tape)


def _orders(rows: tuple[Row, ...], stored: dict[str, Any]) -> Iterator[Tape]:
    """A device is taken out of service: by any answer, if the order is genuine, its own, and understood."""
    told = [
        (parts.Order(device_id=DEVICE, scope="keys", genuine=True), DEVICE),
        (parts.Order(device_id=DEVICE, scope="all", genuine=True), DEVICE),
        (parts.Order(device_id=DEVICE, scope="keys", genuine=False), DEVICE),
        (parts.Order(device_id=uuid("another device"), scope="keys", genuine=True), DEVICE),
        (parts.Order(device_id=DEVICE, scope="later", genuine=True), DEVICE),
        (parts.Order(device_id=DEVICE, scope="keys", genuine=True), None),
    ]
    response = understand(from_base64url(stored["body"]), stored["headers"]["content-type"])
    if response is None:
        raise TypeError(stored["name"])
    for order, own_id in told:
        tape, sent = _begun(rows)
        brings: dict[str, Any] = {"luck": 0.5, "now_ms": NOW, "order": order, "own_id": own_id}
        tape.tell(parts.PushAnswered(request=sent, response=response, **brings))
        yield _ended(tape)
        tape, asked = _asking()
        receipt = _receipt(intake_rules.merkle_root(intake_rules.manifest_leaves(asked.retained, ())), 0)
        held = ManifestResponse(incarnation=INCARNATION, receipt=receipt)
        tape.tell(parts.ManifestAnswered(request=asked, response=held, **brings))
        yield _ended(tape)
        tape = _nothing_due()
        pulling = _only(
            tape.tell(parts.RetainedRead(now_ms=NOW, held=(), incarnation=INCARNATION)), parts.SendPull
        )
        tape.tell(parts.Failed(request=pulling, failure=failure_of(401, {}) or NOT_THE_SERVICE, **brings))
        yield _ended(tape)
    yield from _leaving()


def _leaving() -> Iterator[Tape]:
    """What is destroyed at the end of a pass, and when."""
    scopes: tuple[Any, ...] = (None, "keys", "all")
    for leaving, draining, holding, stuck in product(scopes, *[(False, True)] * 3):
        tape = Tape()
        tape.tell(parts.Woken(now_ms=NOW, reason="start"))
        tape.tell(_due(heartbeat=False, pulls=False))
        tape.tell(parts.RetainedRead(now_ms=NOW, held=(), incarnation=None))
        tape.tell(
            parts.QueueRead(
                now_ms=NOW,
                next_try_ms=NOW + 9_000 if draining else None,
                holding=holding,
                not_before=0,
                leaving=leaving,
                draining=draining,
                stuck=stuck,
            )
        )
        yield tape


def _asked_again(rows: tuple[Row, ...], failure: Any) -> Tape:
    tape, sent = _begun(rows)
    tape.tell(parts.Failed(now_ms=NOW, luck=0.5, request=sent, failure=failure))
    tape.tell(parts.Applied(now_ms=NOW, number=tape.state.number))
    return tape


def _page(tape: Tape, *messages: Message, more: bool) -> None:
    sent = _only(tape.steps[-1][1], parts.SendPull)
    page = PullResponse(incarnation=INCARNATION, cursor="c", more=more, messages=messages, challenge="x")
    tape.tell(parts.PageCame(now_ms=NOW, request=sent, feed_id=DEVICE, page=page))


def _timers() -> Iterator[Tape]:
    """A clock may have been set back, or stand before 1970."""
    pause = core.PAUSE_MS_MAX
    for next_try in (None, 0, NOW + 500, NOW + 9_000, NOW + pause, NOW + pause + 1):
        for not_before in (0, NOW + 20_000, NOW + pause + 1):
            for holding in (False, True):
                for now in (NOW, -NOW):
                    tape = Tape()
                    tape.tell(parts.Woken(now_ms=now, reason="start"))
                    due = _due(now_ms=now, not_before=not_before, heartbeat=False, pulls=False)
                    tape.tell(due)
                    if tape.state.waiting == "retained":
                        tape.tell(parts.RetainedRead(now_ms=now, held=(), incarnation=None))
                    tape.tell(
                        parts.QueueRead(
                            now_ms=now, next_try_ms=next_try, holding=holding, not_before=not_before
                        )
                    )
                    yield tape


def _quiet() -> Iterator[Tape]:
    """Nothing to say, or nothing to ask."""
    for heartbeat in (False, True):
        for pulls in (False, True):
            tape = Tape()
            tape.tell(parts.Woken(now_ms=NOW, reason="knock"))
            tape.tell(_due(heartbeat=heartbeat, pulls=pulls))
            yield _ended(tape)


def _too_late(rows: tuple[Row, ...], stored: dict[str, Any]) -> Iterator[Tape]:
    """An answer that comes when the pass is over is taken, and the queue is looked at again."""
    response = understand(from_base64url(stored["body"]), stored["headers"]["content-type"])
    if response is None:
        raise TypeError(stored["name"])
    for news in ({}, {"requeued": True}, {"stale": True}):
        for next_try_ms in (None, 0, NOW + 60_000):
            tape, sent = _begun(rows)
            lost = parts.Failed(now_ms=NOW, luck=0.5, request=sent, failure=no_answer(sent=True))
            tape.tell(lost)
            _ended(tape)
            tape.tell(parts.PushAnswered(now_ms=NOW, luck=0.375, request=sent, response=response))
            tape.tell(parts.Applied(now_ms=NOW, number=0, **news))
            tape.tell(parts.QueueRead(now_ms=NOW, next_try_ms=next_try_ms, holding=False, not_before=0))
            yield tape


def _only(effects: tuple[parts.Effect, ...], kind: type[Sent]) -> Sent:
    if len(effects) != 1 or not isinstance(effects[0], kind):
        raise TypeError(effects)
    return effects[0]


def _ended(tape: Tape) -> Tape:
    """Whatever is asked for meets success or silence until the pass rests. A wake-up falls in between."""
    tape.tell(parts.Woken(now_ms=NOW + 1, reason="online"))
    for _ in range(50):
        if tape.state.waiting == "nothing":
            break
        tape.tell(_next(tape))
    return tape


def _next(tape: Tape) -> parts.Event:
    request = next(
        (each for _, done in reversed(tape.steps) for each in done if isinstance(each, parts.Request)), None
    )
    match tape.state.waiting:
        case "due":
            return _due(heartbeat=False)
        case "retained":
            return parts.RetainedRead(now_ms=NOW, held=(), incarnation=INCARNATION)
        case "queue":
            return parts.QueueRead(now_ms=NOW, next_try_ms=NOW + 9_000, holding=True, not_before=0)
        case "receipts":
            return parts.ReceiptsOpened(now_ms=NOW, receipts=(), incarnation=INCARNATION)
        case "page" if isinstance(request, parts.SendPull):
            page = PullResponse(incarnation=INCARNATION, cursor="c", more=False, messages=(), challenge="x")
            return parts.PageCame(now_ms=NOW, request=request, feed_id=DEVICE, page=page)
        case "push" | "manifest" if request is not None:
            return parts.Failed(now_ms=NOW, luck=0.5, request=request, failure=no_answer(sent=False))
        case _:
            return parts.Applied(now_ms=NOW, number=tape.state.number)


# Stories.


def _stories(count: int) -> Iterator[list[Tape]]:
    """What each drainer of each story went through, late answers and deaths among it."""
    real = drainer.step
    try:
        for seed in range(1, count + 1):
            tapes, open_tapes = list[Tape](), dict[int, Tape]()
            drainer.step = _recorder(tapes, open_tapes)
            verdict.tell(seed)
            yield tapes
    finally:
        drainer.step = real


def _recorder(tapes: list[Tape], open_tapes: dict[int, Tape]) -> Any:
    held: list[core.State] = []  # keeps each alive, so that no other takes its identity

    def step(state: core.State, event: parts.Event) -> core.Stepped:
        held.append(state)
        tape = open_tapes.pop(id(state), None)
        if tape is None:
            tape = Tape(state)
            tapes.append(tape)
        effects = tape.tell(event)
        held.append(tape.state)
        if tape.state.waiting != "nothing":
            open_tapes[id(tape.state)] = tape
        return tape.state, effects

    return step


def _told(event: parts.Event) -> Any:
    """What matters for the way that a pass takes."""
    match event:
        case parts.Failed(request=request, failure=failure):
            return ["failed", type(request).__name__, failure.reason]
        case parts.PushAnswered(request=request, response=response):
            return ["pushed", len(request.rows), sorted({each.verdict for each in response.results})]
        case parts.Applied(stale=stale, requeued=requeued):
            return ["applied", stale, requeued]
        case _:
            return type(event).__name__


def _asked(effect: parts.Effect) -> Any:
    kinds = sorted({type(each).__name__ for each in effect.writes}) if isinstance(effect, parts.Apply) else []
    return [type(effect).__name__, kinds]


# As JSON.


class Pool:
    """Each large value once."""

    LARGE = (
        Row,
        Receipt,
        Held,
        PushResponse,
        ManifestResponse,
        PullResponse,
        ReceiptBody,
        parts.SendPush,
        parts.SendManifest,
        parts.SendPull,
    )

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.size = 0
        self._known: dict[str, int] = {}

    def tape(self, tape: Tape) -> dict[str, Any]:
        steps = [[self.value(event), [self.value(each) for each in done]] for event, done in tape.steps]
        whole = {"number": tape.first.number, "steps": steps}
        self.size += len(json.dumps(whole, separators=(",", ":")))
        return whole

    def value(self, value: Any) -> Any:
        if isinstance(value, msgspec.Struct):
            plain = {name: self.value(getattr(value, name)) for name in value.__struct_fields__}
            if type(value).__module__ == parts.__name__:
                plain = {"type": _snake(type(value).__name__), **plain}
            return self._pooled(plain) if isinstance(value, self.LARGE) else plain
        if isinstance(value, (tuple, list)):
            return [self.value(each) for each in value]
        if not isinstance(value, bytes):
            return value
        return to_base64url(value) if len(value) <= 64 else self._pooled(to_base64url(value))

    def _pooled(self, plain: Any) -> dict[str, int]:
        text = json.dumps(plain, separators=(",", ":"))
        if text not in self._known:
            self._known[text] = len(self.entries)
            self.entries.append(plain)
            self.size += len(text)
        return {"$": self._known[text]}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    write_passes(Path(__file__).parent)
