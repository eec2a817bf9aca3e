"""A network between a client and the service that does what a script says, one request after another.

What passed is remembered, so a test can see that a report's bytes never changed on the way.
"""

import http.client
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from msgspec import Struct, field

from conversations.tampering import FORGERIES, altered, items_of

PATHS = {"push": "/sync/v1/push", "manifest": "/sync/v1/manifest", "pull": "/sync/v1/pull"}
UPSTREAM_S_MAX = 30.0


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to one request. Exactly one of `do`, `status` and `forge` is given, or none: it passes."""

    on: str = "push"
    do: str = ""
    """drop, lose_answer, cut_request, cut_answer, twice, portal, login, garbage, old_answer."""
    status: int = 0
    retry_after: str | None = None
    forge: str = ""
    """The answer is altered on its way back: a name in `tampering`."""
    above: int | None = None
    """Only where more items than this are in the request."""
    holding: int | None = None
    """Only where the item that was added as this one, from 1, is in the request."""
    always: bool = False
    """For every request of the step, not for one."""


class Reply(Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Passed(Struct, kw_only=True):
    """What went by since the proxy began."""

    requests: list[str] = field(default_factory=list)
    """`push`, `manifest`, `pull`, or another path, as they came."""
    sealed: dict[str, set[bytes]] = field(default_factory=dict)
    """By item id, every spelling of its envelope: more than one would be a report sealed twice."""
    sizes: list[int] = field(default_factory=list)
    """Items in each push."""
    bodies: list[bytes] = field(default_factory=list)
    first_answer: Reply | None = None


class Proxy:
    """Listens on a loopback port of its own and forwards to another."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.passed = Passed()
        self.added: list[str] = []
        """Item ids as they were added, for `Fault.holding`."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.serve(self)

            do_POST = do_HEAD = do_PATCH = do_GET  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: object) -> None:
                """A cut line is no news here."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, faults: Sequence[Fault]) -> None:
        """What happens from now on; nothing of the last step is left."""
        self._faults = list(faults)

    @property
    def unused(self) -> list[Fault]:
        return [fault for fault in self._faults if not fault.always]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = handler.path.partition("?")[0]
        name = next((known for known, place in PATHS.items() if place == path), path)
        with self._lock:
            ids = self._remember(name, body, handler.headers.get("Content-Type", ""))
            fault = self._fault_for(name, ids)
        try:
            reply = self._answer(handler, body, fault)
        except (OSError, http.client.HTTPException):
            reply = None
        handler.close_connection = True
        if reply is None:
            return
        if name == "push" and reply.status == 200 and self.passed.first_answer is None:
            self.passed.first_answer = reply
        self._send(handler, reply, cut=fault.do == "cut_answer")

    def _remember(self, name: str, body: bytes, content_type: str) -> list[str]:
        self.passed.requests.append(name)
        self.passed.bodies.append(body)
        if name != "push":
            return []
        items = items_of(body, content_type)
        self.passed.sizes.append(len(items))
        for item_id, envelope in items:
            self.passed.sealed.setdefault(item_id, set()).add(envelope)
        return [item_id for item_id, _ in items]

    def _fault_for(self, name: str, ids: Sequence[str]) -> Fault:
        for fault in self._faults:
            if fault.on != name or (fault.above is not None and len(ids) <= fault.above):
                continue
            if fault.holding is not None and self.added[fault.holding - 1] not in ids:
                continue
            if not fault.always:
                self._faults.remove(fault)
            return fault
        return Fault()

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes, fault: Fault) -> Reply | None:
        if fault.status:
            return _problem(fault.status, fault.retry_after)
        if made := FORGERIES.get(fault.do):
            return Reply(status=made[0], headers=made[1], body=made[2])
        match fault.do:
            case "drop":
                return None
            case "cut_request":
                self._forward(handler, body, cut=True)
                return None
            case "old_answer":
                return self.passed.first_answer
            case "twice":
                self._forward(handler, body)
        reply = self._forward(handler, body)
        if fault.do == "lose_answer" or reply is None:
            return None
        if fault.forge:
            told = altered(reply.body, reply.headers["content-type"], fault.forge)
            return Reply(status=reply.status, headers=reply.headers, body=told)
        return reply

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes, *, cut: bool = False) -> Reply | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=UPSTREAM_S_MAX)
        headers = {header.lower(): value for header, value in handler.headers.items()}
        headers |= {"host": f"localhost:{self.upstream}", "connection": "close"}
        try:
            if cut:
                connection.putrequest(
                    handler.command, handler.path, skip_host=True, skip_accept_encoding=True
                )
                for header, value in headers.items():
                    connection.putheader(header, value)
                connection.endheaders(body[: len(body) // 2])
                return None
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        told = {header.lower(): value for header, value in answer.getheaders()}
        return Reply(status=answer.status, headers=told, body=content)

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply, *, cut: bool) -> None:
        handler.send_response_only(reply.status)
        for header, value in reply.headers.items():
            if header not in ("content-length", "transfer-encoding", "connection"):
                handler.send_header(header, value)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)


def _problem(status: int, retry_after: str | None) -> Reply:
    headers: dict[str, Any] = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    return Reply(status=status, headers=headers, body=b'{"type":"about:blank","status":%d}' % status)
