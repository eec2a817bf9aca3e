"""The application, asked without a network between, and the opener behind it."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from fuzz.mutation import bits, hostile, text
from waymark.intake.records import Sender, WaitingItem
from waymark.intake.rules import Service, able, open_waiting_item
from waymark.kernel.problems import CATALOGUE
from waymark_sync.intake_rules import read_header
from waymark_sync.protocol import Envelope, decode_header
from waymark_sync.seal import new_key, seal_item

NOW: Final = datetime(2026, 1, 2, tzinfo=UTC)
REFUSED: Final = 400
_SIGNER: Final = new_key()
BUG: Final = 500


class Asked(Struct, frozen=True, kw_only=True):
    """A request of the real client, as it was recorded."""

    name: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Found(Exception):
    """What may never happen. The text says how to see it again."""


async def ask(
    app: Litestar, asked: Asked, *, network: str, host: bytes = b"waymark.test"
) -> tuple[int, dict[str, str], bytes]:
    headers = [(b"host", host), (b"content-length", str(len(asked.body)).encode())]
    headers += [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in asked.headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "https",
        "path": asked.path,
        "raw_path": quote(asked.path, errors="replace").encode(),
        "query_string": asked.query.encode("latin-1"),
        "headers": headers,
        "client": (network, 1),
        "server": ("waymark.test", 443),
        "root_path": "",
        "state": {},
        "extensions": {},
    }
    answer: list[Any] = []
    given = iter([{"type": "http.request", "body": asked.body, "more_body": False}])

    async def receive() -> Any:
        return next(given, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answer.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    said = {name.decode().lower(): value.decode("latin-1") for name, value in answer[0]["headers"]}
    return answer[0]["status"], said, b"".join(part.get("body", b"") for part in answer[1:])


def judge(status: int, headers: Mapping[str, str], body: bytes, *, method: str) -> None:
    """Raises Found."""
    if status >= BUG:
        raise Found(f"answered {status}")
    if status < REFUSED or method == "HEAD":
        return
    if headers.get("content-type") != "application/problem+json":
        raise Found(f"{status} is no Problem but {headers.get('content-type')}")
    said = msgspec.json.decode(body)
    if said.get("status") != status or said.get("code") not in CATALOGUE or not said.get("next"):
        raise Found(f"{status} does not say what to do next")


def worse(asked: Asked, luck: random.Random) -> Asked:
    """One request, made hostile in its body, its headers, its query or its address."""
    body, headers, query, path = asked.body, dict(asked.headers), asked.query, asked.path
    chosen = luck.random()
    if body and chosen < 0.75:
        body = hostile(body, luck)
    if headers and (not asked.body or chosen > 0.7):
        name = luck.choice(list(headers))
        headers[name] = text(headers[name], luck)
        if luck.random() < 0.1:
            del headers[name]
    if query and luck.random() < 0.6:
        query = text(query, luck)
    if luck.random() < 0.02:
        stem, _, last = path.rpartition("/")
        path = f"{stem}/{text(last, luck)}"
    if luck.random() < 0.03:
        headers["content-type"] = luck.choice(("application/json", "application/msgpack", "text/plain", ""))
    return Asked(name=asked.name, method=asked.method, path=path, query=query, headers=headers, body=body)


class Opening:
    """The opener on a stored envelope: whatever is in it, an Outcome comes of it and no exception."""

    def __init__(self, app: Litestar, envelopes: list[Envelope]) -> None:
        state = app.state
        self._service = Service(
            keys=state.ring,
            vault=state.vault,
            pack=state.pack,
            able=able(state.ring.seal_kids, "fuzz"),
            incarnation="",
            restore_floor=0,
        )
        self._envelopes = envelopes
        self._plain = [self._opened(envelope) for envelope in envelopes]

    def once(self, luck: random.Random) -> None:
        at = luck.randrange(len(self._envelopes))
        envelope, plain = self._envelopes[at], self._plain[at]
        if luck.random() < 0.5:
            made = self._sealed_again(envelope, hostile(plain, luck))
        else:
            part: Callable[..., bytes] = luck.choice((bits, hostile))
            name = luck.choice(("header", "sealed", "sig"))
            made = replace(envelope, **{name: part(getattr(envelope, name), luck)})
        if read_header(made.header) is None:
            return  # refused before it is stored, so no opener ever sees it
        item = WaitingItem(
            pos=1,
            item_id="8f6b0d0e-1111-4222-8333-444455556666",
            sha256=made.sha256,
            header=made.header,
            sealed=made.sealed,
            sig=made.sig,
            received_at="2026-01-02T03:04:05.678Z",
        )
        open_waiting_item(item, Sender(device=None, revoked=False, feed=None), self._service, now=NOW)

    def _sealed_again(self, envelope: Envelope, plain: bytes) -> Envelope:
        """Somebody with the public key may put anything inside."""
        keys = self._service.keys
        return seal_item(
            decode_header(envelope.header),
            plain,
            service_key=keys.seal_key.public,
            device_key=_SIGNER,
        )

    def _opened(self, envelope: Envelope) -> bytes:
        kid = decode_header(envelope.header).kid
        return self._service.vault.open_item(kid, envelope.header, envelope.sealed)
