"""Write down what this release's client sends: `python tests/traffic/record.py` before every release.

What is written stays for ever, with the keys that it was sealed under: of a service that never was.
"""

import sys
import tempfile
from base64 import b64encode
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec

from models.hub import Hub
from models.place import hub_in
from models.tablet import Tablet
from models.wire import Delivery, Wire
from support.desk import PEOPLE
from support.files import noise
from support.reports import HARBOUR, MessageBody, a_body
from traffic.shape import Act, KeptDevice, Traffic, kept_key
from waymark.identity import actions as identity
from waymark.identity import store as identity_store
from waymark.identity.devices import store as device_store
from waymark.identity.rules import code_hash, new_code
from waymark.kernel import clock
from waymark_sync.client import Client
from waymark_sync.device import Device, capture, enrol, new_visitor, say_more
from waymark_sync.keyring import Keyring
from waymark_sync.outbox import Outbox
from waymark_sync.return_code import derive
from waymark_sync.return_code import new_code as new_return_code
from waymark_sync.returning import open_mailbox
from waymark_sync.transport import Reply

FOLDER: Final = Path(__file__).parents[2] / "sync" / "vectors" / "traffic"
MADE_ANEW: Final = ("backup.pub",)
AT: Final = "2026-01-02T03:04:05.678Z"


class Recorder(Wire):
    """Keeps each request with the status of its answer, in order, beside what people at the desk did."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(lambda: hub.client)
        self.acts: list[Act] = []

    def deliver(self, sent: Delivery) -> Reply:
        reply = super().deliver(sent)
        self.acts.append(
            Act(
                method=sent.method,
                path=sent.path,
                headers=dict(sent.headers),
                body=b64encode(sent.body).decode(),
                status=reply.status,
                answer=b64encode(reply.body).decode(),
                answer_type=reply.headers.get("content-type", ""),
            )
        )
        return reply


def record(folder: Path) -> Traffic:
    hub = hub_in(folder)
    try:
        return _recorded(hub, folder)
    finally:
        hub.stop()


def _recorded(hub: Hub, folder: Path) -> Traffic:
    wire, code = Recorder(hub), new_code()
    hub.write(identity.seed_demo, hub.client.app.state.pack, PEOPLE.values(), now=clock.now())
    allow_enrolment(hub, code)
    device = enrol(code, wire)
    tablet = Tablet.new(folder / "tablet", device, wire, hub.ring, lambda: 0.5)
    saved = tablet.save(noise(20_000))
    tablet.save()
    tablet.drain()
    hub.opened()
    hub.acknowledge(saved.item_id)
    wire.acts.append(Act(desk="acknowledge", item_id=saved.item_id))
    tablet.drain()
    tablet.drain()
    visitor, words = _visitor(hub, wire, folder)
    tablet.close()
    return Traffic(
        version=version("waymark"),
        client="python",
        service_keys={
            path.name: b64encode(path.read_bytes()).decode()
            for path in sorted((folder / "keys").iterdir())
            if path.is_file() and path.name not in MADE_ANEW
        },
        enrolment_code=code,
        return_code=words,
        devices=(_kept(device), _kept(visitor)),
        acts=tuple(wire.acts),
    )


def _visitor(hub: Hub, wire: Recorder, folder: Path) -> tuple[Device, str]:
    """A victim's phone: one report with a return code, a look with the code, and one thing more to say."""
    words = new_return_code("words")
    secrets = derive(words, instance=hub.ring.instance)
    device, outbox = new_visitor(secrets), Outbox(folder / "visitor.db")
    client = Client(
        outbox=outbox,
        device=device,
        transport=wire,
        root=hub.ring.root_public,
        now_ms=lambda: 1_000_000,
        random=lambda: 0.5,
        pinned=hub.ring.signed_key_set(),
    )
    keys = client.keyring.keys()
    assert keys is not None
    row = capture(outbox, device, keys, report=a_body, created_at=AT, code=secrets)
    client.drain()
    hub.opened()
    open_mailbox(secrets, transport=wire, keyring=_keyring(hub, outbox, wire))
    say_more(outbox, device, keys, message=lambda item: _more(item, row.item_id), created_at=AT)
    client.drain()
    outbox.close()
    return device, words


def _keyring(hub: Hub, outbox: Outbox, wire: Wire) -> Keyring:
    return Keyring(outbox=outbox, transport=wire, root=hub.ring.root_public, pinned=hub.ring.signed_key_set())


def _more(item_id: str, about: str) -> MessageBody:
    return MessageBody(
        item_id=item_id,
        about=about,
        text="One thing more.",
        app_build="test",
        ui_language="en",
        written_at=AT,
    )


def allow_enrolment(hub: Hub, code: str) -> None:
    """As if a volunteer had made it at the desk just now."""
    known = hub.read(identity_store.credentials, "harbour")
    assert known is not None
    hub.write(
        device_store.add_code,
        code_hash=code_hash(code),
        centre_id=HARBOUR,
        label="Front desk",
        made_by=known.person_id,
        expires_at=clock.now() + timedelta(minutes=5),
    )


def _kept(device: Device) -> KeptDevice:
    return KeptDevice(
        id=device.device_id,
        enrolled=not device.visitor,
        sign_key=kept_key(device.sign_key),
        seal_key=kept_key(device.seal_key),
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = record(Path(folder))
    out = FOLDER / made.version / f"{made.client}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    sys.stdout.write(f"{out}: {len(made.acts)} acts\n")


if __name__ == "__main__":
    main()
