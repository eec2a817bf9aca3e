"""A device that is taken out of service sends all that it has, makes nothing new, then forgets its keys."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from waymark_sync import core_parts as core
from waymark_sync.answers import Failure, failure_of
from waymark_sync.client import Client
from waymark_sync.codec import MSGPACK, encode, to_base64url
from waymark_sync.device import OutOfService, keep_device, kept_device
from waymark_sync.kiosk.adding import add_report
from waymark_sync.kiosk.home import Home, KioskFault, PinnedKeys, Settings, Trust
from waymark_sync.kiosk.reports import EXAMPLE
from waymark_sync.kiosk.sending import one_pass, send_files
from waymark_sync.kiosk.show import Output
from waymark_sync.kiosk.standing import standing_of
from waymark_sync.messages import AckBody
from waymark_sync.outbox import Outbox
from waymark_sync.outbox_rows import KeptOrder
from waymark_sync.protocol import Revocation, revoke_text
from waymark_sync.seal import new_key, raw_public, sign
from waymark_sync.transport import FileTransport, NoAnswer, Reply

from .passes import HERE, NOW, THERE, Pass, answer, row, writes
from .service import RECEIPT_KEY, ROOT, key_set
from .world import World


def order(device_id: str, scope: str = "keys", *, forged: bool = False) -> Revocation:
    blank = Revocation(device_id=device_id, scope=scope, nonce=str(uuid4()), at=1, kid="r1", sig=bytes(64))
    return replace(blank, sig=sign(new_key() if forged else RECEIPT_KEY, revoke_text(blank)))


@pytest.fixture
def enrolled(world: World) -> World:
    """Its identity lies in its outbox, as a kiosk's does."""
    keep_device(world.outbox, world.device)
    return world


def kept(outbox: Outbox) -> tuple[str, str | None] | None:
    found = outbox.order()
    return (found.scope, found.gone) if found else None


def test_everything_arrives_before_the_keys_go_and_nothing_new_is_made(enrolled: World) -> None:
    world = enrolled
    *_, last = world.report(3)
    world.service.poison = {last}
    world.service.revoke = order(world.device.device_id)

    for _ in range(3):
        world.client.drain()
        world.later()
    assert (sorted(world.states()), kept(world.outbox)) == (
        ["queued", "receipted", "receipted"],
        ("keys", None),
    )
    with pytest.raises(OutOfService):
        world.report()
    world.service.poison = set()
    world.later()
    world.client.drain()

    assert (world.states(), kept(world.outbox)) == (["receipted"] * 3, ("keys", "keys"))
    with pytest.raises(OutOfService):
        world.report()


def test_what_comes_after_the_keys_went_is_still_sent(enrolled: World) -> None:
    """A restored service wants it again: the bytes are here, and need no key."""
    world = enrolled
    [item_id] = world.report()
    backup = world.service.snapshot()
    world.service.revoke = order(world.device.device_id)
    world.client.drain()
    assert kept(world.outbox) == ("keys", "keys")
    backup["stored"] = {}
    world.service.restore({**backup, "pos": 0})

    again = reopened(world)
    world.later()
    again.drain()

    assert item_id in world.service.stored


def reopened(world: World, files_waiting: Callable[[], bool] = lambda: False) -> Client:
    """The process was killed and started again."""
    device = kept_device(world.outbox)
    assert device is not None
    return Client(
        outbox=world.outbox,
        device=device,
        transport=world.service,
        root=raw_public(ROOT),
        now_ms=lambda: world.now_ms,
        random=lambda: 0.5,
        pinned=key_set(),
        files_waiting=files_waiting,
    )


def test_of_the_keys_and_the_answers_nothing_stays_in_the_file(enrolled: World, tmp_path: Path) -> None:
    world = enrolled
    [item_id] = world.report()
    world.client.drain()
    device_id, public = world.device.device_id, raw_public(world.device.seal_key)
    world.service.say(device_id, public, "ack", AckBody(item_id=item_id, at="x", from_name="c", text="Read."))
    world.client.drain()
    secrets = [
        key.private_numbers().private_value.to_bytes(32, "big")
        for key in (world.device.sign_key, world.device.seal_key)
    ]
    secrets += [message.sealed[:200] for message in world.outbox.messages(device_id)]
    assert len(secrets) == 3
    assert all(found_in(tmp_path, secret) for secret in secrets)

    world.service.revoke = order(device_id)
    world.later()
    world.client.drain()

    assert kept(world.outbox) == ("keys", "keys")
    assert not any(found_in(tmp_path, secret) for secret in secrets)
    other = kept_device(world.outbox)
    assert other is not None and other.out_of_service
    assert other.device_id == device_id
    made = other.seal_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert not found_in(tmp_path, made)


