"""Requests to begin from: what the real client sends in one short day."""

from pathlib import Path
from urllib.parse import urlsplit

from fuzz.target import Asked
from models.hub import Hub
from models.tablet import Tablet
from models.wire import Delivery, Wire
from support.desk import PEOPLE, enrol_device
from support.files import noise
from support.reports import Device as Known
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.device import Device, new_epoch
from waymark_sync.keyring import Keyring
from waymark_sync.protocol import Envelope, PushRequest
from waymark_sync.return_code import derive, new_code
from waymark_sync.returning import open_mailbox

NAMES = {"/sync/v1/push": "push", "/sync/v1/manifest": "manifest", "/sync/v1/pull": "cursor"}


def record(hub: Hub, folder: Path) -> tuple[list[Asked], list[Envelope]]:
    """Reports with a file, an answer to one of them, a manifest, pulls, and a look with a return code."""
    hub.write(identity.seed_demo, hub.client.app.state.pack, PEOPLE.values(), now=clock.now())
    known = Known(visitor=False)
    hub.write(enrol_device, known)
    wire = Wire(lambda: hub.client)
    device = Device(device_id=known.id, epoch=new_epoch(), sign_key=known.sign_key, seal_key=known.seal_key)
    tablet = Tablet.new(folder, device, wire, hub.ring, lambda: 0.5)
    tablet.save(noise(3_000))
    saved = tablet.save()
    tablet.drain()
    hub.opened()
    hub.acknowledge(saved.item_id)
    tablet.drain()
    tablet.drain()
    _look(hub, tablet, wire)
    tablet.close()
    sent = [asked for delivery in wire.sent for asked in _asked(delivery)]
    envelopes = [item for each in wire.sent if each.path == "/sync/v1/push" for item in _items(each)]
    return sent, envelopes


def _look(hub: Hub, tablet: Tablet, wire: Wire) -> None:
    ring = Keyring(outbox=tablet.home.outbox, transport=wire, root=hub.ring.root_public, pinned=None)
    open_mailbox(derive(new_code("words"), instance=hub.ring.instance), transport=wire, keyring=ring)


def _items(sent: Delivery) -> tuple[Envelope, ...]:
    return decode(sent.body, MSGPACK, PushRequest).items


def _asked(sent: Delivery) -> list[Asked]:
    split = urlsplit(sent.path)
    name = NAMES.get(split.path) or ("return" if split.path.endswith("return") else "chunk")
    made = Asked(
        name=name,
        method=sent.method,
        path=split.path,
        query=split.query,
        headers=dict(sent.headers),
        body=sent.body,
    )
    if name != "push":
        return [made]
    as_json = encode(decode(sent.body, MSGPACK, PushRequest), JSON)
    return [made, Asked(**{**_fields(made), "body": as_json, "headers": {"content-type": JSON}})]


def _fields(made: Asked) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__struct_fields__}
