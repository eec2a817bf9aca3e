"""What comes back: one feed, read to its end, once, and by nobody else."""

import msgspec

from waymark_sync.device import new_visitor
from waymark_sync.protocol import AckBody
from waymark_sync.seal import raw_public

from .world import World


def test_an_answer_comes_back_and_opens_only_here(world: World) -> None:
    [item_id] = world.report()
    world.client.drain()
    told = AckBody(item_id=item_id, at="2026-01-03T00:00:00.000Z", from_name="Northshire", text="Thank you.")
    world.service.say(world.device.device_id, raw_public(world.device.seal_key), "ack", told)
    world.service.say(world.device.device_id, raw_public(new_visitor().seal_key), "ack", told)

    drained = world.client.drain()

    assert drained.received == 2
    [(message, text)] = list(world.client.inbox.opened())
    assert (message.kind, msgspec.json.decode(text, type=AckBody)) == ("ack", told)
    assert len(world.outbox.messages(world.device.device_id)) == 2


def test_a_receipt_through_the_feed_counts_as_well(world: World) -> None:
    [item_id] = world.report()
    world.service.faults = ["reply_lost"]
    world.client.drain()
    assert world.states() == ["queued"]
    world.outbox.adopt_incarnation(world.service.incarnation)
    public = raw_public(world.device.seal_key)
    forged = msgspec.structs.replace(world.service.receipt_for(item_id), item_id=item_id)
    forged = msgspec.structs.replace(forged, receipt=msgspec.structs.replace(forged.receipt, at=99))
    world.service.say(world.device.device_id, public, "receipt", forged)

    world.client.pull_once()
    assert world.states() == ["queued"]
    world.service.say(world.device.device_id, public, "receipt", world.service.receipt_for(item_id))
    world.client.pull_once()

    assert world.states() == ["receipted"]


def test_an_old_challenge_costs_one_more_request(world: World) -> None:
    world.client.drain()
    world.service.challenge = "c-2"

    assert world.client.pull_once().failure is None
    assert world.outbox.state("challenge") == "c-2"


def test_a_device_the_service_does_not_know_is_told_no_messages(world: World) -> None:
    world.service.signers.clear()

    failure = world.client.pull_once().failure

    assert failure is not None and failure.reason == "http_401"


def test_a_feed_is_read_to_its_end_and_once(world: World) -> None:
    public, feed_id = raw_public(world.device.seal_key), world.device.device_id
    for number in range(5):
        told = AckBody(item_id=feed_id, at="", from_name=str(number))
        world.service.say(feed_id, public, "message", told)

    assert world.client.drain().received == 5
    assert world.client.drain().received == 0
    assert [message.pos for message in world.outbox.messages(feed_id)] == [1, 2, 3, 4, 5]


def test_a_feed_that_was_rolled_back_by_hand_is_read_again_from_the_first(world: World) -> None:
    public, feed_id = raw_public(world.device.seal_key), world.device.device_id
    backup = world.service.snapshot()
    world.service.say(feed_id, public, "ack", AckBody(item_id=feed_id, at="", from_name="lost"))
    world.client.drain()
    world.service.restore(backup, announced=False)
    world.service.say(feed_id, public, "ack", AckBody(item_id=feed_id, at="", from_name="new"))

    world.client.drain()

    names = {msgspec.json.decode(text, type=AckBody).from_name for _, text in world.client.inbox.opened()}
    assert names == {"lost", "new"}
