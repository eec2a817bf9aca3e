"""Requests in which one is hidden inside another, to the service as it is served.

What is in doubt is refused and its connection closed, so that what follows is never taken for a request. Each
ends with a request that the service would answer with 200 and that closes the connection.
"""

import json
import re
import socket
from collections.abc import Callable
from typing import Final

from access.test_headers_everywhere import API
from support.server import Server

HOST: Final = b"localhost:8000"
"""Stands for the served one."""
HIDDEN: Final = b"GET /health/live HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
ENDED: Final = b"0\r\n\r\n"
STATUS: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


def post(
    fields: bytes,
    body: bytes = b"",
    *,
    line: bytes = b"POST /csp-report HTTP/1.1",
    host: bytes = b"Host: localhost:8000\r\n",
) -> bytes:
    return line + b"\r\n" + host + fields + b"\r\n" + body + HIDDEN


def get(line: bytes, fields: bytes = b"", body: bytes = HIDDEN) -> bytes:
    return line + b"\r\nHost: localhost:8000\r\n" + fields + b"\r\n" + body


def length(of: bytes) -> bytes:
    return b"Content-Length: " + of + b"\r\n"


WHOLE: Final = length(str(len(HIDDEN)).encode())
"""The hidden request is the body of the other."""
IN_DOUBT: Final = {
    "length, then chunked": post(length(b"5") + CHUNKED, ENDED),
    "chunked, then length": post(CHUNKED + length(b"5"), ENDED),
    "two lengths": post(length(b"0") + WHOLE),
    "two lengths, the other first": post(WHOLE + length(b"0")),
    "the same length twice": post(length(b"0") + length(b"0")),
    "a list of lengths": post(length(b"0, 0")),
    "a length with a plus": post(length(b"+0")),
    "a length below nought": post(length(b"-1")),
    "a hexadecimal length": post(length(b"0x0")),
    "an empty length": post(length(b"")),
    "a length beyond 64 bits": post(length(b"18446744073709551616")),
    "a length of two words": post(length(b"1 0")),
    "a blank before the colon of a length": post(b"Content-Length : 0\r\n"),
    "a blank before the colon of a coding": post(b"Transfer-Encoding : chunked\r\n", ENDED),
    "a coding like ours": post(b"Transfer-Encoding: xchunked\r\n", ENDED),
    "identity": post(b"Transfer-Encoding: identity\r\n"),
    "chunked, then identity": post(b"Transfer-Encoding: chunked, identity\r\n", ENDED),
    "a coding within chunked": post(b"Transfer-Encoding: gzip, chunked\r\n", ENDED),
    "chunked twice": post(CHUNKED + CHUNKED, ENDED),
    "two codings in two fields": post(CHUNKED + b"Transfer-Encoding: identity\r\n", ENDED),
    "a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", ENDED),
    "a quoted coding": post(b'Transfer-Encoding: "chunked"\r\n', ENDED),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", ENDED),
    "a coding folded into another field": post(b"X: y\r\n Transfer-Encoding: chunked\r\n", ENDED),
    "a coding after a bare line feed": post(b"X: y\nTransfer-Encoding: chunked\r\n", ENDED),
    "a coding after a bare return": post(b"X: y\rTransfer-Encoding: chunked\r\n", ENDED),
    "nought in a field": post(b"X: a\x00b\r\n"),
    "a field without a colon": post(b"X\r\n"),
    "a fold before any field": b"POST /csp-report HTTP/1.1\r\n Content-Length: 0\r\n\r\n" + HIDDEN,
    "bare line feeds": b"POST /csp-report HTTP/1.1\nHost: localhost:8000\nContent-Length: 0\n\n" + HIDDEN,
    "a chunk size with a plus": post(CHUNKED, b"+0\r\n\r\n"),
    "a chunk size with 0x": post(CHUNKED, b"0x0\r\n\r\n"),
    "a chunk size below nought": post(CHUNKED, b"-1\r\n\r\n"),
    "a chunk size beyond 64 bits": post(CHUNKED, b"10000000000000000\r\n\r\n"),
    "a chunk ended by line feeds": post(CHUNKED, b"0\n\n"),
    "a line feed in a chunk's extension": post(CHUNKED, b"0;a\nb\r\n\r\n"),
    "a chunk longer than it says": post(CHUNKED, b"1\r\nab\r\n0\r\n\r\n"),
    "a chunk without an end": post(CHUNKED, b"1\r\na0\r\n\r\n"),
    "a length after the last chunk": post(CHUNKED, b"0\r\n" + WHOLE + b"\r\n"),
    "two versions": get(b"GET / HTTP/1.1 HTTP/1.1"),
    "tabs between the words": get(b"GET\t/\tHTTP/1.1"),
    "a blank in the address": get(b"GET /a b HTTP/1.1"),
    "nought in the address": get(b"GET /a\x00b HTTP/1.1"),
    "an address of other bytes": get(b"GET /\xc3\xa9 HTTP/1.1"),
    "a method in small letters": get(b"get / HTTP/1.1"),
    "a tunnel": get(b"CONNECT localhost:8000 HTTP/1.1"),
    "the greeting of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
