"""Guards that need no feature: where a request came from, and that our own script made it."""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from waymark.kernel.problems import problem

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
REQUEST_HEADER: Final = "Waymark-Request"
"""A page of another origin cannot send it without a preflight, which is never granted."""


def same_origin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a change that did not come from our own page. Raises Problem wrong_origin, unsupported_type.

    Three independent signs, so that one forgotten by a browser or a proxy does not open the door.
    """
    if isinstance(connection, Request) and connection.method in _SAFE:
        return
    headers = connection.headers
    site = headers.get("sec-fetch-site", "same-origin")
    expected = connection.app.state.settings.origin
    if headers.get("origin") != expected or site != "same-origin" or headers.get(REQUEST_HEADER) != "1":
        raise problem("wrong_origin")
    if has_body(connection) and headers.get("content-type", "").partition(";")[0] != "application/json":
        raise problem("unsupported_type")


def has_body(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    return connection.headers.get("content-length", "0") != "0" or "transfer-encoding" in connection.headers
