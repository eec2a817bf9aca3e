"""T1, a thief with a centre's tablet, or a copy of its browser's profile: every key of it, and a network."""

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from attacks.attempts import Attempts
from attacks.prey import Prey, answers_of
from support.reports import HARBOUR, Device, Report
from waymark.identity.rules import plain_code
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.protocol import (
    LABEL_ENROL,
    EnrolRequest,
    EnrolResponse,
    ItemResult,
    ManifestRequest,
    PullResponse,
    PushResponse,
    Retained,
)
from waymark_sync.seal import new_key, raw_public, sign

WORD: Final = "canarytabletanswer"
PULL: Final = "/sync/v1/pull"


def enrolment(tablet: Device, code: str, **changes: Any) -> bytes:
    seal_key = raw_public(tablet.seal_key)
    proof = sign(tablet.sign_key, LABEL_ENROL + plain_code(code).encode() + seal_key)
    fields = {"code": code, "sign_key": raw_public(tablet.sign_key), "seal_key": seal_key, "sig": proof}
    return encode(EnrolRequest(**{**fields, **changes}), JSON)


class Tablet:
    """Enrolled at Harbour Library as a volunteer does it; of two reports made on it one was answered."""

    def __init__(self, prey: Prey) -> None:
        self.prey, self.device = prey, Device(visitor=False)
        asked = prey.person("harbour").post("/desk/api/devices/codes", json={"label": "A tablet"})
        self.code: str = asked.json()["code"]
        told = self.enrol(self.device, self.code)
        assert told.status_code == 200, told.text
        self.device.id = decode(told.content, JSON, EnrolResponse).device_id
        self.answered = self.report()
        self.push(self.answered, self.report())
        prey.settled()
        path = f"/desk/api/reports/{self.answered.item_id}/acknowledge"
        assert prey.person("harbour").post(path, json={"message": WORD, "version": 1}).status_code == 200

    def enrol(self, device: Device, code: str, **changes: Any) -> httpx.Response:
        content = enrolment(device, code, **changes)
        return self.prey.http.post("/sync/v1/enrol", content=content, headers={"Content-Type": JSON})

    def report(self, device: Device | None = None) -> Report:
        body = {"centre_id": HARBOUR}
        return (device or self.device).report(self.prey.ring, body=body, **answers_of("U1", "harbour"))

    def push(self, *reports: Report) -> tuple[ItemResult, ...]:
        answer = self.prey.push(*reports)
        assert answer.status_code == 200, answer.text
        return decode(answer.content, MSGPACK, PushResponse).results

    def pull(self, device: Device, **heads: str) -> httpx.Response:
        challenge = self.prey.http.get(PULL).headers["waymark-challenge"]
        signed = {**device.pull_headers(challenge=challenge), "Accept": MSGPACK, **heads}
        return self.prey.http.get(PULL, headers=signed)

    def copied(self) -> Device:
        """Its keys, id, epoch and numbers, as a copied profile has them."""
        return copy.copy(self.device)

    def revoke(self) -> None:
        self.prey.fresh()
        path = f"/desk/api/devices/{self.device.id}/revoke"
        told = self.prey.person("harbour").post(path, json={"scope": "all"})
        assert told.status_code == 204, told.text

    @property
    def line(self) -> dict[str, Any]:
        """As the centre's board has it."""
        listed = self.prey.person("harbour").get("/desk/api/devices").json()["devices"]
        return next(dict(one) for one in listed if one["id"] == self.device.id)

    def held(self, report: Report) -> list[dict[str, Any]]:
        """Where the custodian looks."""
        found = self.prey.person("custodian").get("/desk/api/quarantine?limit=100").json()
        return [one for one in found["items"] if one["id"] == report.item_id]


@pytest.fixture
def tablet(prey: Prey) -> Tablet:
    return Tablet(prey)


