"""Whoever may ask: a generated request becomes theirs, with real proofs, keys, codes and versions.

What is generated stays where it decides nothing, so that right proofs meet odd fields.
"""

import random
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from httpx import Response
from schemathesis import Case

from access.conftest import World
from support.desk import PASSWORD, enrol_device
from support.files import piece_headers, prepared, report_with
from support.reports import Device, push_of
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.settings import PUSH_HOSTS
from waymark_sync.codec import JSON, MSGPACK, decode, encode, to_base64url
from waymark_sync.file_sender import PARTIAL_UPLOAD, PreparedFile
from waymark_sync.knocking import subscribe_text
from waymark_sync.protocol import (
    LABEL_ENROL,
    PULL_LIMIT_MAX,
    AttStart,
    EnrolRequest,
    ManifestRequest,
    PushResponse,
    QueueState,
    Retained,
)
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import new_key, raw_public, sign

PIECE: Final = 64
FILE: Final = PIECE * 500
ENDPOINT: Final = f"https://{PUSH_HOSTS[0]}/odd"

EPOCH: Final = "0123456789abcdef"
MADE: Final = 9
"""Reports, the tablet says. Most never came."""
RIGHT: Final[dict[str, dict[str, Any]]] = {
    "LogIn": {"username": "quay", "password": PASSWORD},
    "ReopenQuarantine": {"ids": ["8f6b0d0e-1111-4222-8333-444455556666"]},
    "AcknowledgeReport": {"message": "We have read it."},
    "TakeReport": {},
    "AskReporter": {"message": "When was it?"},
    "UpdateReporter": {"message": "We are on it."},
    "SignpostReporter": {"services": ["victim-support"]},
    "DecideReport": {"code": "intelligence_only", "rationale": "x", "message": "We keep it in mind."},
    "CloseReport": {"code": "duplicate"},
    "ReopenReport": {"reason": "new_information"},
    "ForwardReport": {"force_id": "demo-southmere", "reason": "It was there."},
    "AcceptReport": {},
    "SendBackReport": {"reason": "It was not here."},
    "MarkReplyRead": {},
    "NarrowRelease": {"groups": ["pictures"], "note": "They said so."},
    "OverrideRelease": {
        "groups": ["contact"],
        "ground": "life_at_risk",
        "note": "There is a threat.",
        "told": "no",
        "force_id": "demo-southmere",
    },
    "EndOverride": {"groups": ["contact"], "note": "It has passed.", "told": "no"},
    "AskErasure": {"ground": "reporter_asked", "note": "They rang."},
    "ConfirmErasure": {},
    "UnmaskReport": {"groups": ["contact"], "reason": "safeguarding"},
    "ReturnFromCampaign": {},
    "MakeDeviceCode": {"label": "Front desk"},
    "RevokeDevice": {"scope": "keys"},
    "ExplainGap": {"epoch": EPOCH, "first_seq": 8, "count": 1, "why": "practice"},
}
"""What an act is asked with, but for the version."""


Places = Mapping[str, str]
"""Ids by their name in an address."""


class Nobody:
    """Sends what was generated."""

    async def makes_theirs(self, case: Case, right: Places | None = None) -> None:
        return None


class Staff(Nobody):
    """Somebody at the desk, on a page of ours."""

    def __init__(self, world: World, name: str, known: dict[str, list[str]], luck: random.Random) -> None:
        self._world, self._name, self._known, self._luck = world, name, known, luck

    async def makes_theirs(self, case: Case, right: Places | None = None) -> None:
        """right: ids that lead somewhere; then nothing is left to luck."""
        desk, name = self._world.desks[self._name], str(case.operation.definition.raw["operationId"])
        if name == "LogOut":
            await desk.enter(self._world.database, self._name)
        headers = {
            "Origin": str(self._world.client.base_url).rstrip("/"),
            "Sec-Fetch-Site": "same-origin",
            "Waymark-Request": "1",
            "Cookie": f"__Host-waymark={desk.cookie}",
        }
        case.headers = {**dict(case.headers or {}), **headers}
        case.cookies = {}
        case.path_parameters = {
            place: self._place(place, given, right) for place, given in (case.path_parameters or {}).items()
        }
        if name in RIGHT and isinstance(case.body, dict) and (right is not None or self._luck.random() < 0.7):
            given = dict(case.body) if right is None and self._luck.random() < 0.5 else {}
            stale = right is None and self._luck.random() < 0.2
            case.body = {**given, **RIGHT[name], **({"version": 1} if stale else await self._version(case))}

    def _place(self, place: str, given: Any, right: Places | None) -> Any:
        if right is not None:
            return right[place]
        return self._luck.choice(self._known[place]) if self._luck.random() < 0.8 else given

    async def _version(self, case: Case) -> dict[str, int]:
        """Of the report as its page shows it."""
        if (report_id := (case.path_parameters or {}).get("report_id")) is None:
            return {}
        answer = await self._world.desks[self._name].get(f"/desk/api/reports/{report_id}")
        return {"version": answer.json()["report"]["version"]} if answer.status_code == 200 else {}


