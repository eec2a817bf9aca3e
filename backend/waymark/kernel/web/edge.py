"""The outermost layer of every request: one name to answer to, one set of headers, one line of log.

Pages are answered here from memory. Everything else goes on to the routes, unless another origin asks.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from waymark.kernel import logs
from waymark.kernel.problems import Problem, problem
from waymark.kernel.settings import HOST, Settings
from waymark.kernel.web.errors import problem_bytes
from waymark.kernel.web.headers import content_security_policy, security_headers
from waymark.kernel.web.maintenance import retry_after_s
from waymark.kernel.web.origins import from_elsewhere, kept_to_ourselves
from waymark.kernel.web.pages import NAMES, Page, page_for

_READS: Final = frozenset({"GET", "HEAD"})
_LAST: Final = {"Connection": "close"}
"""On an answer after which nothing more is read from a connection."""
_NOBODYS: Final = ("/sync/", "/csp-report")
"""Where no cookie is read: below nothing knows who of the desk's people asks."""
Headers = list[tuple[bytes, bytes]]


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, *, settings: Settings, pages: Mapping[str, Page]) -> None:
        self._app = app
        self._settings = settings
        self._pages = pages
        self._by_address = f"{HOST}:{settings.port}"
        self._hosts = settings.host_names
        self._origins = settings.origins
        self._headers = security_headers(
            encrypted_in_transit=settings.encrypted_in_transit, framed=settings.stage_origin is not None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        policy = content_security_policy(scope["path"], framed_by=self._settings.stage_origin)
        answer = _Answer(send, self._headers, policy)
        began = time.perf_counter()
        try:
            await self._answer(scope, receive, answer)
        except Exception as error:
            if answer.status:  # a part of it is gone: only a broken connection says that the rest is missing
                raise
            # The server below would answer in words of its own, without a single one of our headers.
            logs.event("internal", level=logging.ERROR, error=error)
            await answer.problem(problem("internal"))
        finally:
            logs.event(
                "request",
                method=scope["method"],
                route=self._route(scope),
                status=answer.status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )

    async def _answer(self, scope: Any, receive: Receive, send: "_Answer") -> None:
        method, path = scope["method"], scope["path"]
        host = _header(scope, b"host")
        probed = host == self._by_address and path.startswith("/health/")
        if host not in self._hosts and not probed:
            await self._refuse_host(scope, host, send)
            return
        if _header(scope, b"transfer-encoding").lower() not in {"", "chunked"}:
            # "gzip, chunked" would come to the routes unread, and another server may find its end elsewhere.
            await send.problem(problem("malformed", "only chunked is read", headers=_LAST))
            return
        if not scope["query_string"].isascii():  # what it is parsed with below would raise
            await send.problem(problem("malformed", "the address holds bytes that no address has"))
            return
        if kept_to_ourselves(method, path) and from_elsewhere(scope["headers"], ours=self._origins):
            await send.problem(problem("wrong_origin"))
            return
        if path.startswith("/sync/") and (wait_s := retry_after_s(self._settings.data)) is not None:
            await send.problem(problem("maintenance", headers={"Retry-After": str(wait_s)}))
            return
        if path.startswith(_NOBODYS):
            # A phone or tablet proves itself by its keys. Whoever sits at the desk as well is not told apart.
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"cookie"]
        page = page_for(self._pages, path) if method in _READS else None
        if page is None:
            await self._app(scope, receive, send)
            return
        await _send_page(page, scope, send)

    def _route(self, scope: Any) -> str:
        """A template or a page of ours: a mistyped address may hold anything, so it is never logged."""
        path: str = scope["path"]
        if path in self._pages:
            return "/assets/*" if path.startswith("/assets/") else path
        return scope.get("path_template") or (path if path in NAMES else "unmatched")

    async def _refuse_host(self, scope: Any, host: str, send: "_Answer") -> None:
        """By address a page would have no passkeys and another origin's storage: send people to the name.

        Other names are refused, or a hostile page could reach us through a name of its own (DNS rebinding).
        """
        if host == self._by_address and scope["method"] in _READS:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            path = scope.get("raw_path") or scope["path"].encode()
            location = self._settings.origin.encode() + path.split(b"?")[0] + query
            await send.whole(308, [(b"location", location)], b"")
            return
        await send.problem(problem("wrong_host"))


class _Answer:
    """`send`, with the headers that must never be missing."""

    def __init__(self, send: Send, headers: Mapping[bytes, bytes], policy: str) -> None:
        self._send = send
        self._headers = {**headers, b"content-security-policy": policy.encode()}
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = [(bytes(name).lower(), bytes(value)) for name, value in message["headers"]]
            names = {name for name, _ in given}
            message["headers"] = given + [(n, v) for n, v in self._headers.items() if n not in names]
        await self._send(message)

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        length = (b"content-length", str(len(body)).encode())
        await self({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self({"type": "http.response.body", "body": body, "more_body": False})

    async def problem(self, refusal: Problem) -> None:
        media_type = (b"content-type", b"application/problem+json")
        more = [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
        await self.whole(refusal.kind.status, [media_type, *more], problem_bytes(refusal))


async def _send_page(page: Page, scope: Any, send: _Answer) -> None:
    coding, body = page.best(_header(scope, b"accept-encoding"))
    etag = f'"{page.digest}-{coding}"'
    headers: Headers = [
        (b"cache-control", page.cache_control.encode()),
        (b"etag", etag.encode()),
        (b"vary", b"accept-encoding"),
    ]
    if etag in (tag.strip().removeprefix("W/") for tag in _header(scope, b"if-none-match").split(",")):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    headers.append((b"content-type", page.media_type.encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    if coding != "identity":
        headers.append((b"content-encoding", coding.encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    content = body if scope["method"] == "GET" else b""
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _header(scope: Any, name: bytes) -> str:
    """The header's only value; empty when it is missing or, as nobody honest sends it, given twice."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""