CLEAR: Final = {
    "one after the other": (post(length(b"0")), [204, 200]),
    "one as the body of the other": (post(b"Connection: close\r\n" + WHOLE), [204]),
    "in one chunk": (post(CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"), [204, 200]),
    "a chunk's extension": (post(CHUNKED, b"0;a=b\r\n\r\n"), [204, 200]),
    "a field that only looks like a length": (post(b"Content_Length: 9\r\n"), [204, 200]),
    "a length that one hop is told to drop": (
        post(b"Connection: close, Content-Length\r\n" + WHOLE),
        [204],
    ),
    "chunks before there were any": (post(CHUNKED, ENDED, line=b"POST /csp-report HTTP/1.0"), [204]),
    "a body where none is asked for": (
        get(b"GET /health/live HTTP/1.1", b"Connection: close\r\n" + WHOLE),
        [200],
    ),
    "no name": (post(length(b"0"), host=b""), [421, 200]),
    "two names": (post(b"Host: evil.example\r\n" + length(b"0")), [421, 200]),
    "no version": (b"GET /health/live\r\n\r\n" + HIDDEN, [421]),
    "a line break in the address": (get(b"GET /%0d%0aX-Injected:%20y HTTP/1.1"), [404, 200]),
    "an expectation that nobody has": (post(b"Expect: 200-ok\r\n" + length(b"0")), [204, 200]),
}


def says(port: int, request: bytes) -> bytes:
    """All that is answered until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(request.replace(HOST, b"localhost:%d" % port))
        heard = b""
        try:
            while piece := wire.recv(65_536):
                heard += piece
        except ConnectionResetError:  # closed with some of what we sent unread
            return heard
        return heard


def judge_refusal(heard: bytes) -> None:
    head, _, body = heard.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    given = {name.lower(): value for name, value in fields.items()}
    expected = {name: value for name, value in API.items() if name != "strict-transport-security"}
    assert {name: given.get(name) for name in expected} == expected
    assert given["connection"] == "close"
    assert json.loads(body)["code"] == "malformed"


def test_no_request_is_hidden_in_another(server: Callable[..., Server]) -> None:
    served = server().start()

    for name, request in IN_DOUBT.items():
        heard = says(served.port, request)
        assert [int(status) for status in STATUS.findall(heard)] == [400], name
        judge_refusal(heard)
    for name, (request, expected) in CLEAR.items():
        heard = says(served.port, request)
        assert [int(status) for status in STATUS.findall(heard)] == expected, name
        assert b"X-Injected: y" not in heard

    assert b"200" in says(served.port, HIDDEN)


def test_nothing_is_spoken_here_but_http(server: Callable[..., Server]) -> None:
    served = server().start()
    for other in (b"websocket", b"h2c", b"TLS/1.0"):
        asked = b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nUpgrade: " + other + b"\r\n"
        request = get(b"GET /health/live HTTP/1.1", asked, b"")
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as wire:
            wire.sendall(request.replace(HOST, b"localhost:%d" % served.port))
            assert STATUS.findall(wire.recv(65_536)) == [b"200"], other