def test_a_tablet_that_was_revoked(prey: Prey, tablet: Tablet, attempts: Attempts) -> None:
    """With every key of it: answers, reports into the lists, its code again, and its name."""
    thief = tablet.device
    before = tablet.pull(thief)
    assert before.status_code == 200
    challenge = prey.http.get(PULL).headers["waymark-challenge"]
    kept = thief.pull_headers(challenge=challenge)
    cursor = decode(before.content, MSGPACK, PullResponse).cursor
    tablet.revoke()
    for what, answer in (
        ("its answers", tablet.pull(thief)),
        ("with a challenge from before", prey.http.get(PULL, headers=kept)),
        ("from where it was", prey.http.get(f"{PULL}?cursor={cursor}", headers=kept)),
        ("its code again", tablet.enrol(Device(visitor=False), tablet.code)),
        ("its code again, with its own keys", tablet.enrol(thief, tablet.code)),
        ("its code, typed otherwise", tablet.enrol(thief, tablet.code.lower().replace("-", " "))),
    ):
        got = answer.status_code == 200 or WORD in answer.text
        attempts.tried(what, got=got, back=(answer.status_code, answer.text[:80]))
    for what, report in (
        ("a report of its own", tablet.report()),
        ("a report of a visitor under its id", _as_visitor(prey, thief)),
    ):
        (result,) = tablet.push(report)
        prey.settled()
        listed = prey.person("harbour").get("/desk/api/reports?limit=100").text
        attempts.tried(what, got=report.item_id in listed, back=result)
        attempts.tried(f"{what}, unseen by a person", got=not tablet.held(report), back=result)
    held = Retained(id=tablet.answered.item_id, sha256=bytes(32), pos=1)
    content = encode(ManifestRequest(device_id=thief.id, retained=(held,)), MSGPACK)
    answer = prey.http.post("/sync/v1/manifest", content=content, headers={"Content-Type": MSGPACK})
    attempts.tried("words by asking what is kept", got=WORD.encode() in answer.content)
    attempts.tried("to stand in service", got=tablet.line["revoked_at"] is None, back=tablet.line)


def _as_visitor(prey: Prey, thief: Device) -> Report:
    visitor = Device(device_id=thief.id)
    visitor.sign_key = thief.sign_key
    return visitor.report(prey.ring, body={"centre_id": HARBOUR}, **answers_of("U1", "harbour"))


def test_a_code_for_a_tablet_in_other_hands(prey: Prey, tablet: Tablet, attempts: Attempts) -> None:
    """A code seen over a shoulder: with another's key, without its proof, and by sixteen at once."""
    code: str = prey.person("harbour").post("/desk/api/devices/codes", json={"label": "x"}).json()["code"]
    mine = Device(visitor=False)
    for what, changed in (
        ("somebody else's key", {"sign_key": raw_public(tablet.device.sign_key)}),
        ("no proof", {"sig": b""}),
        ("a proof for another key to seal to", {"seal_key": raw_public(new_key())}),
        ("a key that is no point", {"seal_key": b"\x04" + bytes(64)}),
    ):
        answer = tablet.enrol(mine, code, **changed)
        attempts.tried(what, got=answer.status_code == 200, back=answer.text)
    with ThreadPoolExecutor(16) as together:
        sent = [together.submit(tablet.enrol, Device(visitor=False), code) for _ in range(16)]
        enrolled = sum(one.result().status_code == 200 for one in sent)
    attempts.tried("more tablets than one", got=enrolled > 1, back=enrolled)


def test_a_copied_profile_beside_the_original(prey: Prey, tablet: Tablet, attempts: Attempts) -> None:
    """Both send and both ask: nothing of the original is lost or put off, and that there are two is seen."""
    clone = tablet.copied()
    first = tablet.report(clone)
    tablet.push(first)
    own = tablet.report()
    (result,) = tablet.push(own)
    prey.settled()
    attempts.tried("to have the original's report refused", got=result.verdict in ("rejected", "retry"))
    listed = prey.person("harbour").get("/desk/api/reports?limit=100").text
    lost = own.item_id not in listed and not tablet.held(own)
    attempts.tried("to have the original's report lost", got=lost, back=result)
    attempts.tried("to stay unseen by a person", got=not tablet.held(own), back=(result, tablet.line))
    read = decode(tablet.pull(clone).content, MSGPACK, PullResponse)
    again = decode(tablet.pull(tablet.device).content, MSGPACK, PullResponse)
    attempts.tried("to take answers from the original", got=len(again.messages) < len(read.messages))
    forged = Device(visitor=False, device_id=tablet.device.id)
    attempts.tried("its answers without its key", got=tablet.pull(forged).status_code == 200)
    tablet.revoke()
    attempts.tried("to go on reading when it is revoked", got=tablet.pull(clone).status_code == 200)
    later = [tablet.report(clone), tablet.report()]
    for report in later:
        tablet.push(report)
    prey.settled()
    kept = [report for report in later if not tablet.held(report)]
    attempts.tried("to have what the original still held thrown away", got=kept)
