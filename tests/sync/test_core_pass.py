"""A pass of the client's core: asking, pulling, late answers; and a queue is never left without a timer."""

from typing import Any

import pytest
from msgspec.structs import replace

from waymark_sync import core_parts as core
from waymark_sync.answers import NOT_THE_SERVICE, Failure, failure_of, no_answer
from waymark_sync.core import CHECK_IN_MS, PAUSE_MS_MAX, TIMER_MS_MIN, State
from waymark_sync.messages import ReceiptBody
from waymark_sync.protocol import (
    Header,
    ItemResult,
    Leaf,
    Message,
    PullResponse,
    encode_header,
    leaf_bytes,
)

from .passes import (
    HERE,
    HOUR_MS,
    NEW,
    NOW,
    OLD,
    THERE,
    Pass,
    answer,
    asking,
    held,
    receipt,
    row,
    told,
    uuid,
    writes,
)


@pytest.mark.parametrize(
    ("missing", "floor", "again", "gone"),
    [
        ((), 0, [], []),
        ((), 2, [], [1, 2]),
        ((uuid(2),), 9, [2], [1, 3]),
        ((uuid(1), uuid(2), uuid(3)), 9, [1, 2, 3], []),
    ],
)
def test_what_is_missing_goes_back_and_what_is_held_under_the_floor_goes(
    missing: tuple[str, ...], floor: int, again: list[int], gone: list[int]
) -> None:
    story, sent = asking(1, 2, 3)

    applied = story.tell(told(sent, missing, floor=floor))[0]

    assert [write.pos for write in writes(applied, core.OfferAgain)] == again
    assert [write.pos for write in writes(applied, core.LetGo)] == gone
    assert isinstance(story.applied(), core.ReadRetained)
    [after] = story.tell(core.RetainedRead(now_ms=NOW, held=(), incarnation=OLD))
    assert isinstance(after, core.ReadDue if again else core.SendPull)


@pytest.mark.parametrize(
    "forged",
    [
        {"missing": ()},  # the receipt covers two of three, and is said to cover all
        {"receipt": None},
        {"missing": (uuid(3),)},
        {"missing": (uuid(1), uuid(2), uuid(3))},
    ],
)
def test_a_manifest_whose_receipt_covers_something_else_is_no_answer(forged: dict[str, Any]) -> None:
    story, sent = asking(1, 2, 3)

    honest = told(sent, (uuid(1),), floor=9)

    story.tell(replace(honest, response=replace(honest.response, **forged)))

    assert story.state.failure == NOT_THE_SERVICE
    assert story.timer(None, holding=True)[0] == NOW + CHECK_IN_MS


def test_reports_of_two_devices_are_never_in_one_request() -> None:
    rows = (row(1), row(2, device_id=THERE), row(3))
    assert [one.item_id for one in Pass().pushing(*rows).rows] == [uuid(1), uuid(3)]

    story, _ = asking(1)
    other = replace(held(2)[0], device_id=THERE)
    story.tell(told(story.effects[0], (), floor=0))  # type: ignore[arg-type]
    story.applied()
    [sent] = story.tell(core.RetainedRead(now_ms=NOW, held=(*held(1), other), incarnation=OLD))
    assert isinstance(sent, core.SendManifest) and [one.id for one in sent.retained] == [uuid(1)]


def test_an_older_service_without_a_manifest_is_still_read_from() -> None:
    story, sent = asking(1)
    failure = failure_of(404, {})
    assert failure is not None

    assert isinstance(story.failed(sent, failure), core.SendPull)


@pytest.mark.parametrize(
    ("next_try_ms", "holding", "not_before", "expected"),
    [
        (None, False, 0, None),
        (None, True, 0, NOW + CHECK_IN_MS),
        (0, False, 0, NOW + TIMER_MS_MIN),
        (NOW + 9_000, True, 0, NOW + 9_000),
        (NOW + 9_000, True, NOW + 20_000, NOW + 20_000),
        (NOW + PAUSE_MS_MAX + 1, True, 0, NOW + TIMER_MS_MIN),  # a clock was set back
        (NOW + 9_000, True, NOW + PAUSE_MS_MAX + 1, NOW + 9_000),
    ],
)
def test_a_queue_that_is_not_empty_leaves_a_timer(
    next_try_ms: int | None, holding: bool, not_before: int, expected: int | None
) -> None:
    story = Pass()
    failure = failure_of(503, {})
    assert failure is not None
    story.failed(story.pushing(row(1)), failure)
    story.applied()

    at_ms, rest = story.timer(next_try_ms, holding=holding, not_before=not_before)

    assert (at_ms, rest.failure) == (expected, failure)
    assert story.state == State(number=story.state.number)


