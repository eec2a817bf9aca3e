"""A device without contact for long locks itself, and later forgets its keys. Its queue is spared."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from waymark_sync import codec, protocol, trust
from waymark_sync.codec import from_base64url as raw
from waymark_sync.device import keep_device, kept_device
from waymark_sync.kiosk.adding import add_report
from waymark_sync.kiosk.home import Home, KioskFault
from waymark_sync.kiosk.letters import letters_of
from waymark_sync.kiosk.reports import EXAMPLE
from waymark_sync.kiosk.sending import one_pass, out_of_service
from waymark_sync.kiosk.show import Output
from waymark_sync.kiosk.standing import standing_of
from waymark_sync.lock import ContactClock, lock_after
from waymark_sync.locking import lock_now
from waymark_sync.messages import AckBody
from waymark_sync.orders import InService, in_service_text
from waymark_sync.outbox_rows import KeptOrder
from waymark_sync.seal import new_key, raw_public, sign
from waymark_sync.transport import FileTransport

from .service import RECEIPT_KEY
from .test_leaving import found_in, kiosk, reopened
from .world import World

DAY_H = 24.0
DAY_MS = 86_400_000


def test_vectors_of_the_rule(vectors: Callable[[str], Any]) -> None:
    for story in vectors("lock")["stories"]:
        clock: ContactClock | None = None
        for look in story["looks"]:
            found = lock_after(clock, now_ms=look["now"], word_at=look["word_at"])
            clock = found.clock
            assert msgspec.to_builtins(found) == look["lock"], story["name"]


def test_vectors_of_the_word(vectors: Callable[[str], Any]) -> None:
    file = vectors("lock")
    keys = codec.decode(json.dumps(file["keys"]).encode(), codec.JSON, protocol.KeySet)
    for case in file["words"]:
        word = codec.decode(json.dumps(case["word"]).encode(), codec.JSON, InService)
        assert in_service_text(word) == raw(case["text"]), case["name"]
        assert bool(trust.in_service_valid(word, keys)) is case["signed"], case["name"]
        assert (case["signed"] and word.device_id == file["device_id"]) is case["counts"], case["name"]


@pytest.fixture
def tablet(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """In service and just heard of; its clock is the world's."""
    keep_device(world.outbox, world.device)
    for module in ("home", "sending"):
        monkeypatch.setattr(f"waymark_sync.kiosk.{module}.now_ms", lambda: world.now_ms)
    world.service.in_service = word(world, at=1)
    world.client.drain()
    return kiosk(world, tmp_path)


def word(world: World, *, at: int, forged: bool = False, device_id: str = "") -> InService:
    blank = InService(device_id=device_id or world.device.device_id, at=at, kid="r1", sig=bytes(64))
    return replace(blank, sig=sign(new_key() if forged else RECEIPT_KEY, in_service_text(blank)))


def answered(world: World) -> None:
    world.service.say(
        world.device.device_id,
        raw_public(world.device.seal_key),
        "ack",
        AckBody(item_id=str(uuid4()), at="2026-01-02T03:04:05.678Z", from_name="N", text="QZANSWER"),
    )
    world.client.drain()


def away(world: World, days: float) -> None:
    world.service.faults = ["lost"] * 99
    world.later(days * DAY_H)


def back(world: World) -> None:
    world.service.faults = []


def test_it_locks_after_thirty_days_and_opens_by_itself(world: World, tablet: Home) -> None:
    answered(world)
    away(world, 30)

    with pytest.raises(KioskFault, match="locked itself"):
        letters_of(tablet)
    add_report(tablet, EXAMPLE, [], form=None)  # nobody's words are lost for it
    assert one_pass(tablet, cast(FileTransport, world.service), asked=True).waiting == 1
    back(world)
    world.service.in_service = word(world, at=2)
    passed = one_pass(tablet, cast(FileTransport, world.service), asked=True)

    assert (passed.sent, passed.waiting) == (1, 0)
    assert [letter.text for letter in letters_of(tablet)] == ["QZANSWER"]


def test_a_receipt_does_not_open_it_nor_does_any_word_but_a_new_one_to_itself(
    world: World, tablet: Home
) -> None:
    """Who holds a stolen tablet may send for it, and play back what was once said."""
    words = (
        None,
        word(world, at=1),
        word(world, at=2, forged=True),
        word(world, at=2, device_id=str(uuid4())),
    )
    away(world, 31)
    back(world)
    for each in words:
        world.service.in_service = each
        world.report()
        assert world.client.drain().stored == 1
        with pytest.raises(KioskFault, match="locked itself"):
            letters_of(tablet)


def test_after_ninety_days_its_keys_and_answers_go_and_its_queue_goes_out(
    world: World, tablet: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(world)
    [kept] = world.outbox.messages(world.device.device_id)
    away(world, 31)
    [item_id] = world.report()
    assert tablet.lock().state == "locked"
    away(world, 60)

    assert tablet.lock().state == "wiped"

    assert (world.outbox.messages(world.device.device_id), out_of_service(tablet)) == ([], "by_time")
    assert not found_in(tmp_path, kept.sealed)
    renewed = kept_device(world.outbox)
    assert renewed is not None and renewed.sign_key != world.device.sign_key
    assert world.states() == ["queued"]
    with pytest.raises(KioskFault, match="out of service"):
        add_report(tablet, EXAMPLE, [], form=None)
    back(world)
    world.service.in_service = word(world, at=2)
    assert reopened(world).drain().stored == 1
    assert [row.item_id for row in world.outbox.items()] == [item_id]
    assert out_of_service(tablet) == "by_time"
    Output(json=False).standing(standing_of(tablet))
    assert "no contact with its service for 90 days" in capsys.readouterr().out


def test_an_order_that_waits_for_the_queue_waits_no_longer_than_that(world: World, tablet: Home) -> None:
    world.report()
    world.outbox.keep_order(KeptOrder(device_id=world.device.device_id, scope="keys"))
    away(world, 31)
    tablet.lock()
    away(world, 61)

    tablet.lock()

    kept = world.outbox.order()
    assert kept is not None and (kept.gone, kept.by_time, world.states()) == ("keys", False, ["queued"])


def test_one_that_watches_without_a_network_is_wiped_in_time(world: World, tablet: Home) -> None:
    for days in (31, 60):
        away(world, days)
        passed = one_pass(tablet, cast(FileTransport, world.service), asked=False)

    assert passed.out_of_service == "by_time"


@pytest.mark.parametrize(
    ("days", "said"), [(22, ""), (23, "locks itself in 7 days"), (30, "It has locked itself")]
)
def test_its_standing_says_so(
    world: World, tablet: Home, capsys: pytest.CaptureFixture[str], days: int, said: str
) -> None:
    away(world, days)

    Output(json=False).standing(standing_of(tablet))

    out = capsys.readouterr().out
    assert said in out and ("lock" in out) is bool(said)


def test_a_clock_set_back_opens_nothing_even_after_a_kill(world: World, tablet: Home) -> None:
    away(world, 31)
    assert lock_now(world.outbox, now_ms=world.now_ms).state == "locked"

    assert lock_now(world.outbox, now_ms=world.now_ms - 31 * DAY_MS).state == "locked"


def test_a_visitor_is_never_locked(world: World) -> None:
    keep_device(world.outbox, replace(world.device, visitor=True))

    assert lock_now(world.outbox, now_ms=world.now_ms, word_at=1).clock is None
