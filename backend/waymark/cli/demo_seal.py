"""Seal planned reports as phones and tablets do, and hand them in at the time they are said to have come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from msgspec import Struct

from waymark.cli.demo_draw import photo
from waymark.cli.demo_photos import Photo
from waymark.cli.demo_plan import MARK, Planned
from waymark.identity import actions as identity
from waymark.identity.records import User
from waymark.intake import actions as intake
from waymark.intake.records import Arrival, Push
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import to_base64url
from waymark_sync.device import Device, new_epoch, new_visitor, normal_code
from waymark_sync.file_sender import PreparedFile, prepare_file
from waymark_sync.protocol import LABEL_ENROL, EnrolRequest, Header, QueueState, ServiceKey
from waymark_sync.report import MESSAGE_SCHEMA_VERSION, SCHEMA_VERSION, MessageBody, ReportBody
from waymark_sync.return_code import ReturnSecrets, derive
from waymark_sync.seal import new_key, raw_public, seal_item, sign

APP_BUILD = "demonstration"


class Sealed(Struct, frozen=True, kw_only=True):
    """What one device sends at one time: a push, then the files of its report."""

    at: datetime
    item_id: str
    push: Push
    files: tuple[PreparedFile, ...] = ()


def take_in(db: Connection, arriving: Sequence[Sealed]) -> None:
    """Each at its own time."""
    intake.ensure_lineage(db, now=arriving[0].at)
    for sealed in arriving:
        intake.commit_pushes(db, [sealed.push], now=sealed.at)


class Sealer:
    """Seals to the service's key. A visitor's keys are forgotten at once, a tablet's when this run ends."""

    def __init__(self, ring: KeyRing, policy_version: str) -> None:
        self._ring, self._instance = ring, ring.instance
        self._policy_version = policy_version
        self._tablets: dict[str, Device] = {}
        self._seqs: dict[str, int] = {}
        self._codes: dict[str, ReturnSecrets] = {}

    def enrol(self, db: Connection, user: User, *, now: datetime) -> None:
        """A tablet for this person's centre, by a one-time code."""
        sign_key, seal_key = new_key(), new_key()
        code, _ = identity.make_code(db, user, "Front desk (demonstration)", now=now)
        proof = LABEL_ENROL + normal_code(code).encode() + raw_public(seal_key)
        given = identity.enrol(
            db,
            EnrolRequest(
                code=normal_code(code),
                sign_key=raw_public(sign_key),
                seal_key=raw_public(seal_key),
                sig=sign(sign_key, proof),
            ),
            now=now,
        )
        self._tablets[given.centre_id] = Device(
            device_id=given.device_id,
            epoch=new_epoch(),
            sign_key=sign_key,
            seal_key=seal_key,
            centre_id=given.centre_id,
            centre_name=given.centre_name,
        )

    def report(self, planned: Planned) -> Sealed:
        """Centres that use a tablet have one: see `enrol`."""
        code = self._secrets(planned.code) if planned.code else None
        tablet = planned.channel == "centre_tablet"
        device = self._tablets[planned.centre_id] if tablet else new_visitor(code)
        reply = code.reply if code else device.seal_key if device.visitor else None
        files = tuple(_prepared(each) for each in planned.photos)
        service = self._ring.seal_key_of(planned.centre_id)
        header = self._header(
            device,
            kid=service.kid,
            item_id=planned.item_id,
            schema_v=SCHEMA_VERSION,
            reply_key=raw_public(reply) if reply else None,
            return_keys=code.keys if code else None,
            att=tuple(file.attachment for file in files),
        )
        body = msgspec.json.encode(self._body(planned, files))
        push = self._push(device, header, body, service)
        return Sealed(at=planned.at, item_id=planned.item_id, push=push, files=files)

    def reply(self, about: Planned, text: str, *, at: datetime) -> Sealed:
        """From somebody else's device, by the return code."""
        device = new_visitor()
        service = self._ring.seal_key
        header = self._header(
            device,
            kid=service.kid,
            item_id=str(uuid4()),
            kind="message",
            schema_v=MESSAGE_SCHEMA_VERSION,
        )
        message = MessageBody(
            item_id=header.item_id,
            about=about.item_id,
            text=f"{MARK} {text}",
            app_build=APP_BUILD,
            ui_language="en",
            written_at=stamp(at - timedelta(minutes=1)),
            authenticator=to_base64url(self._secrets(about.code).authenticator),
        )
        push = self._push(device, header, msgspec.json.encode(message), service)
        return Sealed(at=at, item_id=header.item_id, push=push)

    def _secrets(self, code: str) -> ReturnSecrets:
        """Worked out once: it takes as long as for a reporter."""
        if code not in self._codes:
            self._codes[code] = derive(code, instance=self._instance)
        return self._codes[code]

    def _header(self, device: Device, *, item_id: str, **more: object) -> Header:
        seq = self._seqs[device.device_id] = self._seqs.get(device.device_id, 0) + 1
        return msgspec.convert(
            {
                "device_id": device.device_id,
                "epoch": device.epoch,
                "seq": seq,
                "item_id": item_id,
                "public_key": raw_public(device.sign_key) if device.visitor else None,
                **more,
            },
            Header,
        )

    def _push(self, device: Device, header: Header, body: bytes, service: ServiceKey) -> Push:
        envelope = seal_item(header, body, service_key=service.public, device_key=device.sign_key)
        queue = None if device.visitor else QueueState(epoch=device.epoch, max_seq=header.seq, queued=0)
        arrival = Arrival(index=0, header=header, envelope=envelope)
        return Push(device_id=device.device_id, queue=queue, arrivals=(arrival,))

    def _body(self, report: Planned, files: Sequence[PreparedFile]) -> ReportBody:
        begun, done = stamp(report.at - timedelta(minutes=6)), stamp(report.at - timedelta(minutes=1))
        body = {
            "item_id": report.item_id,
            "form_version": "core-1",
            "policy_version": self._policy_version,
            "app_build": APP_BUILD,
            "capture": {"channel": report.channel},
            "centre_id": report.centre_id,
            "ui_language": "ar" if report.language == "ar" else "en",
            "started_at": begun,
            "completed_at": done,
            "answers": {
                **report.answers,
                "confidentiality_limits_ack": {"at": begun, "text_version": "limits-1"},
            },
            "attachments": tuple(file.inside for file in files),
        }
        return msgspec.convert(body, ReportBody)


def _prepared(planned: Photo) -> PreparedFile:
    return prepare_file(
        photo(planned),
        media_type="image/jpeg",
        caption=planned.caption,
        details_kept=planned.details_kept,
    )
