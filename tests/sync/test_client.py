"""The client against a service whose network fails: nothing lost, nothing believed that is not signed."""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from waymark_sync import codec, protocol
from waymark_sync.answers import setback
from waymark_sync.client import Client
from waymark_sync.codec import from_base64url as raw
from waymark_sync.device import EnrolFailed, enrol, keep_device, kept_device, new_visitor
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import Envelope, SignedKeySet
from waymark_sync.seal import raw_public
from waymark_sync.transport import NoAnswer, Reply

from .service import Service, key_set, opened
from .world import HOUR_MS, World


def test_a_report_arrives_and_opens(world: World) -> None:
    [item_id] = world.report()

    drained = world.client.drain()

    assert (drained.stored, drained.failure, drained.next_try_ms) == (1, None, None)
    assert world.states() == ["receipted"]
    stored = msgspec.json.decode(opened(world.service.stored[item_id][1]))
    assert stored["answers"]["narrative_original"] == "They shouted."


def test_a_visitor_names_its_keys_in_the_header(outbox: Outbox) -> None:
    world = World(outbox, Service(), new_visitor())
    [item_id] = world.report()

    world.client.drain()

    header = protocol.decode_header(world.service.stored[item_id][1].header)
    assert header.public_key == raw_public(world.device.sign_key)
    assert header.reply_key == raw_public(world.device.seal_key)


@pytest.mark.parametrize(
    "fault", ["lost", "reply_lost", "portal", "cut", 500, 502, 503, 429, 507, 401, 302, 400]
)
def test_whatever_goes_wrong_the_report_waits_and_then_arrives_once(world: World, fault: str | int) -> None:
    [item_id] = world.report()
    world.service.faults = [fault]

    world.client.drain()
    assert world.states() == ["queued"]
    world.later()
    world.client.drain()

    assert world.states() == ["receipted"]
    assert list(world.service.stored) == [item_id]


def test_a_first_start_without_network_can_capture(world: World) -> None:
    world.service.faults = ["lost"] * 50

    world.report(3)
    drained = world.client.drain()

    assert drained.failure is not None and drained.failure.kind == "unreachable"
    assert world.states() == ["queued"] * 3


def test_time_that_the_service_asks_for_is_given(world: World) -> None:
    world.report()
    world.service.faults = [503]

    world.client.drain()
    row = world.outbox.items()[0]
    assert row.next_try_at is not None and row.next_try_at >= world.now_ms + 120_000
    world.report()
    told = world.client.drain()
    assert told.failure is not None and told.failure.reason == "pausing"

    world.client.drain(asked=True)
    assert world.states() == ["receipted", "receipted"]


def test_too_large_a_batch_is_halved_until_it_fits(world: World) -> None:
    world.report(40)
    world.service.items_max = 12

    world.client.drain()

    assert set(world.states()) == {"receipted"}
    assert [count for _, count in world.service.requests] == [40, 20, 20, 10, 10, 10, 10]


def test_a_poison_report_ends_alone_and_delays_no_other_for_long(world: World) -> None:
    ids = world.report(16)
    world.service.poison = {ids[5]}

    for _ in range(6):
        world.client.drain()
        world.later(0.1)

    assert [row.item_id for row in world.outbox.items() if row.state == "queued"] == [ids[5]]


def test_a_report_that_fails_alone_again_and_again_is_shown_and_tried_daily(world: World) -> None:
    ids = world.report(1)
    world.service.poison = set(ids)

    for _ in range(5):
        world.client.drain()
        world.later(1)

    row = world.outbox.items()[0]
    assert (row.state, row.last_error) == ("queued", "suspect")
    assert row.next_try_at is not None and row.next_try_at > world.now_ms + 20 * HOUR_MS
    world.service.poison = set()
    world.later(30)
    world.client.drain()
    assert world.states() == ["receipted"]


def test_a_refusal_that_is_not_proven_sets_nothing_aside(world: World) -> None:
    """A proxy that answers for the service can say `rejected`, signed by nobody."""
    [item_id] = world.report()
    refuse = protocol.PushResponse(
        incarnation=world.service.incarnation,
        server_time=1,
        restore_floor=0,
        downstream=False,
        challenge="c-1",
        results=(protocol.ItemResult(item_id=item_id, index=0, verdict="rejected", reason="hash_wrong"),),
    )
    honest = world.service._commit
    world.service._commit = lambda items: refuse  # type: ignore[method-assign]

    for _ in range(5):
        world.client.push_once()
        assert world.states() == ["queued"]
        world.later(1)

    row = world.outbox.items()[0]
    assert (row.last_error, row.solo_failures, row.companions) == ("suspect", 5, 64)
    world.service._commit = honest  # type: ignore[method-assign]
    world.client.drain(asked=True)
    assert world.states() == ["receipted"]


