"""I12: what every release's client ever sent is taken by this service as it was taken then."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from models.hub import Hub
from models.place import hub_in
from models.wire import Delivery, Wire
from support.desk import PEOPLE, enrol_device
from support.reports import Device
from traffic.record import FOLDER, allow_enrolment
from traffic.shape import Act, KeptDevice, Traffic, read_key
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark.kernel.holders import make_holders
from waymark_sync.codec import decode, from_base64url, to_base64url
from waymark_sync.messages import ReturnResponse
from waymark_sync.protocol import (
    AttState,
    ManifestResponse,
    Message,
    PullResponse,
    PushResponse,
    message_info,
    pull_text,
)
from waymark_sync.return_code import derive
from waymark_sync.seal import open_sealed, sign, unpad
from waymark_sync.transport import Reply

RECORDED: Final = sorted(FOLDER.glob("*/*.json"))
KINDS: Final = {"enrol", "push", "manifest", "pull", "return", "att"}


@pytest.fixture(params=RECORDED, ids=[f"{path.parent.name}-{path.stem}" for path in RECORDED])
def traffic(request: pytest.FixtureRequest) -> Traffic:
    path: Path = request.param
    return msgspec.json.decode(path.read_bytes(), type=Traffic)


@pytest.fixture
def hub(traffic: Traffic, tmp_path: Path) -> Iterator[Hub]:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for name, kept in traffic.service_keys.items():
        (keys / name).touch(mode=0o600)
        (keys / name).write_bytes(b64decode(kept))
    make_holders(keys)  # as an operator does who comes from a version without
    hub = hub_in(tmp_path)
    yield hub
    hub.stop()


def test_there_is_traffic_of_every_kind() -> None:
    for path in RECORDED:
        acts = msgspec.json.decode(path.read_bytes(), type=Traffic).acts
        assert {_kind(act) for act in acts if not act.desk} >= KINDS


def test_an_old_clients_traffic_is_taken_as_it_was(traffic: Traffic, hub: Hub) -> None:
    hub.write(identity.seed_demo, hub.client.app.state.pack, PEOPLE.values(), now=clock.now())
    allow_enrolment(hub, traffic.enrolment_code)
    for kept in traffic.devices:
        if kept.enrolled:
            hub.write(enrol_device, _device(kept))
    wire, opened = Wire(lambda: hub.client), 0

    for act in traffic.acts:
        hub.opened()
        if act.desk:
            assert hub.acknowledge(act.item_id) == 200
            continue
        reply = _asked(wire, act, traffic)
        assert reply.status == act.status, act.path
        opened += _same(act, reply, traffic, hub)

    assert opened, "the messages that came back open with the old client's keys"
    assert wire.bad == []


def _asked(wire: Wire, act: Act, traffic: Traffic) -> Reply:
    """A challenge of long ago is refused with a fresh one, which every client signs and sends again."""
    body, headers = b64decode(act.body), act.headers
    reply = wire.deliver(Delivery(act.method, act.path, body, headers))
    fresh = reply.headers.get("waymark-challenge")
    if _kind(act) != "pull" or act.status == 401 or reply.status != 401 or fresh is None:
        return reply
    query = parse_qs(urlsplit(act.path).query, keep_blank_values=True)
    device = next(each for each in traffic.devices if each.id == headers["waymark-device"])
    text = pull_text(
        device_id=device.id, challenge=fresh, cursor=query["cursor"][0], limit=int(query["limit"][0])
    )
    signed = to_base64url(sign(read_key(device.sign_key), text))
    again = {**headers, "waymark-challenge": fresh, "waymark-signature": signed}
    return wire.deliver(Delivery(act.method, act.path, body, again))


def _same(act: Act, reply: Reply, traffic: Traffic, hub: Hub) -> int:
    """What the client reads in the answer. Returns how many messages were opened."""
    then, now = (b64decode(act.answer), act.answer_type), (reply.body, reply.headers.get("content-type", ""))
    if act.status != 200:
        return 0
    match _kind(act):
        case "push":
            verdicts = [[each.verdict for each in decode(*one, PushResponse).results] for one in (then, now)]
            assert verdicts[0] == verdicts[1]
        case "manifest":
            assert decode(*then, ManifestResponse).missing == decode(*now, ManifestResponse).missing
        case "att":
            states = [decode(*one, AttState) for one in (then, now)]
            assert (states[0].offset, states[0].complete) == (states[1].offset, states[1].complete)
        case "pull":
            device = next(each for each in traffic.devices if each.id == act.headers["waymark-device"])
            page = decode(*now, PullResponse)
            return sum(_opens(each, device.id, device.seal_key) for each in page.messages)
        case "return":
            came = decode(*now, ReturnResponse)
            secrets = derive(traffic.return_code, instance=hub.ring.instance)
            assert from_base64url(act.headers["waymark-locator"]) == secrets.locator
            assert came.proof.item_id
    return 0


def _opens(message: Message, feed_id: str, seal_key: str) -> bool:
    info = message_info(feed_id=feed_id, message_id=message.id, kind=message.kind)
    return bool(unpad(open_sealed(message.sealed, private_key=read_key(seal_key), info=info)))


def _kind(act: Act) -> str:
    return urlsplit(act.path).path.removeprefix("/sync/v1/").partition("/")[0]


def _device(kept: KeptDevice) -> Device:
    made = Device(visitor=False, device_id=kept.id)
    made.sign_key, made.seal_key = read_key(kept.sign_key), read_key(kept.seal_key)
    return made
