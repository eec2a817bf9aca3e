"""What comes back: one feed, read to its end, once, and by nobody else."""

from uuid import uuid4

import msgspec

from waymark_sync.device import new_visitor
from waymark_sync.messages import AckBody
from waymark_sync.protocol import Message, message_text
from waymark_sync.seal import raw_public, sign

from .service import key_set
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


def forged(world: World, number: int) -> Message:
    """What anybody can make who has seen a header: sealed to the right key, under the right name."""
    told = AckBody(item_id=world.device.device_id, at="", from_name="Northshire Police", text="Come alone.")
    signed = world.service.say(world.device.device_id, raw_public(world.device.seal_key), "ack", told)
    world.service.feeds[world.device.device_id].pop()
    by_nobody = msgspec.structs.replace(signed, pos=number, sig=bytes(64))
    text = message_text(world.device.device_id, by_nobody)
    return msgspec.structs.replace(by_nobody, sig=sign(world.device.sign_key, text))


def test_what_the_service_did_not_sign_is_never_kept(world: World) -> None:
    """One forged message condemns its page: the cursor stays, and nothing of the page is believed."""
    public, feed_id = raw_public(world.device.seal_key), world.device.device_id
    world.client.drain()
    known, cursor = world.outbox.state("incarnation"), world.outbox.cursor(feed_id)
    world.service.say(feed_id, public, "ack", AckBody(item_id=feed_id, at="", from_name="Northshire"))
    genuine = list(world.service.feeds[feed_id])
    world.service.feeds[feed_id].append(forged(world, 2))
    world.service.incarnation = str(uuid4())

    failure = world.client.pull_once().failure

    assert failure is not None and (failure.kind, failure.reason) == ("unreachable", "not_the_service")
    assert world.outbox.messages(feed_id) == []
    assert (world.outbox.cursor(feed_id), world.outbox.state("incarnation")) == (cursor, known)
    world.service.feeds[feed_id] = genuine
    assert world.client.pull_once().received == 1


def test_a_message_signed_by_a_newer_key_is_believed_after_asking_for_the_keys(world: World) -> None:
    feed_id = world.device.device_id
    world.service.keys_issued_at = 5
    told = AckBody(item_id=feed_id, at="", from_name="Northshire")
    world.service.say(feed_id, raw_public(world.device.seal_key), "ack", told)
    assert world.client.pull_once().failure is not None

    world.service.keys = key_set(issued_at=5, receipt_kid="r2")

    assert world.client.pull_once().received == 1


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
