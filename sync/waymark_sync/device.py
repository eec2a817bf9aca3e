"""A device: its keys, its enrolment, and the sealing of a report into its outbox.

This is the Python side, for a laptop at a centre or a partner's system. Its keys lie in the outbox file,
so who can read that file can act as the device; they cannot read what it has sealed.
"""

import secrets
from collections.abc import Callable
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from msgspec import Struct
from msgspec.structs import replace

from waymark_sync.codec import MSGPACK, WireError, decode, encode
from waymark_sync.outbox import Outbox, Row
from waymark_sync.outbox_rows import Scope
from waymark_sync.protocol import (
    LABEL_ENROL,
    Attachment,
    EnrolRequest,
    EnrolResponse,
    Header,
    KeySet,
    ServiceKey,
)
from waymark_sync.rekeying import Rekey
from waymark_sync.report import MESSAGE_SCHEMA_VERSION, SCHEMA_VERSION, MessageBody, ReportBody
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import new_key, raw_public, seal_item, sign
from waymark_sync.transport import NoAnswer, Transport
from waymark_sync.trust import sealing_key


class Device(Struct, frozen=True, kw_only=True):
    """Who signs. A visitor is a device for one report; an enrolled device belongs to a centre."""

    device_id: str
    epoch: str
    sign_key: ec.EllipticCurvePrivateKey
    seal_key: ec.EllipticCurvePrivateKey
    """Answers are sealed to it."""
    visitor: bool = False
    centre_id: str = ""
    centre_name: str = ""
    signer: ec.EllipticCurvePrivateKey | None = None
    """Signs what it makes. None: `sign_key`. Another while the service does not know yet of its new keys."""
    earlier_seal_keys: tuple[ec.EllipticCurvePrivateKey, ...] = ()
    """What was sealed to it before still opens to these. The latest comes first."""
    out_of_service: bool = False
    """By an order of the service: it makes nothing new. What it has made is sent all the same."""


class OutOfService(Exception):
    """Nothing was made: this device was taken out of service."""


class EnrolFailed(Exception):
    """`code` is the service's problem code, or `no_answer`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Kept(Struct, frozen=True):
    """A device as it lies in its outbox. Keys are PKCS #8; empty: destroyed, or none."""

    device_id: str
    epoch: str
    sign_key: bytes
    seal_key: bytes
    visitor: bool
    centre_id: str
    centre_name: str
    next_sign_key: bytes = b""
    """That the service is yet to say count."""
    next_seal_key: bytes = b""
    earlier_seal_keys: tuple[bytes, ...] = ()
    steps: tuple[Rekey, ...] = ()
    """From the keys that it had, for a service that was restored from a backup and knows those alone."""
    told: str = ""
    """The lineage in which the service has said that its keys count."""


class _Problem(Struct):
    code: str = "refused"


def new_visitor(code: ReturnSecrets | None = None) -> Device:
    """A device for one report, known to nobody. What its code leads to reads the same answers."""
    return Device(
        device_id=str(uuid4()),
        epoch=new_epoch(),
        sign_key=new_key(),
        seal_key=code.reply if code else new_key(),
        visitor=True,
    )


def new_epoch() -> str:
    """64 random bits: two stores of one device never give out the same number twice."""
    return secrets.token_hex(8)


def enrol(code: str, transport: Transport) -> Device:
    """Trade the one-time code of the desk for an identity. Raises EnrolFailed."""
    sign_key, seal_key = new_key(), new_key()
    text = LABEL_ENROL + normal_code(code).encode() + raw_public(seal_key)
    request = EnrolRequest(
        code=code, sign_key=raw_public(sign_key), seal_key=raw_public(seal_key), sig=sign(sign_key, text)
    )
    try:
        reply = transport.post("/sync/v1/enrol", encode(request, MSGPACK), {"content-type": MSGPACK})
    except NoAnswer:
        raise EnrolFailed("no_answer") from None
    if reply.status not in (200, 201):
        raise EnrolFailed(_problem_code(reply.body))
    try:
        given = decode(reply.body, reply.headers.get("content-type", ""), EnrolResponse)
    except WireError:
        raise EnrolFailed("no_answer") from None
    return Device(
        device_id=given.device_id,
        epoch=new_epoch(),
        sign_key=sign_key,
        seal_key=seal_key,
        centre_id=given.centre_id,
        centre_name=given.centre_name,
    )


def normal_code(code: str) -> str:
    """As it is signed: upper case, without spaces and hyphens."""
    return "".join(code.upper().split()).replace("-", "")


def keep_device(outbox: Outbox, device: Device) -> None:
    """Remember the device in its outbox, keys and all."""
    kept = Kept(
        device.device_id,
        device.epoch,
        private_bytes(device.sign_key),
        private_bytes(device.seal_key),
        device.visitor,
        device.centre_id,
        device.centre_name,
    )
    outbox.keep_state("device", msgspec.msgpack.encode(kept))


