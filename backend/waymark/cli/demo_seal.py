"""Seal planned reports as phones and tablets do, and hand them in at the time they are said to have come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from waymark.cli.demo_plan import Planned
from waymark.identity import actions as identity
from waymark.identity.records import User
from waymark.intake import actions as intake
from waymark.intake.records import Arrival, Push
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark_sync.device import Device, new_epoch, new_visitor, normal_code
from waymark_sync.protocol import LABEL_ENROL, EnrolRequest, Header, QueueState, ServiceKey
from waymark_sync.report import ReportBody
from waymark_sync.seal import new_key, raw_public, seal_item, sign


class Sealer:
    """Seals to one service key. A visitor's keys are forgotten at once, a tablet's when this run ends."""

    def __init__(self, service_key: ServiceKey, policy_version: str) -> None:
        self._service_key = service_key
        self._policy_version = policy_version
        self._tablets: dict[str, Device] = {}
        self._seqs: dict[str, int] = {}

    def take_in(self, db: Connection, reports: Sequence[Planned]) -> None:
        """Each report at its own time. Centres in it that use a tablet have one: see `enrol`."""
        intake.ensure_lineage(db, now=reports[0].at)
        for report in reports:
            intake.commit_pushes(db, [self._push(report)], now=report.at)

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

    def _push(self, report: Planned) -> Push:
        device = self._tablets[report.centre_id] if report.channel == "centre_tablet" else new_visitor()
        seq = self._seqs[device.device_id] = self._seqs.get(device.device_id, 0) + 1
        header = Header(
            kid=self._service_key.kid,
            device_id=device.device_id,
            epoch=device.epoch,
            seq=seq,
            item_id=report.item_id,
            reply_key=raw_public(device.seal_key) if device.visitor else None,
            public_key=raw_public(device.sign_key) if device.visitor else None,
        )
        body = msgspec.json.encode(self._body(report))
        envelope = seal_item(header, body, service_key=self._service_key.public, device_key=device.sign_key)
        return Push(
            device_id=device.device_id,
            queue=None if device.visitor else QueueState(epoch=device.epoch, max_seq=seq, queued=0),
            arrivals=(Arrival(index=0, header=header, envelope=envelope),),
        )

    def _body(self, report: Planned) -> ReportBody:
        begun, done = stamp(report.at - timedelta(minutes=6)), stamp(report.at - timedelta(minutes=1))
        body = {
            "item_id": report.item_id,
            "form_version": "core-1",
            "policy_version": self._policy_version,
            "app_build": "demonstration",
            "channel": report.channel,
            "centre_id": report.centre_id,
            "ui_language": "ar" if report.language == "ar" else "en",
            "started_at": begun,
            "completed_at": done,
            "answers": {
                **report.answers,
                "confidentiality_limits_ack": {"at": begun, "text_version": "limits-1"},
            },
        }
        return msgspec.convert(body, ReportBody)
