"""The split page of a demonstration: phone, tablet and desk side by side, and the plug.

A small server of its own, so that it is there while the service is not. Loopback, one name, one token.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from waymark.cli import store
from waymark.cli.demo_people import PASSWORD
from waymark.cli.stage_plug import Plug
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database, DatabaseFault
from waymark.kernel.settings import HOST, Settings

BODY_BYTES_MAX: Final = 1_024
VOLUNTEER: Final = "harbour"
_HEADERS: Final = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_FILES: Final = {
    "/": ("stage.html", "text/html; charset=utf-8"),
    "/stage.css": ("stage.css", "text/css; charset=utf-8"),
    "/stage.js": ("stage.js", "text/javascript; charset=utf-8"),
}


class Answer(NamedTuple):
    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Switched(msgspec.Struct):
    """What the switch sends."""

    plugged: bool


class Refused(Exception):
    """Not a request of our own page."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.answer = Answer(status, msgspec.json.encode({"code": code}))


class Stage:
    """An ASGI application. `plug` is the service; `database` is looked at even while the service is down."""

    def __init__(self, settings: Settings, plug: Plug, database: Database) -> None:
        self._settings, self._plug, self._database = settings, plug, database
        self._token = secrets.token_urlsafe(24)
        self._origin = settings.stage_address
        self._host = self._origin.removeprefix("http://")
        phone, tablet = settings.device_ports
        self._ports = {"port": settings.port, "phone": phone, "tablet": tablet}
        self._policy = _policy(self._ports.values())
        self._posts: Mapping[str, Callable[[bytes], Awaitable[Answer]]] = {
            "/plug": self._switch,
            "/tablet-code": self._tablet_code,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        try:
            answer = await self._answer(scope["method"], scope["path"], headers, receive)
        except Refused as refused:
            answer = refused.answer
        fixed = {**_HEADERS, "content-security-policy": self._policy, "content-type": answer.media_type}
        sent = {**fixed, "content-length": str(len(answer.body)), **answer.headers}
        listed = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": listed})
        body = answer.body if scope["method"] != "HEAD" else b""
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, method: str, path: str, headers: Mapping[str, str], receive: Any) -> Answer:
        host = headers.get("host", "")
        if host == self._host.replace("localhost", HOST) and method in {"GET", "HEAD"}:
            return Answer(308, b"", headers={"location": f"{self._origin}/"})
        if host != self._host:
            raise Refused(421, "wrong_host")
        if method == "POST" and path in self._posts:
            self._from_our_page(headers)
            return await self._posts[path](await _body(receive))
        if method in {"GET", "HEAD"} and path in _FILES:
            return self._file(path)
        if method in {"GET", "HEAD"} and path == "/state":
            return await self._state()
        raise Refused(404, "not_found")

    def _from_our_page(self, headers: Mapping[str, str]) -> None:
        """Any page that is open in this browser could send a form here; none could send all of these."""
        site = headers.get("sec-fetch-site", "same-origin")
        token = headers.get("waymark-stage", "")
        if headers.get("origin") != self._origin or site != "same-origin":
            raise Refused(403, "wrong_origin")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            raise Refused(403, "wrong_token")

    def _file(self, path: str) -> Answer:
        name, media_type = _FILES[path]
        text = resources.files("waymark.cli").joinpath("stage_page", name).read_text(encoding="utf-8")
        marks = {"token": self._token, "state": self._plug.standing.state, **self._ports}
        for mark, value in marks.items():
            text = text.replace("{{" + mark + "}}", str(value))
        return Answer(200, text.encode(), media_type)

    async def _state(self) -> Answer:
        standing = self._plug.standing
        told: dict[str, Any] = {
            "state": standing.state,
            "since": stamp(standing.since),
            "exit_code": standing.exit_code,
        }
        try:
            told |= msgspec.structs.asdict(await self._database.read(store.counts))
        except DatabaseFault:
            told |= {"received": None, "acknowledged": None}
        return Answer(200, msgspec.json.encode(told))

    async def _switch(self, raw: bytes) -> Answer:
        try:
            wanted = msgspec.json.decode(raw, type=Switched)
        except msgspec.DecodeError:
            raise Refused(400, "malformed") from None
        await (self._plug.plug_in() if wanted.plugged else self._plug.pull())
        return await self._state()

    async def _tablet_code(self, _: bytes) -> Answer:
        """As the volunteer would: log in, make a one-time code, log out."""
        origin = self._settings.origin
        sent = {"Host": origin.removeprefix("http://"), "Origin": origin, "Waymark-Request": "1"}
        base = f"http://{HOST}:{self._settings.port}"
        login = {"username": VOLUNTEER, "password": PASSWORD}
        async with httpx.AsyncClient(base_url=base, headers=sent, trust_env=False, timeout=15) as http:
            try:
                entered = await http.post("/desk/api/session", json=login)
                entered.raise_for_status()
                # Secure cookies go by themselves only where it is encrypted.
                http.headers["Cookie"] = entered.headers["set-cookie"].partition(";")[0]
                made = await http.post("/desk/api/devices/codes", json={"label": "Tablet of the split page"})
                made.raise_for_status()
                await http.delete("/desk/api/session")
            except httpx.HTTPError:
                raise Refused(503, "service_not_there") from None
        return Answer(200, made.content)


def _policy(ports: Iterable[int]) -> str:
    """No script and no frame but ours."""
    frames = " ".join(f"http://localhost:{port}" for port in ports)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        f"frame-src {frames}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


async def _body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            raise Refused(413, "too_large")
        if not message.get("more_body"):
            return body
