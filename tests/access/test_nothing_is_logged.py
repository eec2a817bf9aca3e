"""A served process is told secrets in every place that a request has: none is in its log or its answers."""

import re
import socket
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import httpx
import msgspec
import pytest

from support.desk import PASSWORD
from support.files import piece_headers, prepared, report_with
from support.reports import Device, a_body, push_of
from support.server import Server
from waymark.cli.demo_people import PASSWORD as DEMO_PASSWORD
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, encode, to_base64url
from waymark_sync.protocol import AttStart

CANARY: Final = "Kanarienvogel"
"""A plain word: it would pass for a code."""
LONG: Final = re.compile(r"[0-9a-fA-F]{8}|[A-Za-z0-9_-]{40}")
"""Part of an id, a hash or a token."""
RAW: Final = (
    f"{CANARY} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    f"GET /{CANARY} HTTP/9.{CANARY}\r\n\r\n",
    f"GET / HTTP/1.1\r\n{CANARY}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {CANARY}\r\nContent-Length: {CANARY}\r\n\r\n",
    f"GET / HTTP/1.1\r\nX-{CANARY}: " + CANARY * 20_000 + "\r\n\r\n",
    f"POST /sync/v1/push HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n",
)


class Teller:
    """Sends secrets, and keeps every answer."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(base_url=server.origin, timeout=30, trust_env=False)
        self._port = server.port
        self.answers: list[httpx.Response] = []

    def says(self, method: str, path: str, **sent: Any) -> httpx.Response:
        told = {"User-Agent": CANARY, "Referer": f"http://{CANARY}/", "Cookie": f"__Host-waymark={CANARY}"}
        sent["headers"] = {**told, **sent.get("headers", {})}
        self.answers.append(self._http.request(method, path, **sent))
        return self.answers[-1]

    def says_raw(self, text: str) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as wire:
            try:
                wire.sendall(text.encode())
                wire.shutdown(socket.SHUT_WR)
                heard = b"".join(iter(lambda: wire.recv(65_536), b""))
            except OSError:
                return
            assert CANARY.encode() not in heard


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_secret_is_in_the_log_or_in_a_refusal(
    server: Callable[..., Server], database_url: str, ring: KeyRing
) -> None:
    served = server(WAYMARK_DATABASE_URL=database_url, WAYMARK_LOG_LEVEL="debug")
    served.waymark("demo", "--no-reports")
    served.start()
    teller = Teller(served)

    _everywhere(teller)
    _in_reports_and_files(teller, ring)
    _at_the_desk(teller, served)
    for text in RAW:
        teller.says_raw(text)
    served.stop()

    assert len(teller.answers) > 50
    assert not [answer for answer in teller.answers if answer.status_code >= 500]
    refused = [answer for answer in teller.answers if answer.status_code >= 400]
    assert not [answer.text for answer in refused if CANARY in answer.text]
    lines = served.log_text.splitlines()
    assert len(lines) > len(teller.answers)
    assert CANARY.lower() not in served.log_text.lower()
    for secret in (PASSWORD, DEMO_PASSWORD):
        assert secret not in served.log_text
    assert not [line for line in lines if line.startswith("{") and LONG.search(line)]


def _everywhere(teller: Teller) -> None:
    paths = (
        *(
            f"/{CANARY}",
            f"/?{CANARY}={CANARY}",
            f"/desk/{CANARY}",
            f"/desk/api/{CANARY}",
            f"/assets/{CANARY}.js",
        ),
        *(
            f"/sync/v1/att/{CANARY}",
            f"/sync/v1/att/{uuid4()}",
            f"/sync/v1/pull?cursor={CANARY}&limit={CANARY}",
        ),
        *(
            f"/sync/v1/return?cursor={CANARY}",
            f"/desk/api/reports/{uuid4()}",
            f"/desk/api/reports?area={CANARY}",
        ),
    )
    headers = dict.fromkeys(
        [
            *("Waymark-Locator", "Waymark-Authenticator", "Waymark-Device", "Waymark-Challenge", "Origin"),
            *("Waymark-Signature", "Last-Event-ID", "X-Forwarded-For", "Accept", "Upload-Offset"),
            *("Content-Digest", "Content-Type", "Waymark-Request", "Sec-Fetch-Site"),
        ],
        CANARY,
    )
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"):
            content = CANARY.encode() if method in ("POST", "PATCH", "PUT") else None
            teller.says(method, path, headers=headers, content=content)
    report = {"effective-directive": CANARY, "blocked-uri": CANARY, "script-sample": CANARY}
    teller.says("POST", "/csp-report", json={"csp-report": report})
    for path in ("/sync/v1/push", "/sync/v1/enrol", "/sync/v1/knocks", "/sync/v1/knocks/end", "/sync/v1/att"):
        for body in (
            {CANARY: CANARY},
            {"device_id": CANARY, "code": CANARY, "endpoint": CANARY, "items": CANARY},
        ):
            teller.says("POST", path, json=body)


def _in_reports_and_files(teller: Teller, ring: KeyRing) -> None:
    item_id = str(uuid4())
    body = msgspec.to_builtins(a_body(item_id, narrative_original=CANARY, name_known_as=CANARY))
    device = Device()
    file = prepared(CANARY.encode() * 99, caption=CANARY)
    reports = [
        Device().report(ring, item_id=item_id, plaintext=msgspec.json.encode({**body, "centre_id": CANARY})),
        Device().report(ring, plaintext=f'{{"{CANARY}":"{CANARY}'.encode()),
        Device().report(ring, plaintext=msgspec.json.encode({**body, "capture": {"channel": CANARY}})),
        Device().report(ring, header={"kind": CANARY}),
        Device().report(ring, header={"kid": CANARY}),
        report_with(ring, file, device=device),
    ]
    reports.append(device.reply(ring, reports[-1].item_id, CANARY, authenticator=to_base64url(b"k" * 32)))
    for report in reports:
        content = encode(push_of(report), MSGPACK)
        teller.says("POST", "/sync/v1/push", content=content, headers={"Content-Type": MSGPACK})
    started = encode(AttStart(item_id=reports[-2].item_id, att_id=file.attachment.att_id), JSON)
    teller.says("POST", "/sync/v1/att", content=started, headers={"Content-Type": JSON})
    headers = piece_headers(file.sealed, 0)
    teller.says("PATCH", f"/sync/v1/att/{file.attachment.att_id}", content=file.sealed, headers=headers)


def _at_the_desk(teller: Teller, served: Server) -> None:
    ours = {"Origin": served.origin, "Waymark-Request": "1"}
    for username, password in ((CANARY, CANARY), ("northshire", CANARY), ("northshire", DEMO_PASSWORD)):
        login = {"username": username, "password": password}
        entered = teller.says("POST", "/desk/api/session", json=login, headers=ours)
    ours["Cookie"] = entered.headers["set-cookie"].partition(";")[0]
    found: list[dict[str, Any]] = []
    while len(found) < 2:  # opened and screened beside the requests
        found = teller.says("GET", "/desk/api/reports", headers=ours).json()["reports"]
    for line in found:
        path = f"/desk/api/reports/{line['id']}"
        teller.says("GET", path, headers=ours)
        teller.says("GET", f"{path}/pictures/{uuid4()}", headers=ours)
        teller.says("POST", f"{path}/acknowledge", json={"message": CANARY}, headers=ours)
        for act in ("ask", "update", "signpost", "decide", "close", "reopen", "forward", "send-back"):
            words = {"message": CANARY, "rationale": CANARY, "note": CANARY, "reason": CANARY, "code": CANARY}
            body = {"version": 2, "services": [CANARY], "force_id": CANARY, **words}
            teller.says("POST", f"{path}/{act}", json=body, headers=ours)
