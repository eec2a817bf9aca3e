"""T3, a curious volunteer: other people's drafts, queues and tablets, and more than their own work needs."""

import re
import secrets
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from playwright.sync_api import Page

from attacks.attempts import Attempts, long_form
from attacks.prey import OUR_PAGE, Prey, canary
from attacks.residue import readable
from journeys.people import Story, answer_briefly, finish, press, visit
from journeys.phone import TABLET, Phone
from support.desk import PASSWORD
from support.reports import Device
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.protocol import ManifestRequest, Retained

DRAFT: Final = "canaryvolunteerdraft5ash"
QUEUED: Final = "canaryvolunteerqueue8bay"
GROUPS: Final = ["contact", "identity", "narrative", "incident", "location", "strand", "support", "pictures"]


def test_what_is_for_a_supervisor_is_not_for_a_volunteer(prey: Prey, attempts: Attempts) -> None:
    """Opening to the police, uncovering what is masked, answering in the name of the police."""
    prey.fresh()
    for choice in ("P1", "P2", "U1", "A2"):
        path = f"/desk/api/reports/{prey.reports[choice, 'harbour'].item_id}"
        version = prey.person("harbour").get(path).json()["report"]["version"]
        for act, body in (
            ("override", {"groups": GROUPS, "ground": "life_at_risk", "note": "x", "told": "no"}),
            ("unmask", {"groups": ["contact", "identity"], "reason": "safeguarding"}),
            ("decide", {"code": "intelligence_only", "rationale": "x", "message": "x"}),
            ("forward", {"force_id": "demo-southmere", "reason": "x"}),
            ("take", {}),
        ):
            answer = prey.person("harbour").post(f"{path}/{act}", json={"version": version, **body})
            attempts.tried(f"{act} of {choice}", got=answer.status_code != 404, back=answer.text)


def test_what_was_handed_over_stays_covered(prey: Prey, attempts: Attempts) -> None:
    """Name and number of a report that the police have taken on: by page, list and suggestion."""
    report_id = prey.reports["P1", "harbour"].item_id
    path = f"/desk/api/reports/{report_id}"
    for sent in (
        path,
        f"{path}/suggestions",
        "/desk/api/reports?limit=100",
        f"{path}?groups=contact&unmask=1",
    ):
        answer = prey.person("harbour").get(sent, headers={"Waymark-Unmask": "contact"})
        words = [canary("P1", "harbour", field) for field in ("name", "phone", "codeword")]
        attempts.tried(sent, got=[word for word in words if word in answer.text.lower()])


def test_a_narrowing_cannot_widen(prey: Prey, attempts: Attempts) -> None:
    """The one act a volunteer has on a release, asked for with fields that it does not have."""
    report_id = prey.reports["P3", "harbour"].item_id
    path = f"/desk/api/reports/{report_id}"
    before = prey.person("northshire").get(path).json()
    version = prey.person("harbour").get(path).json()["report"]["version"]
    odd: list[dict[str, Any]] = [
        {"groups": ["contact"], "note": "x", "widen": True},
        {"groups": ["contact"], "note": "x", "basis": "choice"},
        {"groups": ["-contact"], "note": "x"},
        {"groups": [], "note": "x"},
        {"groups": ["contact", "identity"], "note": "x", "force_id": "demo-southmere"},
    ]
    for body in odd:
        answer = prey.person("harbour").post(f"{path}/narrow", json={"version": version, **body})
        attempts.tried(f"narrow with {body}", got=answer.status_code == 200, back=answer.text)
    after = prey.person("northshire").get(path).json()
    attempts.tried("what the police see", got=_told(after) != _told(before), back=(before, after))


def _told(page: dict[str, Any]) -> dict[str, Any]:
    """Without what the clock alone moves."""
    return {
        name: said
        for name, said in page["report"].items()
        if name not in ("version", "age_s", "due_at", "overdue")
    }


def test_another_centres_tablets_are_not_there(prey: Prey, attempts: Attempts) -> None:
    """Revoking, explaining gaps of, and looking at a tablet of Harbour Library from the quay."""
    device_id = prey.tablet.id
    prey.fresh()
    client = prey.person("quay")
    for path, body in (
        (f"devices/{device_id}/revoke", {"scope": "all"}),
        (
            f"devices/{device_id}/gaps",
            {"epoch": prey.tablet.epoch, "first_seq": 1, "count": 1, "why": "practice"},
        ),
    ):
        there = client.post(f"/desk/api/{path}", json=body)
        never = client.post(f"/desk/api/{path.replace(device_id, str(uuid4()))}", json=body)
        attempts.tried(
            path, got=there.status_code != 404 or len(there.text) != len(never.text), back=there.text
        )
    attempts.tried("the list", got=device_id in client.get("/desk/api/devices").text)


