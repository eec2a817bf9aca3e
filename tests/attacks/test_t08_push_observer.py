"""T8, whoever runs a push service: sees every knock, its size and headers, and may answer badly."""

import json
import secrets
from collections import Counter
from typing import Any, Final

import httpx
import pytest

from attacks.attempts import LONG, Attempts
from attacks.prey import ANSWERED, CLIENT, Prey
from support.push_service import Browser
from waymark_sync.codec import JSON, to_base64url
from waymark_sync.knocking import subscribe_text
from waymark_sync.seal import new_key, sign

CHOICES: Final = ("P2", "U1", "A1", "A2")
ALLOWED: Final = {b'{"v":1}'.ljust(1_024)}
"""All that a knock may say."""
WAITS: Final = 20_000
SPOKEN: Final = ("hate", "crime", "report", "police", "centre", "harbour", "victim", "northshire")


def subscribe(prey: Prey, choice: str, browser: Browser, **changes: Any) -> httpx.Response:
    device = prey.reports[choice, "harbour"].device
    place = browser.at(prey.push_service.origin)
    endpoint = changes.pop("endpoint", place.endpoint)
    challenge = prey.http.get("/sync/v1/pull").headers["waymark-challenge"]
    text = subscribe_text(
        device_id=device.id,
        challenge=challenge,
        endpoint=endpoint,
        p256dh=place.p256dh,
        auth=place.auth,
    )
    body = {
        "device_id": device.id,
        "challenge": challenge,
        "sig": to_base64url(sign(device.sign_key, text)),
        "endpoint": endpoint,
        "p256dh": to_base64url(place.p256dh),
        "auth": to_base64url(place.auth),
    }
    return prey.http.post("/sync/v1/knocks", json=body | changes, headers={CLIENT: "192.0.2.80"})


@pytest.fixture(scope="module")
def knocked(prey: Prey) -> Counter[str]:
    """One answer to each of four people, who differ in everything but how they are told."""
    places = {}
    for choice in CHOICES:
        browser = prey.push_service.subscribe()
        assert subscribe(prey, choice, browser).status_code in (200, 201, 204)
        places[browser.path] = choice
    for number, choice in enumerate(CHOICES):
        name = "northshire" if choice == "P2" else "harbour"
        path = f"/desk/api/reports/{prey.reports[choice, 'harbour'].item_id}"
        version = prey.person(name).get(path).json()["report"]["version"]
        said = {"message": (ANSWERED + " ") * (1 + 30 * number), "version": version}
        act = "update" if choice == "U1" else "acknowledge"
        answer = prey.person(name).post(f"{path}/{act}", json=said)
        assert answer.status_code == 200, answer.text
    for _ in range(WAITS):
        if len(prey.push_service.received) >= len(CHOICES):
            break
        prey.http.get("/health/ready")
    return Counter(places.get(one.path, "nobody") for one in prey.push_service.received)


def test_all_that_a_push_service_sees_is_alike(prey: Prey, knocked: Counter[str], attempts: Attempts) -> None:
    """Length, headers, claims and decrypted text of knocks for short and long answers of every choice."""
    received = prey.push_service.received
    assert set(knocked) == set(CHOICES), "everybody was knocked for"
    attempts.tried("faults", got=prey.push_service.faults)
    attempts.tried("lengths", got=len({one.bytes for one in received}) > 1)
    attempts.tried("lengths told", got=len({one.headers["content-length"] for one in received}) > 1)
    for one in received:
        attempts.tried("what it says", got=one.plaintext not in ALLOWED, back=one.plaintext)
        told = json.dumps([one.headers, one.claims]).lower()
        attempts.tried("topics in its headers", got=[word for word in SPOKEN if word in told], back=told)
        attempts.tried(
            "ids in its headers", got=[r.item_id for r in prey.reports.values() if r.item_id in told]
        )
        attempts.tried("devices", got=[r.device.id for r in prey.reports.values() if r.device.id in told])
        attempts.tried("a cookie or an agent", got={"cookie", "referer"} & set(one.headers))
    for name in ("ttl", "urgency", "topic", "user-agent", "content-type"):
        attempts.tried(f"they differ in {name}", got=len({one.headers.get(name) for one in received}) > 1)
    attempts.tried(
        "one knock tells how many answers", got=[c for c, n in knocked.items() if n > 1], back=knocked
    )


