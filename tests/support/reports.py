"""Devices and sealed reports for tests: made with the same library that a device uses."""

import secrets
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, decode, to_base64url
from waymark_sync.protocol import (
    Envelope,
    Header,
    Message,
    PushRequest,
    QueueState,
    message_info,
    pull_text,
)
from waymark_sync.report import (
    MESSAGE_SCHEMA_VERSION,
    SCHEMA_VERSION,
    Answers,
    Capture,
    LimitsAcknowledged,
    MessageBody,
    ReportBody,
    SafeContact,
    When,
    Where,
)
from waymark_sync.seal import new_key, open_sealed, raw_public, seal_item, sign, unpad

CANARY = "canary-narrative-5f1c"
HARBOUR = "demo-harbour-library"
QUAY = "demo-quay-students"
NORTHSHIRE_POSTCODE = "QX1 1AA"
SOUTHMERE_POSTCODE = "ZZ1 1AA"


class Device:
    """A phone or a tablet. A visitor's makes new keys and ids for each report: make a new Device for each."""

    def __init__(self, *, visitor: bool = True, device_id: str | None = None) -> None:
        self.id = device_id or str(uuid4())
        self.visitor = visitor
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.sign_key = new_key()
        self.seal_key = new_key()

    def header(self, ring: KeyRing, item_id: str, **changes: Any) -> Header:
        self.seq += 1
        made = Header(
            kid=ring.seal_key.kid,
            device_id=self.id,
            epoch=self.epoch,
            seq=self.seq,
            item_id=item_id,
            schema_v=SCHEMA_VERSION,
            reply_key=raw_public(self.seal_key) if self.visitor else None,
            public_key=raw_public(self.sign_key) if self.visitor else None,
        )
        return msgspec.structs.replace(made, **changes)

    def report(
        self,
        ring: KeyRing,
        *,
        item_id: str | None = None,
        header: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        plaintext: bytes | None = None,
        signer: ec.EllipticCurvePrivateKey | None = None,
        **answers: Any,
    ) -> "Report":
        """Seal one report. `header`, `body` and `answers` change single fields."""
        item_id = item_id or str(uuid4())
        centre_id = (body or {}).get("centre_id", HARBOUR) if plaintext is None else ""
        service = ring.seal_key_of(centre_id)
        head = self.header(ring, item_id, **{"kid": service.kid, **(header or {})})
        written = msgspec.structs.replace(a_body(item_id, **answers), **(body or {}))
        envelope = seal_item(
            head,
            msgspec.json.encode(written) if plaintext is None else plaintext,
            service_key=service.public,
            device_key=signer or self.sign_key,
        )
        return Report(item_id=item_id, device=self, header=head, envelope=envelope)

    def reply(
        self, ring: KeyRing, about: str, text: str, *, authenticator: str | None = None, **more: Any
    ) -> "Report":
        """What the reporter adds: from the phone that made the report, or from any with the code's proof."""
        item_id = str(uuid4())
        body = MessageBody(
            item_id=item_id,
            about=about,
            text=text,
            app_build="test",
            ui_language="en",
            written_at="2026-01-02T03:04:05.678Z",
            authenticator=authenticator,
            **more,
        )
        header = {"kind": "message", "schema_v": MESSAGE_SCHEMA_VERSION, "reply_key": None}
        return self.report(ring, item_id=item_id, header=header, plaintext=msgspec.json.encode(body))

    def pull_headers(self, *, challenge: str, cursor: str = "", limit: int = 100) -> dict[str, str]:
        text = pull_text(device_id=self.id, challenge=challenge, cursor=cursor, limit=limit)
        return {
            "Waymark-Device": self.id,
            "Waymark-Challenge": challenge,
            "Waymark-Signature": to_base64url(sign(self.sign_key, text)),
        }

    def read(self, message: Message, shape: type[Any]) -> Any:
        """Open a message of this device's feed."""
        info = message_info(feed_id=self.id, message_id=message.id, kind=message.kind)
        opened = unpad(open_sealed(message.sealed, private_key=self.seal_key, info=info))
        return decode(opened, JSON, shape)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    item_id: str
    device: Device
    header: Header
    envelope: Envelope


def a_body(item_id: str, **answers: Any) -> ReportBody:
    """`place_type`, `postcode` and `text` are those of where it happened."""
    given: dict[str, Any] = {
        "confidentiality_limits_ack": LimitsAcknowledged(at="2026-01-02T03:04:05.678Z", text_version="1"),
        "reporter_role": "victim",
        "narrative_original": CANARY,
        "when": When(precision="day", start="2026-01-01"),
        "sharing_choice": "P1",
        "event_types": ("verbal_abuse",),
        "strands": ("race",),
        "sub_strands": ("race.gypsy_roma_traveller",),
        "name_known_as": "canary-name-91bd",
        "safe_contact": SafeContact(methods=("call",), phone="canary-phone-07700900123"),
        "support_needs": ("talk",),
        "preferred_language": "cy",
    }
    place = {"place_type": "street", "postcode": NORTHSHIRE_POSTCODE, "text": "canary-place-77aa"}
    where = Where(**{name: answers.pop(name, usual) for name, usual in place.items()})
    return ReportBody(
        item_id=item_id,
        form_version="1",
        policy_version="demo-2026-11",
        app_build="test",
        capture=Capture(channel="self_phone"),
        centre_id=HARBOUR,
        ui_language="en",
        started_at="2026-01-02T03:00:00.000Z",
        completed_at="2026-01-02T03:04:05.678Z",
        answers=Answers(**{**given, "where": where, **answers}),
    )


def push_of(*reports: Report, device_id: str | None = None, queue: QueueState | None = None) -> PushRequest:
    """All of one device, unless told otherwise."""
    return PushRequest(
        device_id=device_id or reports[0].device.id, items=tuple(r.envelope for r in reports), queue=queue
    )
