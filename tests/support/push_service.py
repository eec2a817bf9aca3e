"""A push service of our own (RFC 8030) on loopback, and a browser that has subscribed to it.

It takes nothing on trust: the sender's proof (RFC 8292) is verified, and what was sent is decrypted with the
subscription's private key (RFC 8291). How it behaves is up to the test.
"""

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from types import TracebackType
from typing import Any, Self

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from msgspec import Struct

from waymark.knocks.records import Place
from waymark_sync.seal import new_key, raw_public

LIFE_S_MAX = 24 * 3_600  # RFC 8292


class Received(Struct, frozen=True, kw_only=True):
    """One knock that was genuine."""

    path: str
    headers: dict[str, str]
    claims: dict[str, Any]
    sender: bytes
    """Public key that signed."""
    bytes: int
    """Of the body as it travelled."""
    plaintext: bytes


class Browser:
    """A subscription's private half."""

    def __init__(self) -> None:
        self.key = new_key()
        self.auth = secrets.token_bytes(16)
        self.path = f"/push/{secrets.token_urlsafe(12)}"

    def at(self, origin: str) -> Place:
        return Place(endpoint=origin + self.path, p256dh=raw_public(self.key), auth=self.auth)


class PushService:
    """Listens on a free loopback port. `status` and `headers` are what it answers from now on."""

    def __init__(self) -> None:
        self.status = 201
        self.headers: dict[str, str] = {}
        self.body = b""
        self.hold = threading.Event()
        """Cleared: requests are read and not answered."""
        self.hold.set()
        self.received: list[Received] = []
        self.faults: list[str] = []
        self.requests = 0
        self._browsers: dict[str, Browser] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                service._answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def host(self) -> str:
        """As WAYMARK_PUSH_HOSTS names it."""
        return f"localhost:{self._server.server_port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def subscribe(self) -> Browser:
        browser = Browser()
        self._browsers[browser.path] = browser
        return browser

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        self.hold.wait()
        if self.status == 201:
            try:
                self.received.append(self._verified(request, body))
            except (AssertionError, InvalidSignature, KeyError, ValueError) as error:
                self.faults.append(f"{type(error).__name__}: {error}")
        request.send_response(self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(self.body)

    def _verified(self, request: BaseHTTPRequestHandler, body: bytes) -> Received:
        headers = {name.lower(): value for name, value in request.headers.items()}
        sender, claims = verified_proof(headers["authorization"])
        assert claims["aud"] == self.origin, "meant for another push service"
        assert 0 < claims["exp"] - time() <= LIFE_S_MAX, "a proof that lives too long, or not any more"
        assert claims["sub"].startswith(("mailto:", "https://")), "nobody to turn to"
        assert headers["host"] == self.host, "asked for another name"
        assert headers["content-encoding"] == "aes128gcm", "not RFC 8291"
        assert int(headers["ttl"]) > 0, "gone at once when the device is off"
        browser = self._browsers[request.path]
        plaintext = http_ece.decrypt(
            body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm"
        )
        return Received(
            path=request.path,
            headers=headers,
            claims=claims,
            sender=sender,
            bytes=len(body),
            plaintext=plaintext,
        )


def verified_proof(authorization: str) -> tuple[bytes, dict[str, Any]]:
    """Key and claims of an RFC 8292 proof. Raises InvalidSignature, ValueError, AssertionError."""
    scheme, _, fields = authorization.partition(" ")
    parts = dict(field.strip().split("=", 1) for field in fields.split(","))
    head, claims, signature = parts["t"].split(".")
    assert scheme == "vapid", "not RFC 8292"
    assert json.loads(_bytes(head)) == {"typ": "JWT", "alg": "ES256"}, "another algorithm"
    raw, sender = _bytes(signature), _bytes(parts["k"])
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return sender, json.loads(_bytes(claims))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