def test_a_wake_in_the_middle_of_a_pass_is_not_forgotten() -> None:
    story = Pass()
    sent = story.pushing(row(1))
    assert story.tell(core.Woken(now_ms=NOW, reason="sealed")) == ()
    story.failed(sent, no_answer(sent=False))
    story.failed(story.applied(), no_answer(sent=False))  # type: ignore[arg-type]

    assert story.timer(NOW + HOUR_MS)[0] == NOW + TIMER_MS_MIN


@pytest.mark.parametrize("silence", [no_answer(sent=True), no_answer(sent=False), NOT_THE_SERVICE])
def test_after_a_push_without_an_answer_the_feed_is_asked_once(silence: Failure) -> None:
    """The report may have arrived: then the feed has its receipt. The pass has failed all the same."""
    story = Pass()
    story.failed(story.pushing(row(1)), silence)
    sent = story.applied()
    assert isinstance(sent, core.SendPull)

    came = page(Message(id=HERE, pos=1, kind="receipt", sealed=b"", kid="r1", sig=bytes(64)))
    story.tell(core.PageCame(now_ms=NOW, request=sent, feed_id=HERE, page=came))
    assert isinstance(story.applied(), core.OpenReceipts)
    one = row(1)
    leaf = leaf_bytes(one.item_id, one.sha256, 1, "accepted")
    result = ItemResult(
        item_id=one.item_id, index=0, verdict="accepted", pos=1, leaf=Leaf(index=0, size=1, path=())
    )
    body = ReceiptBody(item_id=one.item_id, result=result, receipt=receipt([leaf]))
    found = core.OpenedReceipt(message_id=HERE, body=body, row=one)
    taken = story.tell(core.ReceiptsOpened(now_ms=NOW, receipts=(found,), incarnation=OLD))[0]

    assert [write.body for write in writes(taken, core.TakeReceipt)] == [body]
    assert isinstance(story.applied(), core.ReadQueue)
    assert story.timer(None)[1].failure == silence


@pytest.mark.parametrize("news", [{"requeued": True}, {"stale": True}])
def test_a_feed_asked_after_silence_pushes_nothing_in_the_same_pass(news: dict[str, bool]) -> None:
    story = Pass()
    story.failed(story.pushing(row(1)), no_answer(sent=True))
    sent = story.applied()
    assert isinstance(sent, core.SendPull)
    story.tell(core.PageCame(now_ms=NOW, request=sent, feed_id=HERE, page=page()))

    assert isinstance(story.applied(**news), core.ReadQueue)


def test_a_service_that_asks_for_time_is_not_asked_for_the_feed() -> None:
    story = Pass()
    failure = failure_of(503, {"retry-after": "60"})
    assert failure is not None
    story.failed(story.pushing(row(1)), failure)

    assert isinstance(story.applied(), core.ReadQueue)


def test_nothing_is_sent_while_the_service_asked_for_time() -> None:
    story = Pass()

    assert isinstance(story.due(row(1), not_before=NOW + 5_000), core.ReadQueue)
    _, rest = story.timer(0)
    assert rest.failure is not None and (rest.failure.reason, rest.failure.floor_s) == ("pausing", 5)


def test_a_person_who_asks_is_not_made_to_wait() -> None:
    applied = Pass("asked").effects[0]

    assert writes(applied, core.SendNow) and writes(applied, core.Remember)[0].value == 0


def test_a_late_answer_is_taken_and_moves_nothing_on() -> None:
    story, rows = Pass(), (row(1),)
    sent = story.pushing(*rows)
    story.failed(sent, no_answer(sent=True))
    before = story.state

    applied = story.answered(sent, answer(rows, ["accepted"]))

    assert (writes(applied, core.TakeReceipt)[0].body.item_id, applied.number) == (uuid(1), 0)
    assert story.state == before
    assert story.tell(core.Applied(now_ms=NOW, number=0)) == ()