class Tablet(Nobody):
    """An enrolled device with a report, a file and a return code, and the keys to all of them."""

    def __init__(self, world: World, device: Device, file: PreparedFile) -> None:
        self._world, self._device, self._file = world, device, file
        self._ring = world.client.app.state.ring
        self._code = ReturnSecrets(
            locator=secrets.token_bytes(32), authenticator=secrets.token_bytes(32), reply=new_key()
        )
        self._sent = 0
        self.id, self.item_id = device.id, ""
        self.answered = ""
        """A report of somebody else, who has written more since."""

    @classmethod
    async def enrolled(cls, world: World) -> "Tablet":
        device, file = Device(visitor=False), prepared(secrets.token_bytes(FILE))
        device.epoch = EPOCH
        await world.database.write(enrol_device, device)
        tablet = cls(world, device, file)
        await tablet._report()
        return tablet

    async def _report(self) -> None:
        state, code = self._world.client.app.state, self._code
        visited = Device()
        report = report_with(self._ring, self._file, device=self._device)
        returned = visited.report(
            self._ring, header={"return_keys": code.keys, "reply_key": raw_public(code.reply)}
        )
        queue = QueueState(epoch=EPOCH, max_seq=MADE, queued=0)
        answer = await self._post("/sync/v1/push", push_of(report, queue=queue))
        pos = decode(answer.content, MSGPACK, PushResponse).results[0].pos
        await self._post("/sync/v1/push", push_of(returned))
        reply = visited.reply(self._ring, returned.item_id, "I have thought of something.")
        await self._post("/sync/v1/push", push_of(reply))
        self.answered = returned.item_id
        self._held = Retained(id=report.item_id, sha256=report.envelope.sha256, pos=pos or 0)
        self.item_id = report.item_id
        await open_waiting(Opener(self._world.database, state.ring, state.vault, state.pack))
        asked = AttStart(item_id=report.item_id, att_id=self._file.attachment.att_id)
        await self._post("/sync/v1/att", asked)

    async def makes_theirs(self, case: Case, right: Places | None = None) -> None:
        name = str(case.operation.definition.raw["operationId"])
        if name in ("FindAttachment", "AppendToAttachment"):
            case.path_parameters = {"att_id": self._file.attachment.att_id}
        if name == "AppendToAttachment":
            self._piece(case)
        elif name == "PullMessages":
            await self._pull(case)
        elif name == "OpenReturn":
            proofs = {
                "Waymark-Locator": self._code.locator,
                "Waymark-Authenticator": self._code.authenticator,
            }
            case.headers = {**_headers(case), **{n: to_base64url(secret) for n, secret in proofs.items()}}
        elif isinstance(case.body, dict):
            case.body = {**case.body, **_json(await self._body(name, case.body))}

    async def _body(self, name: str, asked: dict[str, Any]) -> Any:
        match name:
            case "TakeItems":
                sealed = push_of(self._device.report(self._ring))
                more = asked.get("items")
                return {
                    "device_id": self._device.id,
                    "items": [*_json(sealed)["items"], *(more if isinstance(more, list) else [])],
                }
            case "AskManifest":
                return ManifestRequest(device_id=self._device.id, retained=(self._held,))
            case "StartAttachment":
                return AttStart(item_id=self.item_id, att_id=self._file.attachment.att_id)
            case "EnrolDevice":
                return await self._enrolment()
            case "Subscribe" | "EndSubscription":
                return await self._subscription(ENDPOINT if name == "Subscribe" else "")
            case _:
                return {}

    def _piece(self, case: Case) -> None:
        piece = self._file.sealed[self._sent : self._sent + PIECE]
        case.body = piece
        case.headers = {**_headers(case), **piece_headers(piece, self._sent)}
        case.media_type = PARTIAL_UPLOAD
        self._sent += len(piece)

    async def _pull(self, case: Case) -> None:
        asked = dict(case.query or {})
        limit = asked.get("limit", PULL_LIMIT_MAX)
        signed = self._device.pull_headers(
            challenge=await self._challenge(),
            cursor=str(asked.get("cursor", "")),
            limit=limit if isinstance(limit, int) else PULL_LIMIT_MAX,
        )
        case.headers = {**_headers(case), **signed}

    async def _challenge(self) -> str:
        answer = await self._world.client.get("/sync/v1/pull")
        return str(answer.headers["waymark-challenge"])

    async def _enrolment(self) -> EnrolRequest:
        answer = await self._world.desks["harbour"].post("/desk/api/devices/codes", {"label": "Odd"})
        key, seal_key, code = new_key(), raw_public(new_key()), answer.json()["code"]
        plain = code.upper().replace("-", "").replace(" ", "")
        sig = sign(key, LABEL_ENROL + plain.encode() + seal_key)
        return EnrolRequest(code=code, sign_key=raw_public(key), seal_key=seal_key, sig=sig)

    async def _subscription(self, endpoint: str) -> dict[str, str]:
        challenge = await self._challenge()
        place: dict[str, Any] = {}
        if endpoint:
            p256dh, auth = raw_public(new_key()), secrets.token_bytes(16)
            place = {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}
        text = subscribe_text(device_id=self._device.id, challenge=challenge, **place)
        told = {"device_id": self._device.id, "challenge": challenge, **place}
        told["sig"] = sign(self._device.sign_key, text)
        return {
            name: to_base64url(value) if isinstance(value, bytes) else value for name, value in told.items()
        }

    async def _post(self, path: str, body: Any) -> Response:
        answer = await self._world.client.post(
            path, content=encode(body, MSGPACK), headers={"Content-Type": MSGPACK}
        )
        assert answer.status_code == 200, answer.content
        return answer


def _headers(case: Case) -> dict[str, Any]:
    return dict(case.headers or {})


def _json(body: Any) -> Any:
    return msgspec.json.decode(encode(body, JSON))
