"""How bytes reach the service. The client knows only these two verbs, so a test can be the network."""

from collections.abc import Mapping
from typing import Protocol

import httpx
from msgspec import Struct

TIMEOUT_S = 60.0  # a megabyte over a 2G link takes that long


class Reply(Struct, frozen=True, kw_only=True):
    """Whatever answered, perhaps not the service. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """`sent` is False when the request surely never left the device."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("no answer")
        self.sent = sent


class Transport(Protocol):
    """Raises NoAnswer. Follows no redirect: only a captive portal would send one."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply: ...

    def get(self, path: str, headers: Mapping[str, str]) -> Reply: ...


class FileTransport(Transport, Protocol):
    """What files need besides."""

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply: ...


class HttpTransport:
    """The service at `origin`, for example `https://reports.example.org`."""

    def __init__(self, origin: str) -> None:
        self._http = httpx.Client(base_url=origin, timeout=TIMEOUT_S, follow_redirects=False)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._send(self._http.build_request("POST", path, content=body, headers=dict(headers)))

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        return self._send(self._http.build_request("GET", path, headers=dict(headers)))

    def patch(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        return self._send(self._http.build_request("PATCH", path, content=body, headers=dict(headers)))

    def close(self) -> None:
        self._http.close()

    def _send(self, request: httpx.Request) -> Reply:
        try:
            response = self._http.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NoAnswer(sent=False) from error
        except httpx.HTTPError as error:
            raise NoAnswer(sent=True) from error
        return Reply(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
        )