def test_a_late_answer_that_comes_after_the_pass_leaves_a_timer() -> None:
    """It may have queued again what was settled: of an older lineage, or as missing."""
    story = Pass("knock")
    sent = story.pushing(row(1))
    story.answered(sent, answer((row(1),), ["accepted"]))
    story.state = State(number=story.state.number)
    story.answered(sent, answer((row(1),), ["accepted"]))

    read = story.tell(core.Applied(now_ms=NOW, number=0, requeued=True))
    after = story.tell(core.QueueRead(now_ms=NOW, next_try_ms=0, holding=False, not_before=0))

    assert read == (core.ReadQueue(),)
    assert [each.at_ms for each in after if isinstance(each, core.SetTimer)] == [NOW + 1_000]
    assert story.state.waiting == "nothing"


@pytest.mark.parametrize("news", [{"requeued": True}, {"stale": True}])
def test_a_new_lineage_is_pushed_to_before_anything_else(news: dict[str, bool]) -> None:
    story, sent = asking(1)
    story.tell(told(sent, (), floor=0, incarnation=NEW))

    assert isinstance(story.applied(**news), core.ReadDue)


def page(*messages: Message, more: bool = False) -> PullResponse:
    return PullResponse(incarnation=OLD, cursor="n", more=more, messages=messages, challenge="c")


def pulling() -> tuple[Pass, core.SendPull]:
    story, sent = asking(1)
    story.tell(told(sent, (), floor=0))
    story.applied()
    [pull] = story.tell(core.RetainedRead(now_ms=NOW, held=(), incarnation=OLD))
    assert isinstance(pull, core.SendPull)
    return story, pull


MESSAGE = Message(id=uuid(9), pos=1, kind="ack", sealed=b"s", kid="r1", sig=bytes(64))


def test_a_feed_is_read_page_by_page_each_with_its_cursor() -> None:
    story, pull = pulling()
    first = page(MESSAGE, more=True)

    [applied] = story.tell(core.PageCame(now_ms=NOW, request=pull, feed_id=HERE, page=first))

    assert [write.page for write in writes(applied, core.KeepPage)] == [first]
    assert isinstance(story.applied(), core.OpenReceipts)
    [again] = story.tell(core.ReceiptsOpened(now_ms=NOW, receipts=(), incarnation=OLD))
    assert isinstance(again, core.SendPull)
    story.tell(core.PageCame(now_ms=NOW, request=again, feed_id=HERE, page=page()))
    story.applied()
    assert story.timer(None)[1].received == 1


@pytest.mark.parametrize(
    ("current", "of_others", "taken"), [(OLD, False, 1), (NEW, False, 0), (OLD, True, 0)]
)
def test_a_receipt_of_the_feed_counts_if_it_is_of_this_lineage_and_these_bytes(
    current: str, of_others: bool, taken: int
) -> None:
    story, pull = pulling()
    story.tell(core.PageCame(now_ms=NOW, request=pull, feed_id=HERE, page=page(MESSAGE)))
    story.applied()
    mine = row(1)
    leaf = leaf_bytes(mine.item_id, bytes(32) if of_others else mine.sha256, 1, "accepted")
    result = ItemResult(
        item_id=mine.item_id, index=0, verdict="accepted", pos=1, leaf=Leaf(index=0, size=1, path=())
    )
    body = ReceiptBody(item_id=mine.item_id, result=result, receipt=receipt([leaf]))
    found = core.OpenedReceipt(message_id=uuid(9), body=body, row=mine)

    effect = story.tell(core.ReceiptsOpened(now_ms=NOW, receipts=(found,), incarnation=current))[0]

    assert (len(writes(effect, core.TakeReceipt)) if isinstance(effect, core.Apply) else 0) == taken


def test_the_core_acts_on_nothing_and_asks_nothing_of_the_machine() -> None:
    """No clock, no chance, no I/O: not even by import."""
    import ast
    from pathlib import Path

    import waymark_sync

    folder = Path(waymark_sync.__file__).parent
    allowed = {"typing", "collections.abc", "msgspec", "msgspec.structs"}
    for file in folder.glob("core*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, (ast.Await, ast.AsyncFunctionDef)), file.name
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                assert node.module in allowed or node.module.startswith("waymark_sync."), node.module
                assert not node.module.endswith(("outbox", "transport", "client")), node.module


def test_headers_of_the_tables_are_real() -> None:
    header = Header(kid="s1", device_id=HERE, epoch="0" * 16, seq=1, item_id=uuid(1))
    assert row(1).header == encode_header(header)
