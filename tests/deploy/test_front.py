"""The service behind its front, as a phone and a desk reach it: HTTPS, and nobody's address written down."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from deploy.conftest import DEPLOY, VISITOR, Front
from support.reports import Device, push_of
from support.server import Server, free_port
from waymark.cli.demo_people import PASSWORD
from waymark.identity.guards import COOKIE
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import PullResponse, PushResponse

CHANGES = {"Waymark-Request": "1"}
PULLS_MAX = 2_000


def send(http: httpx.Client, ring: KeyRing) -> Device:
    device = Device()
    answer = http.post(
        "/sync/v1/push",
        content=encode(push_of(device.report(ring)), MSGPACK),
        headers={"Content-Type": MSGPACK, "Accept": MSGPACK},
    )
    assert answer.status_code == 200
    [result] = decode(answer.content, MSGPACK, PushResponse).results
    assert result.verdict == "accepted"
    return device


def pulls(http: httpx.Client, device: Device) -> Iterator[httpx.Response]:
    """A visitor's feed is there once the report has been opened, which pushes do not wait for."""
    asked = {"cursor": "", "limit": "100"}
    for _ in range(PULLS_MAX):
        hello = http.get("/sync/v1/pull", params=asked)
        proof = device.pull_headers(challenge=hello.headers["waymark-challenge"])
        yield http.get("/sync/v1/pull", params=asked, headers={**proof, "Accept": MSGPACK})


def log_in(http: httpx.Client, origin: str, person: str = "northshire") -> httpx.Response:
    return http.post(
        "/desk/api/session",
        json={"username": person, "password": PASSWORD},
        headers={**CHANGES, "Origin": origin},
    )


def test_a_report_and_its_answer_go_through(fronted: tuple[Server, Front], ring: KeyRing) -> None:
    _, front = fronted

    with front.visitor() as http:
        device = send(http, ring)
        pulled = next(answer for answer in pulls(http, device) if answer.status_code == 200)

    assert decode(pulled.content, MSGPACK, PullResponse).incarnation


def test_the_desk_has_a_session_that_no_other_host_can_set(fronted: tuple[Server, Front]) -> None:
    _, front = fronted

    with front.visitor() as http:
        entered = log_in(http, front.origin)
        mine = http.get("/desk/api/session")

    assert entered.status_code == mine.status_code == 200
    cookie = entered.headers["set-cookie"]
    assert COOKIE.startswith("__Host-") and cookie.startswith(f"{COOKIE}=")
    assert {"secure", "httponly", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "domain=" not in cookie.lower()


def test_every_answer_demands_https_and_says_nothing_of_the_front(fronted: tuple[Server, Front]) -> None:
    served, front = fronted

    with front.visitor() as http:
        page, missing = http.get("/"), http.get("/nowhere")
        plain = httpx.get(front.plain, trust_env=False)

    assert page.status_code == 200
    for answer in (page, missing):
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
        assert not {"server", "via", "x-powered-by", "alt-svc"} & answer.headers.keys()
    assert plain.status_code == 308
    assert plain.headers["location"].startswith("https://localhost")
    assert served.log_text.count('"internal"') == 0


def test_nobody_is_written_down_even_when_the_service_is_away(
    fronted: tuple[Server, Front], ring: KeyRing
) -> None:
    served, front = fronted

    with front.visitor() as http:
        send(http, ring)
        served.stop()
        away = http.get("/return", headers={"Cookie": "canary-cookie-3d1e"})

    assert away.status_code == 502
    assert "server" not in away.headers
    for log in (front.log_text, served.log_text):
        assert VISITOR not in log
        assert "canary-cookie-3d1e" not in log
        assert "/return" not in log


def test_who_asks_is_told_by_the_front_alone(front: Callable[[int, int], Front]) -> None:
    claimed = {
        "X-Real-IP": "203.0.113.1",
        "X-Forwarded-For": "203.0.113.2",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Forwarded": "for=203.0.113.3",
    }

    with mirror() as behind:
        put = front(free_port(), behind)
        with put.visitor() as http:
            seen = http.get("/", headers=claimed).json()

    assert seen["x-real-ip"] == VISITOR
    assert seen["host"] == put.origin.removeprefix("https://")
    assert not [name for name in seen if "forwarded" in name]


def test_the_public_front_differs_in_name_and_certificates_alone() -> None:
    """So what is tried here holds there."""
    own = {"skip_install_trust", "http_port", "https_port", "default_bind", "storage", "tls"}

    public, demonstration = (told(DEPLOY / name) for name in ("Caddyfile", "Caddyfile.demonstration"))

    assert [line for line in demonstration if line.split()[0] not in own | {"{$WAYMARK_NAME:localhost}"}] == [
        line for line in public if not line.startswith("reports.example.org")
    ]


def told(caddyfile: Path) -> list[str]:
    lines = (line.strip() for line in caddyfile.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@contextmanager
def mirror() -> Iterator[int]:
    """Answers each request with its headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not in the tests' output."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield listening.server_port
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