def test_a_push_service_that_answers_badly(prey: Prey, knocked: Counter[str], attempts: Attempts) -> None:
    """It answers with a redirect home, and with a megabyte: nothing of it is used or logged."""
    service = prey.push_service
    secret = "canaryanswerofpush"
    before = service.requests
    for choice, status, headers in (
        ("A2", 302, {"Location": "http://127.0.0.1:9/steal"}),
        ("A1", 500, {"Retry-After": "9" * 400}),
    ):
        path = f"/desk/api/reports/{prey.reports[choice, 'harbour'].item_id}"
        service.status, service.headers, service.body = status, headers, (secret * 60_000).encode()
        seen = service.requests
        version = prey.person("harbour").get(path).json()["report"]["version"]
        prey.person("harbour").post(f"{path}/update", json={"message": "x", "version": version})
        for _ in range(WAITS):
            if service.requests > seen:
                break
            prey.http.get("/health/ready")
        attempts.tried(f"{status} is repeated", got=service.requests - seen > 1, back=service.requests - seen)
    service.status, service.headers, service.body = 201, {}, b""
    attempts.tried("its words are logged", got=secret in prey.server.log_text)
    attempts.tried("its address is logged", got=service.host in prey.server.log_text)
    assert service.requests > before, "it was knocked at"


def test_a_place_of_the_attackers_choice(prey: Prey, attempts: Attempts) -> None:
    """Endpoints that lead inside, elsewhere, or are two addresses at once: none is taken."""
    from knocks.test_knocks_rules import HOSTILE

    origin, host = prey.push_service.origin, prey.push_service.host
    port = host.partition(":")[2]
    own = [
        f"http://127.0.0.1:{prey.server.port}/desk/api/session",
        f"http://localhost:{prey.server.port}/",
        f"http://{host}@evil.example/",
        f"http://evil.example#{host}/",
        f"http://localhost:{port}.evil.example/",
        f"http://LOCALHOST:{port}/x",
        f"http://[::1]:{port}/x",
        f"http://127.1:{port}/x",
        f"http://2130706433:{port}/x",
        f"http://localhost:0{port}/x",
        f"{origin}\\@evil.example/",
        f"{origin}/../../etc",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://fcm.googleapis.com.evil.example/x",
        "https://fcm.googleapis.com:8443/x",
        "https://user@fcm.googleapis.com/x",
    ]
    browser = Browser()
    for endpoint in [
        *own,
        *(row["endpoint"] for row in HOSTILE[:: 1 if LONG else 6] if "\n" not in row["endpoint"]),
    ]:
        answer = subscribe(prey, "P2", browser, endpoint=endpoint)
        taken = answer.is_success and not endpoint.startswith(f"{origin}/..")
        attempts.tried(endpoint, got=taken, back=answer.status_code)
        attempts.tried(f"{endpoint} breaks it", got=answer.status_code >= 500, back=answer.text)


def test_a_place_for_somebody_elses_answers(prey: Prey, attempts: Attempts) -> None:
    """Subscribing to another person's feed without their key, or with proofs meant for something else."""
    browser = prey.push_service.subscribe()
    stranger = new_key()
    for name, changes in (
        ("a signature of the stranger's", {"sig": to_base64url(sign(stranger, b"anything"))}),
        ("no signature", {"sig": to_base64url(bytes(64))}),
        ("another challenge", {"challenge": secrets.token_urlsafe(32)}),
        ("another device", {"device_id": prey.reports["A2", "quay"].device.id}),
    ):
        answer = subscribe(prey, "U1", browser, **changes)
        attempts.tried(name, got=answer.is_success, back=answer.text)
    answer = prey.http.post("/sync/v1/knocks", content=b"{}", headers={"Content-Type": JSON})
    attempts.tried("nothing at all", got=answer.is_success)
