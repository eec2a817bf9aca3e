"""Bytes are frozen, numbers are whole, nothing goes before its time - also after a crash."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysqlite3 import dbapi2

from waymark_sync import protocol
from waymark_sync.core_parts import Apply, LetGo, OfferAgain
from waymark_sync.intake_rules import purgeable
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox import SQL, NotHeld, NotSaved, Outbox, Row, sections
from waymark_sync.protocol import Envelope, Header, ItemResult, Leaf, Message, PullResponse, Receipt
from waymark_sync.seal import new_key, raw_public, seal_item

DEVICE = "00000000-0000-4000-8000-0000000000aa"
EPOCH = "00112233445566ff"
INCARNATION = "00000000-0000-4000-8000-0000000000ee"
KEY = new_key()


def item_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def sealed(number: int, item: int | None = None, device_id: str = DEVICE) -> Envelope:
    header = Header(
        kid="s1",
        device_id=device_id,
        epoch=EPOCH,
        seq=number,
        item_id=item_id(number if item is None else item),
    )
    return seal_item(header, b"{}", service_key=raw_public(KEY), device_key=KEY)


def add(outbox: Outbox, seal: Callable[[int], Envelope] = sealed) -> Row:
    return outbox.add(device_id=DEVICE, epoch=EPOCH, created_at="2026-01-02T03:04:05.678Z", seal=seal)


def receipt(row: Row, *, pos: int = 1, incarnation: str = INCARNATION) -> ReceiptBody:
    result = ItemResult(
        item_id=row.item_id, index=0, verdict="accepted", pos=pos, leaf=Leaf(index=0, size=1, path=())
    )
    told = Receipt(incarnation=incarnation, restore_floor=0, at=1, kid="r1", root=bytes(32), sig=bytes(64))
    return ReceiptBody(item_id=row.item_id, result=result, receipt=told)


def let_go(outbox: Outbox, row: Row, *, floor: int = 1, pos: int = 1) -> None:
    """As the core does, which asks the rule."""
    if purgeable(
        receipt_incarnation=INCARNATION, current_incarnation=INCARNATION, pos=pos, restore_floor=floor
    ):
        write = LetGo(item_id=row.item_id, sha256=row.sha256, incarnation=INCARNATION, pos=pos)
        outbox.apply(Apply(number=0, writes=(write,)))


def run(outbox: Outbox, sql: str, *values: Any) -> Any:
    return outbox._db.execute(sql, values)


def test_a_report_is_read_back_as_it_was_sealed(outbox: Outbox) -> None:
    envelope = sealed(1)

    row = add(outbox, lambda _: envelope)

    assert row.envelope() == envelope
    assert (row.seq, row.state, row.attempts) == (1, "queued", 0)


def test_numbers_follow_each_other_without_gaps_even_when_sealing_fails(outbox: Outbox) -> None:
    def fails(seq: int) -> Envelope:
        raise RuntimeError(f"no key for {seq}")

    add(outbox)
    with pytest.raises(RuntimeError, match="no key for 2"):
        add(outbox, fails)

    assert add(outbox).seq == 2
    assert [entry.whole for entry in outbox.custody(DEVICE)] == [True]


def test_a_report_sealed_under_another_number_is_not_saved(outbox: Outbox) -> None:
    with pytest.raises(NotSaved):
        add(outbox, lambda seq: sealed(seq + 1))

    assert outbox.items() == []


def test_a_damaged_page_is_noticed_before_saved_is_said(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotten = msgspec.structs.replace(add(outbox), sealed=b"rot")
    monkeypatch.setattr(outbox, "item", lambda _: rotten)

    with pytest.raises(NotSaved):
        add(outbox)


@pytest.mark.parametrize(
    "change",
    [
        "header = x'00'",
        "sealed = x'00'",
        "sealed = NULL",
        "sealed = NULL, state = 'tombstone'",
        "sha256 = zeroblob(32)",
        "sig = zeroblob(64)",
        "seq = 7",
        "epoch = 'ffffffffffffffff'",
        "item_id = '00000000-0000-4000-8000-ffffffffffff'",
        "device_id = '00000000-0000-4000-8000-ffffffffffff'",
        "created_at = ''",
        "state = 'sent'",
        "state = 'receipted'",
        "state = 'tombstone'",
        "companions = 0",
    ],
)
def test_the_database_refuses_to_change_what_is_frozen(outbox: Outbox, change: str) -> None:
    before = add(outbox)

    with pytest.raises(dbapi2.IntegrityError):
        run(outbox, f"UPDATE outbox SET {change}")  # noqa: S608
    assert outbox.item(before.item_id) == before


@pytest.mark.parametrize("verb", ["DELETE FROM outbox", "INSERT OR REPLACE"])
def test_the_database_refuses_to_forget(outbox: Outbox, verb: str) -> None:
    before = add(outbox)
    other = sealed(1)
    statement = SQL["add"].replace("INSERT", verb, 1) if verb.startswith("INSERT") else verb
    values = {
        **msgspec.structs.asdict(other),
        "item_id": before.item_id,
        "device_id": DEVICE,
        "epoch": EPOCH,
        "seq": 1,
        "created_at": "",
    }

    with pytest.raises(dbapi2.IntegrityError):
        outbox._db.execute(statement, values if verb.startswith("INSERT") else {})
    assert outbox.item(before.item_id) == before


def test_a_number_is_never_given_to_two_reports(outbox: Outbox) -> None:
    add(outbox)

    with pytest.raises(NotSaved):
        outbox.import_queue(
            protocol.ExportedQueue(format="waymark-sealed-queue/1", items=(sealed(1, item=2),)), created_at=""
        )
    assert len(outbox.items()) == 1


def test_a_receipt_is_taken_once_and_only_for_these_bytes(outbox: Outbox) -> None:
    row = add(outbox)

    assert not outbox.record_receipt(receipt(row), sha256=bytes(32))
    assert outbox.record_receipt(receipt(row), sha256=row.sha256)
    assert not outbox.record_receipt(receipt(row, pos=2), sha256=row.sha256)
    held = outbox.item(row.item_id)
    assert held is not None
    assert (held.state, held.pos, held.sealed) == ("receipted", 1, row.sealed)


def test_a_receipt_still_comes_for_a_report_that_was_set_aside(outbox: Outbox) -> None:
    row = add(outbox)
    outbox.quarantine(row, error="hash_wrong")

    assert outbox.record_receipt(receipt(row), sha256=row.sha256)
    assert outbox.custody(DEVICE)[0].receipted == 1


def test_the_slower_of_two_drainers_changes_nothing(outbox: Outbox) -> None:
    row = add(outbox)
    assert outbox.record_retry(row, next_try_ms=5, error="http_503")

    assert not outbox.record_retry(row, next_try_ms=9, error="http_500")
    assert outbox.record_receipt(receipt(row), sha256=row.sha256)
    assert not outbox.quarantine(row, error="late")
    held = outbox.item(row.item_id)
    assert held is not None and held.state == "receipted"


def test_what_waits_is_not_due_and_a_clock_set_back_does_not_hold_it_for_ever(outbox: Outbox) -> None:
    row = add(outbox)
    day = 24 * 3_600_000
    outbox.record_retry(row, next_try_ms=10 * day, error="http_503")

    assert outbox.due(10 * day - 1) == []
    assert len(outbox.due(10 * day)) == 1
    assert len(outbox.due(8 * day)) == 1
    assert outbox.next_try_ms() == 10 * day


@given(
    pos=st.integers(1, 6), floor=st.integers(0, 6), incarnation=st.sampled_from([INCARNATION, item_id(0xF)])
)
def test_purging_is_the_floor_rule(pos: int, floor: int, incarnation: str) -> None:
    outbox = Outbox(":memory:")
    row = add(outbox)
    outbox.record_receipt(receipt(row, pos=pos, incarnation=incarnation), sha256=row.sha256)

    rule = purgeable(
        receipt_incarnation=incarnation, current_incarnation=INCARNATION, pos=pos, restore_floor=floor
    )

    let_go(outbox, row, floor=floor, pos=pos)

    [held] = outbox.items()
    assert (held.state == "tombstone") is rule
    outbox.close()


@pytest.mark.parametrize("other", [{"pos": 2}, {"sha256": bytes(32)}, {"incarnation": item_id(0xF)}])
def test_bytes_stay_when_another_receipt_is_held_by_now(outbox: Outbox, other: dict[str, Any]) -> None:
    row = add(outbox)
    outbox.record_receipt(receipt(row), sha256=row.sha256)
    asked = {"item_id": row.item_id, "sha256": row.sha256, "incarnation": INCARNATION, "pos": 1, **other}
    offered = {name: value for name, value in asked.items() if name != "incarnation"}

    outbox.apply(Apply(number=0, writes=(LetGo(**asked),)))
    outbox.apply(Apply(number=0, writes=(OfferAgain(**offered),)))

    assert outbox.items()[0].state == ("queued" if "incarnation" in other else "receipted")


def test_a_tombstone_proves_the_report_but_no_longer_holds_it(outbox: Outbox) -> None:
    row = add(outbox)
    outbox.record_receipt(receipt(row), sha256=row.sha256)
    let_go(outbox, row)

    held = outbox.item(row.item_id)
    assert held is not None and held.receipt is not None
    assert msgspec.msgpack.decode(held.receipt, type=ReceiptBody) == receipt(row)
    with pytest.raises(NotHeld):
        held.envelope()
    with pytest.raises(dbapi2.IntegrityError):
        run(outbox, "UPDATE outbox SET state = 'queued'")
    assert outbox.custody(DEVICE)[0].whole


def test_a_new_incarnation_queues_again_whatever_is_held(outbox: Outbox) -> None:
    rows = [add(outbox) for _ in range(4)]
    outbox.adopt_incarnation(INCARNATION)
    for row in rows[:2]:
        outbox.record_receipt(receipt(row, pos=row.seq), sha256=row.sha256)
    outbox.quarantine(rows[2], error="malformed")
    let_go(outbox, rows[0])
    outbox.keep_page(DEVICE, page("c"))

    assert not outbox.adopt_incarnation(INCARNATION)
    assert outbox.adopt_incarnation(item_id(0xF))

    assert [row.state for row in outbox.items()] == ["tombstone", "queued", "queued", "queued"]
    assert outbox.cursor(DEVICE) == ""


def test_an_old_receipt_does_not_let_go_of_what_was_queued_again(outbox: Outbox) -> None:
    row = add(outbox)
    outbox.record_receipt(receipt(row), sha256=row.sha256)
    outbox.requeue_all(item_id(0xF))

    with pytest.raises(dbapi2.IntegrityError, match="only when a receipt is held"):
        run(outbox, "UPDATE outbox SET sealed = NULL, state = 'tombstone'")


def page(cursor: str, *messages: Message) -> PullResponse:
    return PullResponse(
        incarnation=INCARNATION, cursor=cursor, more=False, messages=messages, challenge="c-1"
    )


def test_a_message_that_comes_again_is_the_same_message(outbox: Outbox) -> None:
    first = Message(id=item_id(1), pos=1, kind="ack", sealed=b"1", kid="r1", sig=bytes(64))
    odd = Message(id=item_id(2), pos=2, kind="of a later version", sealed=b"2", kid="r1", sig=bytes(64))
    outbox.keep_page(DEVICE, page("one", first))
    outbox.mark_applied(first.id)

    outbox.keep_page(DEVICE, page("two", first, odd))

    assert [(each.kind, each.applied) for each in outbox.messages(DEVICE)] == [
        ("ack", True),
        ("of a later version", False),
    ]
    assert outbox.cursor(DEVICE) == "two"


def test_a_page_that_cannot_be_kept_whole_does_not_move_the_cursor(outbox: Outbox) -> None:
    outbox.keep_page(DEVICE, page("one"))
    run(outbox, "CREATE TRIGGER full BEFORE INSERT ON feed_message BEGIN SELECT RAISE(ABORT, 'full'); END")

    with pytest.raises(dbapi2.IntegrityError):
        outbox.keep_page(
            DEVICE,
            page("two", Message(id=item_id(1), pos=1, kind="ack", sealed=b"1", kid="r1", sig=bytes(64))),
        )
    assert outbox.cursor(DEVICE) == "one"
    outbox.keep_state("still", "works")


def test_a_queue_is_carried_by_hand_to_another_device(outbox: Outbox, tmp_path: Path) -> None:
    rows = [add(outbox) for _ in range(3)]
    outbox.record_receipt(receipt(rows[0]), sha256=rows[0].sha256)
    outbox.quarantine(rows[1], error="malformed")
    carried = outbox.export()

    other = Outbox(tmp_path / "other.sqlite")
    assert other.import_queue(carried, created_at="2026-02-01T00:00:00.000Z") == 2
    assert other.import_queue(carried, created_at="2026-03-01T00:00:00.000Z") == 0

    assert [row.envelope() for row in other.due(0)] == [rows[1].envelope(), rows[2].envelope()]
    other.close()


def test_a_damaged_file_is_not_imported_in_part(outbox: Outbox) -> None:
    good = sealed(1, device_id=item_id(0xD))
    bad = msgspec.structs.replace(sealed(2, device_id=item_id(0xD)), sealed=b"rot")

    with pytest.raises(NotSaved):
        outbox.import_queue(
            protocol.ExportedQueue(format="waymark-sealed-queue/1", items=(good, bad)), created_at=""
        )
    assert outbox.items() == []


def test_an_outbox_outlives_its_process(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "outbox.sqlite")
    row = add(first)
    second = Outbox(tmp_path / "outbox.sqlite")

    assert second.item(row.item_id) == row
    assert add(second).seq == 2
    first.close()
    second.close()


def test_what_is_committed_is_synced_and_what_is_let_go_is_overwritten(outbox: Outbox) -> None:
    settings = {
        name: run(outbox, f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "secure_delete", "journal_mode", "user_version")
    }
    assert settings == {"synchronous": 2, "secure_delete": 1, "journal_mode": "wal", "user_version": 1}


def test_every_statement_can_be_prepared(outbox: Outbox) -> None:
    import re

    for name, sql in sections().items():
        if not name.startswith("schema_"):
            parameters = dict.fromkeys(re.findall(r":(\w+)", re.sub(r"--.*", "", sql)), None)
            outbox._db.execute(f"EXPLAIN {sql}", parameters)
