"""A device takes new keys: whatever breaks on the way, it loses no report and is not locked out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from waymark_sync import device_keys
from waymark_sync.device import Kept, capture, carry_out, keep_device, kept_device
from waymark_sync.messages import AckBody
from waymark_sync.outbox import Outbox
from waymark_sync.outbox_rows import KeptOrder
from waymark_sync.protocol import LABEL_ITEM
from waymark_sync.rekeying import STEPS_MAX, Rekeyed
from waymark_sync.seal import new_key, raw_public, signature_valid

from .service import Service
from .world import World, body


@pytest.fixture
def tablet(world: World) -> World:
    """Enrolled, remembered in its outbox, and at peace with its service."""
    keep_device(world.outbox, world.device)
    world.service.sealers[world.device.device_id] = raw_public(world.device.seal_key)
    world.client.drain()
    return world


def kept(world: World) -> Kept:
    return msgspec.msgpack.decode(world.outbox.state("device"), type=Kept)


def knows(world: World) -> bytes:
    """The signing key that the service knows."""
    return world.service.signers[world.device.device_id]


def asks_with(world: World) -> bytes:
    device = kept_device(world.outbox)
    assert device is not None
    return raw_public(device.sign_key)


def drain(world: World, times: int = 1) -> None:
    for _ in range(times):
        world.later()
        world.client.drain()


def change(world: World) -> None:
    world.service.asks_new_keys = True
    drain(world, 2)


def tell(world: World, text: str) -> None:
    device_id = world.device.device_id
    message = AckBody(item_id=device_id, at="2026-01-02T03:04:05.678Z", from_name="X", text=text)
    world.service.say(device_id, world.service.sealers[device_id], "ack", message)


def texts(world: World) -> list[str]:
    world.client.drain()
    return [msgspec.json.decode(plain)["text"] for _, plain in world.client.inbox.opened()]


def signed_by(world: World, key: bytes) -> list[int]:
    return [row.seq for row in world.outbox.items() if signature_valid(key, LABEL_ITEM + row.sha256, row.sig)]


def test_it_takes_them_when_it_is_asked_and_lets_go_of_the_old_one(tablet: World) -> None:
    old = knows(tablet)
    tablet.report(2)
    tell(tablet, "before")
    assert texts(tablet) == ["before"]
    tablet.service.asks_new_keys = True
    drain(tablet)
    between = (asks_with(tablet), tablet.service.shown[-1], len(kept(tablet).steps))
    tablet.report(1)  # the service does not know yet
    drain(tablet)
    tell(tablet, "after")
    tablet.report(1)
    new = knows(tablet)

    assert between == (old, 0, 1)
    assert new != old
    assert asks_with(tablet) == new
    assert signed_by(tablet, old) == [1, 2]
    assert signed_by(tablet, new) == [3, 4]
    assert kept(tablet).steps[0].seq == 2
    assert texts(tablet) == ["before", "after"]
    assert raw_public(tablet.device.sign_key) == old
    assert device_keys.kept_key(kept(tablet).sign_key) != tablet.device.sign_key
    assert tablet.states() == ["receipted"] * 4
    drain(tablet, 2)
    assert tablet.service.shown[-2:] == [0, 0], "shown no longer than it must be"


@pytest.mark.parametrize("fault", ["lost", "reply_lost", "portal", "cut", 500, 503])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_whatever_breaks_it_ends_with_keys_that_both_know(tablet: World, fault: str | int, at: int) -> None:
    tablet.service.asks_new_keys = True
    for place in range(3):
        tablet.report(1)
        tablet.service.faults = [fault] if place == at else []
        drain(tablet)
    tablet.service.faults = []
    drain(tablet, 2)

    assert asks_with(tablet) == knows(tablet)
    assert not kept(tablet).next_sign_key
    assert tablet.states() == ["receipted"] * 3
    tell(tablet, "found")
    assert texts(tablet) == ["found"]


class Killed(Exception):
    """Nothing after this moment has happened."""


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("late", [False, True])
def test_killed_at_each_word_that_it_keeps_of_itself(
    tablet: World, monkeypatch: pytest.MonkeyPatch, number: int, late: bool
) -> None:
    """late: after it was written, else before."""
    real, count = Outbox.keep_state, 0

    def kept_state(self: Outbox, key: str, value: Any) -> None:
        nonlocal count
        mine, count = count, count + (key == "device")
        if key == "device" and mine == number:
            if late:
                real(self, key, value)
            raise Killed
        real(self, key, value)

    tablet.service.asks_new_keys = True
    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "keep_state", kept_state)
        for _ in range(4):
            tablet.report(1)
            tablet.later()
            try:
                tablet.client.drain()
            except Killed:
                tablet.client = tablet.another(tablet.outbox)
    drain(tablet, 3)

    assert asks_with(tablet) == knows(tablet)
    assert tablet.states() == ["receipted"] * 4
    old, new = raw_public(tablet.device.sign_key), knows(tablet)
    seqs = (signed_by(tablet, old), signed_by(tablet, new))
    assert sorted(seqs[0] + seqs[1]) == [1, 2, 3, 4]
    assert max(seqs[0]) == kept(tablet).steps[0].seq


@pytest.mark.parametrize("changes", [1, 3, STEPS_MAX])
def test_a_service_restored_from_before_is_led_to_its_keys(tablet: World, changes: int) -> None:
    backup = tablet.service.snapshot()
    for _ in range(changes):
        tell(tablet, "lost with the restore")
        change(tablet)
    tablet.service.restore(backup)
    drain(tablet, 3)

    assert asks_with(tablet) == knows(tablet)
    tell(tablet, "found")
    assert "found" in texts(tablet)
    drain(tablet)
    assert tablet.service.shown[-1] == 0


def test_nobody_but_the_service_makes_it_let_go(tablet: World) -> None:
    device_keys.begin(tablet.outbox, tablet.device.device_id)
    before = kept(tablet)
    next_key = raw_public(device_keys.kept_key(before.next_sign_key))
    real = tablet.service._take_keys

    def forged(*given: Any) -> Rekeyed:
        real(*given)
        word = Rekeyed(device_id=tablet.device.device_id, sign_key=next_key, at=1, kid="r1", sig=bytes(64))
        return word

    tablet.service._take_keys = forged  # type: ignore[method-assign]
    drain(tablet)

    assert kept(tablet) == before


@pytest.mark.parametrize("wrong", ["other_key", "other_device"])
def test_a_word_of_another_key_moves_nothing(tablet: World, wrong: str) -> None:
    device_keys.begin(tablet.outbox, tablet.device.device_id)
    before = kept(tablet)
    word = Rekeyed(
        device_id=tablet.device.device_id
        if wrong == "other_key"
        else "0" * 8 + "-0000-4000-8000-" + "0" * 12,
        sign_key=raw_public(new_key()),
        at=1,
        kid="r1",
        sig=bytes(64),
    )

    assert not device_keys.told(tablet.outbox, word, incarnation="x")
    assert kept(tablet) == before


def test_two_programs_on_one_outbox_sign_with_the_same_key(tablet: World) -> None:
    stale, other = tablet.client, tablet.another(tablet.outbox)
    tablet.service.asks_new_keys = True
    for _ in range(2):
        tablet.later()
        other.drain()
    keys = stale.keyring.keys()
    assert keys is not None
    capture(tablet.outbox, tablet.device, keys, report=body, created_at="2026-01-02T03:04:05.000Z")
    drain(tablet)
    tell(tablet, "found")

    assert signed_by(tablet, knows(tablet)) == [1]
    assert texts(tablet) == ["found"]


def test_it_is_asked_twice_and_takes_one_pair(tablet: World) -> None:
    device_id = tablet.device.device_id
    assert device_keys.begin(tablet.outbox, device_id)
    assert not device_keys.begin(tablet.outbox, device_id)
    assert not device_keys.begin(tablet.outbox, "another")


def test_a_visitor_takes_none(world: World) -> None:
    keep_device(world.outbox, replace(world.device, visitor=True))
    assert not device_keys.begin(world.outbox, world.device.device_id)


def test_taken_out_of_service_it_keeps_no_key_at_all(tablet: World, tmp_path: Path) -> None:
    change(tablet)
    device_keys.begin(tablet.outbox, tablet.device.device_id)
    held = kept(tablet)
    tablet.outbox.keep_order(KeptOrder(device_id=tablet.device.device_id, scope="keys"))
    carry_out(tablet.outbox, "keys")
    after = kept(tablet)

    assert held.next_sign_key
    assert held.earlier_seal_keys
    found = (after.sign_key, after.seal_key, after.next_sign_key, after.next_seal_key)
    assert found == (b"", b"", b"", b"")
    assert (after.earlier_seal_keys, after.steps) == ((), ())


def test_it_keeps_the_last_steps_alone(tablet: World) -> None:
    for _ in range(STEPS_MAX + 2):
        change(tablet)
    steps = kept(tablet).steps
    assert len(steps) == STEPS_MAX
    assert steps[-1].sign_key == knows(tablet)
    assert len(kept(tablet).earlier_seal_keys) == STEPS_MAX


@pytest.fixture
def old_world(tmp_path: Path) -> Iterator[World]:
    opened = Outbox(tmp_path / "old.sqlite")
    yield World(opened, Service())
    opened.close()


def test_a_device_that_was_kept_by_an_earlier_version_goes_on(old_world: World) -> None:
    keep_device(old_world.outbox, old_world.device)
    old_world.service.sealers[old_world.device.device_id] = raw_public(old_world.device.seal_key)
    fields = msgspec.msgpack.decode(old_world.outbox.state("device"))
    added = ("next_sign_key", "next_seal_key", "earlier_seal_keys", "steps", "told")
    earlier = {name: value for name, value in fields.items() if name not in added}
    old_world.outbox.keep_state("device", msgspec.msgpack.encode(earlier))
    change(old_world)

    assert asks_with(old_world) == knows(old_world) != raw_public(old_world.device.sign_key)