def test_a_restored_service_gets_everything_again(world: World) -> None:
    backup = world.service.snapshot()
    ids = world.report(3)
    world.client.drain()
    world.service.restore(backup)
    world.report()

    world.client.drain()

    assert set(world.service.stored) >= set(ids)
    assert set(world.states()) == {"receipted"}
    incarnations = {row.incarnation for row in world.outbox.items()}
    assert incarnations == {world.service.incarnation}


def test_bytes_are_let_go_only_under_a_signed_floor(world: World) -> None:
    world.report(2)
    world.client.drain()
    assert world.states() == ["receipted", "receipted"]

    world.service.restore_floor = 1
    world.service.manifests = "unsigned"
    world.client.drain()
    assert world.states() == ["receipted", "receipted"]
    world.service.manifests = "signed"
    world.client.drain()

    assert world.states() == ["tombstone", "receipted"]


def test_a_floor_beside_another_report_lets_nothing_go(world: World) -> None:
    """The database may have been copied back by hand: somebody else's report may stand at that position."""
    backup = world.service.snapshot()
    [mine] = world.report()
    world.client.drain()
    world.service.restore(backup, announced=False)
    world.service.restore_floor = 1
    world.service.manifests = "none"
    world.report()

    world.client.drain()

    states = {row.item_id: row.state for row in world.outbox.items()}
    assert states.pop(mine) == "receipted"
    assert list(states.values()) == ["tombstone"]


def test_a_restore_that_nobody_announced_is_found_by_asking(world: World) -> None:
    backup = world.service.snapshot()
    ids = world.report(3)
    world.client.drain()
    world.service.restore(backup, announced=False)

    world.client.drain()

    assert set(world.service.stored) == set(ids)
    assert world.states() == ["receipted"] * 3


def test_new_keys_are_fetched_when_a_receipt_names_them_and_an_older_set_is_not_taken(world: World) -> None:
    world.report()
    world.service.keys = key_set(issued_at=5, receipt_kid="r2")
    world.service.keys_issued_at = 5
    world.client.drain()
    assert world.states() == ["receipted"]

    world.service.keys = key_set(issued_at=4)
    held = world.client.keyring.renewed()

    assert held is not None and held.issued_at == 5


def test_keys_of_another_root_are_never_used(world: World) -> None:
    stranger = msgspec.structs.replace(key_set(issued_at=9), sig=bytes(64))
    world.service.keys = stranger

    held = world.client.keyring.renewed()

    assert held is not None and held.issued_at == 1


