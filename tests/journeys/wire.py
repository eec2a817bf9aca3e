"""A proxy that loses answers: the request reaches the real server, the answer never reaches the device."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from msgspec import Struct


class Piece(Struct, frozen=True, kw_only=True):
    """Of a file, as the service has answered it."""

    offset: int
    length: int
    status: int
    completes: bool


HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})


HELD_S_MAX = 60.0


class LossyWire:
    """Listens on a loopback port and forwards to another. `lose_answers` counts down on /sync/v1/push."""

    def __init__(self, port: int) -> None:
        self.lose_answers = 0
        self.cut = False
        """True: nothing gets through at all."""
        self.pulls_cut = False
        self.pushes_cut = False
        self.passes = threading.Event()
        """Cleared: a push comes this far and waits, until it is set again."""
        self.passes.set()
        self.waiting = 0
        """Pushes that have waited so."""
        self.lost = 0
        self.pushes = 0
        self.pieces: list[Piece] = []
        self.loses_piece: Callable[[Piece], bool] = lambda piece: False
        """Asked of each piece when the service has answered it."""
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def _forward(self) -> None:
                if wire.cuts(self.path):
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                wire.hold(self.path)
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                headers["Host"] = self.headers["Host"]
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                if wire.swallow(self.path) or (self.command == "PATCH" and wire.swallow_piece(self, answer)):
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP | {"content-length", "server", "date"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = _forward  # noqa: N815 - http.server looks these names up

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self._lock = threading.Lock()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def cuts(self, path: str) -> bool:
        pull, push = path.startswith("/sync/v1/pull"), path.startswith("/sync/v1/push")
        return self.cut or (self.pulls_cut and pull) or (self.pushes_cut and push)

    def hold(self, path: str) -> None:
        if path.startswith("/sync/v1/push") and not self.passes.is_set():
            with self._lock:
                self.waiting += 1
            self.passes.wait(HELD_S_MAX)

    def swallow(self, path: str) -> bool:
        if not path.startswith("/sync/v1/push"):
            return False
        with self._lock:
            self.pushes += 1
            if self.lose_answers == 0:
                return False
            self.lose_answers -= 1
            self.lost += 1
            return True

    def swallow_piece(self, asked: BaseHTTPRequestHandler, answer: http.client.HTTPResponse) -> bool:
        piece = Piece(
            offset=int(asked.headers["upload-offset"]),
            length=int(asked.headers["content-length"]),
            status=answer.status,
            completes=answer.headers["upload-complete"] == "?1",
        )
        with self._lock:
            self.pieces.append(piece)
            return self.loses_piece(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