def kept_device(outbox: Outbox) -> Device | None:
    """The device this outbox belongs to, None before enrolment.

    One whose keys were destroyed has others, made now, that nobody knows and that open nothing.
    """
    raw = outbox.state("device")
    if raw is None:
        return None
    kept, order = msgspec.msgpack.decode(raw, type=Kept), outbox.order()
    return Device(
        device_id=kept.device_id,
        epoch=kept.epoch,
        sign_key=kept_key(kept.sign_key),
        seal_key=kept_key(kept.seal_key),
        visitor=kept.visitor,
        centre_id=kept.centre_id,
        centre_name=kept.centre_name,
        signer=kept_key(kept.next_sign_key) if kept.next_sign_key else None,
        earlier_seal_keys=tuple(kept_key(raw) for raw in kept.earlier_seal_keys),
        out_of_service=order is not None and order.device_id == kept.device_id,
    )


def carry_out(outbox: Outbox, scope: Scope) -> None:
    """Destroy the device's keys and what they open. Doing it again changes nothing.

    keys: sealed reports stay. They open to nobody here, and a restored service may want them again.
    all: nothing stays but whose device it was, and that it is out of service.
    """
    raw, order = outbox.state("device"), outbox.order()
    if raw is None or order is None or order.gone in (scope, "all"):
        return
    bare = {"next_sign_key": b"", "next_seal_key": b"", "earlier_seal_keys": (), "steps": ()}
    kept = replace(msgspec.msgpack.decode(raw, type=Kept), sign_key=b"", seal_key=b"", **bare)
    outbox.carried_out(replace(order, gone=scope), {"device": msgspec.msgpack.encode(kept), "challenge": ""})


def kept_key(raw: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(raw, None) if raw else new_key()
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key of this protocol")
    return key


def capture(
    outbox: Outbox,
    device: Device,
    keys: KeySet,
    *,
    report: Callable[[str], ReportBody],
    created_at: str,
    code: ReturnSecrets | None = None,
    att: tuple[Attachment, ...] = (),
) -> Row:
    """Seal a report, once, and keep it: with no network. `report` is given the item's id.

    att: the sealed files that follow; the body holds what opens each (see `file_sender`).
    code: what its return code leads to; a visitor was made with the same.
    Raises NotSaved; OutOfService; Untrusted when the key set has no sealing key.
    """
    reply = code.reply if code else device.seal_key if device.visitor else None
    item_id = str(uuid4())
    made = report(item_id)
    service = sealing_key(keys, made.centre_id)
    header = Header(
        kid=service.kid,
        device_id=device.device_id,
        epoch=device.epoch,
        seq=1,
        item_id=item_id,
        schema_v=SCHEMA_VERSION,
        reply_key=raw_public(reply) if reply else None,
        public_key=raw_public(device.sign_key) if device.visitor else None,
        return_keys=code.keys if code else None,
        att=att,
    )
    return _keep(outbox, device, service, header, msgspec.json.encode(made), created_at=created_at)


def say_more(
    outbox: Outbox, device: Device, keys: KeySet, *, message: Callable[[str], MessageBody], created_at: str
) -> Row:
    """Seal what a reporter adds to a report, as `capture` does. `message` is given the item's id.

    device: the phone that made the report; or a new visitor, when the message carries the authenticator.
    """
    service = sealing_key(keys)
    header = Header(
        kid=service.kid,
        device_id=device.device_id,
        epoch=device.epoch,
        seq=1,
        item_id=str(uuid4()),
        kind="message",
        schema_v=MESSAGE_SCHEMA_VERSION,
        public_key=raw_public(device.sign_key) if device.visitor else None,
    )
    body = msgspec.json.encode(message(header.item_id))
    return _keep(outbox, device, service, header, body, created_at=created_at)


def _keep(
    outbox: Outbox, device: Device, service: ServiceKey, header: Header, body: bytes, *, created_at: str
) -> Row:
    """The number is given out in the transaction that keeps the sealed bytes."""
    order = outbox.order()
    if order is not None and order.device_id == device.device_id:
        raise OutOfService
    return outbox.add(
        device_id=device.device_id,
        epoch=device.epoch,
        created_at=created_at,
        seal=lambda seq: seal_item(
            replace(header, seq=seq), body, service_key=service.public, device_key=_signer(outbox, device)
        ),
    )


def _signer(outbox: Outbox, device: Device) -> ec.EllipticCurvePrivateKey:
    """As the outbox has it now: another process may have taken new keys since this one read them."""
    kept = kept_device(outbox)
    if kept is not None and kept.device_id == device.device_id and not kept.visitor:
        device = kept
    return device.signer or device.sign_key


def private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _problem_code(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Problem).code
    except msgspec.DecodeError:
        return "no_answer"