def test_a_tablets_feed_is_for_its_key_alone(prey: Prey, attempts: Attempts) -> None:
    """Pulling answers of another device with a key of one's own, without one, and with an old challenge."""
    told = prey.http.get("/sync/v1/pull")
    challenge = told.headers["waymark-challenge"]
    mine = Device()
    for report in prey.reports.values():
        mine.id = report.device.id
        signed = mine.pull_headers(challenge=challenge)
        answer = prey.http.get("/sync/v1/pull", headers=signed)
        attempts.tried(f"the feed of {report.device.id}", got=answer.status_code == 200, back=answer.text)
    right = prey.tablet.pull_headers(challenge=challenge)
    for name, changed in (
        ("no signature", {**right, "Waymark-Signature": ""}),
        ("another challenge", {**right, "Waymark-Challenge": secrets.token_urlsafe(24)}),
        ("another device under this signature", {**right, "Waymark-Device": mine.id}),
    ):
        answer = prey.http.get("/sync/v1/pull", headers=changed)
        attempts.tried(name, got=answer.status_code == 200, back=answer.text)
    stretched = prey.http.get("/sync/v1/pull?limit=1", headers=right)
    attempts.tried("a signature over another question", got=stretched.status_code == 200, back=stretched.text)


def test_asking_what_the_service_has_tells_no_ids(prey: Prey, attempts: Attempts) -> None:
    """The question that tablets ask about what they kept, asked about other people's reports."""
    other = prey.reports["U1", "harbour"]
    for what, held in (
        ("a guessed hash", Retained(id=other.item_id, sha256=bytes(32), pos=1)),
        ("a guessed id", Retained(id=str(uuid4()), sha256=other.envelope.sha256, pos=1)),
    ):
        asked = ManifestRequest(device_id=str(uuid4()), retained=(held,))
        content = encode(asked, MSGPACK)
        answer = prey.http.post("/sync/v1/manifest", content=content, headers={"Content-Type": MSGPACK})
        none = ManifestRequest(
            device_id=str(uuid4()), retained=(Retained(id=str(uuid4()), sha256=bytes(32), pos=1),)
        )
        never = prey.http.post(
            "/sync/v1/manifest", content=encode(none, MSGPACK), headers={"Content-Type": MSGPACK}
        )
        attempts.tried(what, got=len(answer.content) != len(never.content), back=answer.content)


def test_a_session_is_nobody_elses(prey: Prey, attempts: Attempts) -> None:
    """A cookie set before login, a cookie after logout, one cut short, and two at once."""
    known = secrets.token_urlsafe(32)
    login = {"username": "quay", "password": PASSWORD}
    page = OUR_PAGE | {"Origin": prey.server.origin}

    def who(cookie: str) -> int:
        return prey.http.get("/desk/api/session", headers={"Cookie": cookie}).status_code

    planted = prey.http.post(
        "/desk/api/session", json=login, headers=page | {"Cookie": f"__Host-waymark={known}"}
    )
    prey.http.cookies.clear()
    assert planted.status_code == 200
    token = planted.headers["set-cookie"].partition(";")[0]
    attempts.tried("a planted cookie", got=known in token or who(f"__Host-waymark={known}") == 200)
    attempts.tried("a cookie of another name", got=who(f"waymark={token.partition('=')[2]}") == 200)
    attempts.tried("half of it", got=who(token[:-8]) == 200)
    attempts.tried("more of it", got=who(f"{token}AA") == 200)
    attempts.tried("in the query", got=prey.http.get(f"/desk/api/session?{token}").status_code == 200)
    attempts.tried("as a bearer", got=_bearer(prey, token.partition("=")[2]) == 200)
    assert who(token) == 200
    out = prey.http.delete("/desk/api/session", headers=page | {"Cookie": token})
    assert out.status_code < 300
    attempts.tried("after logging out", got=who(token) == 200)


def _bearer(prey: Prey, token: str) -> int:
    return prey.http.get("/desk/api/session", headers={"Authorization": f"Bearer {token}"}).status_code


@long_form
def test_the_next_person_at_a_shared_tablet(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone]
) -> None:
    """One volunteer leaves in the middle, and after finishing; the next one opens, lists and inspects."""
    device = phone(prey.server.origin, viewport=TABLET, durable=True)
    page = device.start()
    visit(page, prey.server.origin)
    answer_briefly(page, Story(narrative=DRAFT, sharing="P3"))
    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url("**/leaving")
    page.goto(prey.server.origin)
    page.get_by_role("heading", level=1).wait_for()
    attempts.tried("a draft, opened again", got=_met(page, DRAFT))

    page.context.set_offline(True)
    answer_briefly(page, Story(narrative=QUEUED, sharing="P3"))
    reference = finish(page)
    press(page, "Make another report")
    attempts.tried("what was finished, when another begins", got=_met(page, QUEUED))
    page.get_by_role("button", name=re.compile("Show the list")).click()
    page.get_by_role("article").filter(has_text=reference).wait_for()
    attempts.tried("the queue, as it is listed", got=_met(page, QUEUED))
    page.reload()
    page.get_by_role("heading", level=1).wait_for()
    attempts.tried("after a reload", got=_met(page, QUEUED))
    codes = page.locator(".wm-code").count()
    attempts.tried("the return code of the one before", got=codes)


def _met(page: Page, word: str) -> list[str]:
    return [one[:80] for one in (*readable(page), page.content()) if word in one.lower()]