def found_in(folder: Path, secret: bytes) -> bool:
    return any(secret in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_kill_between_the_last_receipt_and_the_end_changes_nothing(
    enrolled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = enrolled
    world.report()
    world.service.revoke = order(world.device.device_id)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("waymark_sync.client.carry_out", killed)
        with pytest.raises(KeyboardInterrupt):
            world.client.drain()
    assert (world.states(), kept(world.outbox)) == (["receipted"], ("keys", None))

    world.service.revoke = None  # it was told once, and that is enough
    for _ in range(2):
        world.later()
        reopened(world).drain()

    assert kept(world.outbox) == ("keys", "keys")


def test_files_go_before_the_keys_do(enrolled: World) -> None:
    world = enrolled
    world.report()
    world.service.revoke = order(world.device.device_id)
    left = [True]

    reopened(world, lambda: left[0]).drain()
    assert kept(world.outbox) == ("keys", None)
    left[0] = False
    world.later()
    reopened(world, lambda: left[0]).drain()

    assert kept(world.outbox) == ("keys", "keys")


def test_a_kiosk_says_so_and_takes_no_report(
    enrolled: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, home = enrolled, kiosk(enrolled, tmp_path)
    add_report(home, EXAMPLE, [], form=None)
    world.service.revoke = order(world.device.device_id)

    passed = one_pass(home, cast(FileTransport, world.service), asked=True)

    assert (passed.sent, passed.out_of_service, passed.problem) == (1, "done", "")
    with pytest.raises(KioskFault, match="out of service"):
        add_report(home, EXAMPLE, [], form=None)
    Output(json=False).standing(standing_of(home))
    Output(json=False).passed(passed)
    assert capsys.readouterr().out.count("Everything has arrived. Its keys") == 2


@pytest.mark.parametrize(
    ("failure", "goes"),
    [
        (None, True),
        (Failure(kind="fault", reason="http_401"), True),
        (Failure(kind="later", reason="http_503"), False),
        (Failure(kind="unreachable", reason="offline"), False),
    ],
    ids=["no failure", "its feed is closed", "asked to wait", "not reached"],
)
def test_files_are_kept_back_by_a_service_that_is_away_and_by_no_closed_feed(
    enrolled: World, tmp_path: Path, failure: Failure | None, *, goes: bool
) -> None:
    """An order that it cannot read closes the feed all the same."""
    world, asked = enrolled, Asked()
    home = kiosk(world, tmp_path)
    (tmp_path / "x.txt").write_bytes(b"what they wrote")
    add_report(home, EXAMPLE, [(tmp_path / "x.txt", "text/plain")], form=None)
    world.client.drain()

    send_files(home, world.client, asked, failure)

    assert asked.paths == (["/sync/v1/att"] if goes else [])


class Asked:
    """A network that takes note, and brings nothing."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        self.paths.append(path)
        raise NoAnswer(sent=False)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self.post(path, b"", headers)

    patch = post


def kiosk(world: World, folder: Path) -> Home:
    signed = key_set()
    keys = PinnedKeys(payload=to_base64url(signed.payload), sig=to_base64url(signed.sig))
    trust = Trust(root=to_base64url(raw_public(ROOT)), instance=to_base64url(bytes(16)), keyset=keys)
    home = Home(folder, Settings(service="https://x", trust=trust), world.outbox, world.device)
    home.files.mkdir()
    return home


def test_all_of_it_goes_once_no_backup_lacks_any_of_it(enrolled: World, tmp_path: Path) -> None:
    world = enrolled
    [item_id] = world.report()
    world.service.revoke = order(world.device.device_id, "all")

    world.client.drain()
    assert (world.states(), kept(world.outbox)) == (["receipted"], ("all", "keys"))
    world.service.restore_floor = 9
    world.later()
    world.client.drain()

    assert (world.states(), kept(world.outbox)) == ([], ("all", "all"))
    assert not found_in(tmp_path, item_id.encode())
    with pytest.raises(OutOfService):
        world.report()
    world.client.drain()


@pytest.mark.parametrize("challenge", [{}, {"waymark-challenge": "c-9"}], ids=["at once", "twice"])
def test_an_order_in_a_refused_pull_counts_as_well(enrolled: World, challenge: dict[str, str]) -> None:
    world = enrolled
    world.report()
    told = to_base64url(encode(order(world.device.device_id), MSGPACK))
    world.service.refused_pull = {"waymark-revoke": told, **challenge}

    world.client.drain()

    assert kept(world.outbox) == ("keys", "keys")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda own: order(own, forged=True),
        lambda own: order(str(uuid4())),
        lambda own: order(own, "a_later_scope"),
        lambda own: replace(order(own), scope="all"),
        lambda own: replace(order(own), device_id=own, at=2),
        lambda own: replace(order(own), kid="r9"),
    ],
    ids=["forged", "another_device", "unknown_scope", "scope_changed", "time_changed", "unknown_key"],
)
def test_an_order_that_binds_nobody_here_does_nothing_but_count(
    enrolled: World, wrong: Callable[[str], Revocation]
) -> None:
    world = enrolled
    world.report()
    world.service.revoke = wrong(world.device.device_id)

    world.client.drain()

    assert (world.states(), world.outbox.order()) == (["receipted"], None)
    assert world.outbox.orders_passed_over() >= 1
    world.report()


def test_a_wider_order_follows_a_narrower_one_and_never_the_other_way_round(outbox: Outbox) -> None:
    def obey(scope: core.Scope, device_id: str = HERE) -> KeptOrder | None:
        outbox.apply(core.Apply(number=0, writes=(core.Obey(device_id=device_id, scope=scope),)))
        return outbox.order()

    assert obey("keys") == KeptOrder(device_id=HERE, scope="keys")
    outbox.carried_out(KeptOrder(device_id=HERE, scope="keys", gone="keys"), {})
    assert obey("keys") == KeptOrder(device_id=HERE, scope="keys", gone="keys")
    assert obey("all") == KeptOrder(device_id=HERE, scope="all", gone="keys")
    assert obey("keys") == KeptOrder(device_id=HERE, scope="all", gone="keys")
    assert obey("keys", THERE) == KeptOrder(device_id=THERE, scope="keys")


@pytest.mark.parametrize(
    ("leaving", "draining", "holding", "stuck", "done"),
    [
        (None, False, False, False, None),
        ("keys", True, True, True, None),
        ("keys", False, True, False, "keys"),
        ("keys", False, False, True, "keys"),
        ("all", True, True, True, None),
        ("all", False, True, False, "keys"),
        ("all", False, False, True, "keys"),
        ("all", False, False, False, "all"),
    ],
)
def test_what_a_pass_destroys_when_it_ends(
    leaving: core.Scope | None, draining: bool, holding: bool, stuck: bool, done: core.Scope | None
) -> None:
    story = Pass()
    failure = failure_of(503, {})
    assert failure is not None
    story.failed(story.pushing(row(1)), failure)
    story.applied()

    effects = story.tell(
        core.QueueRead(
            now_ms=NOW,
            next_try_ms=None,
            holding=holding,
            not_before=0,
            leaving=leaving,
            draining=draining,
            stuck=stuck,
        )
    )

    assert [each.scope for each in effects if isinstance(each, core.CarryOut)] == ([done] if done else [])
    assert isinstance(effects[-1], core.Rest)


@pytest.mark.parametrize(
    ("told", "own_id", "obeyed"),
    [
        (core.Order(device_id=HERE, scope="keys", genuine=True), HERE, "keys"),
        (core.Order(device_id=HERE, scope="all", genuine=True), HERE, "all"),
        (core.Order(device_id=HERE, scope="keys", genuine=False), HERE, None),
        (core.Order(device_id=THERE, scope="keys", genuine=True), HERE, None),
        (core.Order(device_id=HERE, scope="keys", genuine=True), None, None),
        (core.Order(device_id=HERE, scope="", genuine=True), HERE, None),
    ],
)
def test_an_order_is_judged_with_the_answer_that_brings_it(
    told: core.Order, own_id: str | None, obeyed: str | None
) -> None:
    story, rows = Pass(), (row(1),)
    event = core.PushAnswered(
        now_ms=NOW,
        luck=0.5,
        request=story.pushing(*rows),
        response=answer(rows, ["accepted"]),
        order=told,
        own_id=own_id,
    )

    [applied, _] = story.tell(event)

    assert [write.scope for write in writes(applied, core.Obey)] == ([obeyed] if obeyed else [])
    assert len(writes(applied, core.PassOver)) == (0 if obeyed else 1)
    assert writes(applied, core.TakeReceipt)