def test_two_drainers_at_once_do_no_harm(world: World, tmp_path: Path) -> None:
    ids = world.report(30)
    lock, path = threading.Lock(), tmp_path / "outbox.sqlite"
    post = world.service.post

    def one_by_one(path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        with lock:
            return post(path, body, headers)

    world.service.post = one_by_one  # type: ignore[method-assign]
    start = threading.Barrier(2)

    def drain() -> None:
        outbox = Outbox(path)
        start.wait()
        world.another(outbox).drain()
        outbox.close()

    drainers = [threading.Thread(target=drain) for _ in range(2)]
    for drainer in drainers:
        drainer.start()
    for drainer in drainers:
        drainer.join()

    assert set(world.states()) == {"receipted"}
    assert sorted(world.service.stored) == sorted(ids)
    assert world.service.conflicts == {}


def test_a_crash_between_sending_and_noting_sends_the_same_bytes_again(world: World, tmp_path: Path) -> None:
    class Died(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> bool:
        raise Died

    [item_id] = world.report()
    before = world.outbox.items()
    world.outbox.record_receipt = dies  # type: ignore[method-assign]
    with pytest.raises(Died):
        world.client.drain()

    again = Outbox(tmp_path / "outbox.sqlite")
    assert again.items() == before
    world.another(again).drain()
    held = again.item(item_id)
    assert held is not None and held.state == "receipted"
    assert len(world.service.stored) == 1
    again.close()


def test_an_enrolled_device_is_remembered(world: World) -> None:
    keep_device(world.outbox, world.device)

    kept = kept_device(world.outbox)

    assert kept is not None
    assert (kept.device_id, kept.epoch, kept.centre_name) == (
        world.device.device_id,
        world.device.epoch,
        "Harbour Library",
    )
    assert raw_public(kept.sign_key) == raw_public(world.device.sign_key)


def test_a_wrong_code_enrols_nobody() -> None:
    with pytest.raises(EnrolFailed, match="code_unknown"):
        enrol("WRONG", Service())

    service = Service()
    service.faults = ["lost"]
    with pytest.raises(EnrolFailed, match="no_answer"):
        enrol("7KQ2-M9XD-4F", service)


class Canned:
    """Answers every push with the same reply, and knows the key set."""

    def __init__(self, case: dict[str, Any], keyset: SignedKeySet) -> None:
        self._reply = Reply(status=case["status"], headers=case["headers"], body=raw(case["body"]))
        self._keyset = keyset

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._reply

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        if path != "/sync/v1/keys":
            raise NoAnswer(sent=False)
        return Reply(
            status=200, headers={"content-type": codec.JSON}, body=codec.encode(self._keyset, codec.JSON)
        )


def _id(envelope: Envelope) -> str:
    return protocol.decode_header(envelope.header).item_id


def damaged(envelope: Envelope) -> Envelope:
    return msgspec.structs.replace(envelope, sealed=envelope.sealed[:-1] + bytes([envelope.sealed[-1] ^ 1]))


def answered() -> Iterator[Any]:
    file = json.loads((Path(__file__).parents[2] / "sync/vectors/push_answers.json").read_text())
    for case in file["cases"]:
        yield pytest.param(file, case, id=case["name"])


@pytest.mark.parametrize(("file", "case"), list(answered()))
def test_what_a_device_does_with_an_answer(
    outbox: Outbox, file: dict[str, Any], case: dict[str, Any]
) -> None:
    def read(tree: Any, kind: type[Any]) -> Any:
        return codec.decode(json.dumps(tree).encode(), codec.JSON, kind)

    keyset = read(file["keyset"], SignedKeySet)
    sent = protocol.ExportedQueue(
        format="waymark-sealed-queue/1", items=tuple(read(item, Envelope) for item in file["items"])
    )
    for envelope in sent.items:  # not as a carried file, which is refused when damaged
        outbox._insert(damaged(envelope) if _id(envelope) in case.get("damaged", ()) else envelope, "")
    outbox.adopt_incarnation(file["incarnation_seen"])
    device = msgspec.structs.replace(new_visitor(), device_id=file["device_id"])
    client = Client(
        outbox=outbox,
        device=device,
        transport=Canned(case, keyset),
        root=raw(file["root"]),
        now_ms=lambda: 0,
        random=lambda: 0.0,
        pinned=keyset,
    )

    pushed = client.push_once()

    assert [row.state for row in outbox.items()] == case["then"]
    refused_answer = pushed.failure is not None and pushed.failure.kind == "unreachable"
    assert refused_answer is (case["answer"] == "network_error")
    assert {row.companions for row in outbox.items()} == ({1} if case["batch"] == "halve" else {64})
    for row in outbox.items():
        assert row.solo_failures == (row.item_id in case.get("blamed", ()))
        floor_s = case.get("item_floor_s", {}).get(row.item_id, case["floor_s"])
        assert (row.next_try_at or 0) >= floor_s * 1000
    assert outbox.state("incarnation") == case.get("incarnation", file["incarnation_seen"])
    assert int(outbox.state("not_before") or 0) >= max(case["floor_s"], case.get("backoff_s", 0)) * 1000


def test_a_setback_never_loses_count(world: World) -> None:
    from waymark_sync.answers import Failure

    world.report()
    row = world.outbox.items()[0]
    for kind, blamed in (("unreachable", 0), ("silent", 0), ("later", 0), ("fault", 1), ("too_large", 1)):
        failure = Failure(kind=kind, reason="r")  # type: ignore[arg-type]
        back = setback(row, failure, batch_size=1, now_ms=0, random=lambda: 0.5)
        assert (back.attempts, back.companions, back.solo_failures) == (
            1,
            64 if kind in ("unreachable", "later") else 1,
            blamed,
        )
